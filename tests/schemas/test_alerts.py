from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import Alert, LeadAlert, alert_id
from schemas.codec import ALERT_DECODER, encode
from schemas.examples import ALERTS, EVENTS

texts = st.text(st.characters(), max_size=20)  # lone surrogates too: an id must never raise


@pytest.mark.parametrize("alert", ALERTS)
def test_what_an_alert_says_comes_back_from_its_bytes(alert: object) -> None:
    assert ALERT_DECODER.decode(encode(alert)) == alert  # type: ignore[arg-type]  # parametrize loses the type


def test_the_same_cause_gives_the_same_id_in_every_process() -> None:
    assert alert_id("answered_late", "L-1", "e-1") == "1360dd544702b728ff5e07305f8d9288"


@given(st.tuples(texts, texts, texts), st.tuples(texts, texts, texts))
def test_only_the_same_cause_gives_the_same_id(one: tuple[str, str, str], other: tuple[str, str, str]) -> None:
    assert (alert_id(*one) == alert_id(*other)) == (one == other)


def test_the_parts_of_a_cause_do_not_run_together() -> None:
    assert alert_id("a", "b:1", "c") != alert_id("a", "b", "1:c")
    assert alert_id("a", "bc", "") != alert_id("a", "b", "c")


def test_there_is_an_example_of_every_kind() -> None:
    assert {type(example).__name__ for example in EVENTS} >= {"Created", "Interaction"}
    assert {type(example) for example in ALERTS} == set(get_args(Alert))


@pytest.mark.parametrize(
    "alert", [a for a in ALERTS if isinstance(a, LeadAlert)], ids=lambda alert: type(alert).__name__
)
def test_an_example_tells_the_time_of_a_lead_on_clocks_that_add_up(alert: LeadAlert) -> None:
    clocks = alert.routing_seconds + alert.human_seconds + alert.closed_seconds
    assert clocks == (alert.at - alert.began_at).total_seconds()
