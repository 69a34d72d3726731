"""The signal table keeps the rules of its trade."""

from __future__ import annotations

import re

import pytest

from schemas.signals import (
    BUSINESS,
    FORESIGHT,
    NOTIFIER,
    OPERATIONAL,
    READY,
    SIGNALS,
    WINDOW,
    Signal,
    by_family,
    by_name,
    with_values,
)

UNITS = {"seconds", "bytes"}
each = pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)


def test_names_and_panels_are_unique() -> None:
    assert (
        len({signal.name for signal in SIGNALS}) == len(SIGNALS) == len(BUSINESS + FORESIGHT + OPERATIONAL + NOTIFIER)
    )
    assert len({signal.panel for signal in SIGNALS}) == len(SIGNALS)


@each
def test_a_name_is_ours_and_ends_with_its_unit(signal: Signal) -> None:
    assert re.fullmatch("leadpulse_[a-z_]+", signal.name)
    assert (signal.name.rsplit("_", 1)[1] in UNITS) == bool(signal.unit)
    assert signal.name.endswith(f"_{signal.unit}") or not signal.unit


@each
def test_no_name_takes_what_a_type_appends(signal: Signal) -> None:
    assert not signal.name.endswith(("_total", "_count", "_sum", "_bucket", "_gcount", "_gsum", "_info", "_created"))


@each
def test_texts_are_there_and_fit_on_a_line(signal: Signal) -> None:
    assert signal.help[0].isupper() or signal.help[0].isdigit()
    assert not re.search(r"[\n\\]|\.$", signal.help)
    assert signal.panel
    assert signal.description.endswith(".")


@each
def test_labels_have_legal_names_that_no_type_uses(signal: Signal) -> None:
    assert len(set(signal.labels)) == len(signal.labels)
    assert all(re.fullmatch("[a-z_]+", label) and label not in ("le", "quantile") for label in signal.labels)


@each
def test_a_query_asks_for_its_own_signal_and_for_labels_that_exist(signal: Signal) -> None:
    assert signal.name in signal.query
    assert ("$window" in signal.query) == signal.windowed
    own = set(signal.labels) | {"le", "partition", "instance"}
    for by in re.findall(r"by \(([^)]*)\)", signal.query):
        assert {label.strip() for label in by.split(",")} <= own


@pytest.mark.parametrize("signal", BUSINESS, ids=lambda signal: signal.name)
def test_numbers_about_leads_are_gauges_shown_only_while_they_are_whole(signal: Signal) -> None:
    assert signal.kind in ("gauge", "gauge_histogram")
    assert signal.family
    assert signal.query.endswith(f" and on() {READY}")


@pytest.mark.parametrize("signal", OPERATIONAL + NOTIFIER, ids=lambda signal: signal.name)
def test_numbers_about_the_application_have_no_window(signal: Signal) -> None:
    assert not signal.family
    assert WINDOW not in signal.labels


def test_a_signal_is_found_by_name_and_by_family() -> None:
    assert by_name("leadpulse_created_leads") is by_family()["created"]
    with pytest.raises(KeyError):
        by_name("leadpulse_unheard_of")


def test_a_board_fills_in_window_and_interval() -> None:
    assert with_values('rate(x{w="$window"}[$__rate_interval])', window="all", rate_interval="1m") == (
        'rate(x{w="all"}[1m])'
    )
