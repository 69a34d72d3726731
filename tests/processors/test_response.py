"""How fast we answer: from creation to the first automated message, the first attempt and the first contact."""

from __future__ import annotations

from typing import Any

import pytest

from processors.funnel import Funnel
from tests.processors.events import FUNNEL, assigned, automatic_mail, call, created, inbound, interaction, reopened, won
from tests.processors.telling import counted, observed, times


def kinds(*events: Any, funnel: Funnel = FUNNEL) -> set[str]:
    return {key[2] for key in observed("response", *events, funnel=funnel)}


def test_the_latency_runs_from_creation_and_counts_at_the_time_of_the_response() -> None:
    events = created(2), call("connected", 6)
    assert observed("response", *events)["web", "north", "contact"] == [5, 4]
    assert set(times("response", *events)) == {6}


def test_a_latency_of_exactly_a_threshold_is_within_it() -> None:
    assert observed("response", created(0), call("connected", 5))["web", "north", "contact"] == [5, 5]
    over = 5 + 1 / 60_000
    assert observed("response", created(0), call("connected", over))["web", "north", "contact"][0] == 10


def test_a_latency_beyond_the_last_threshold_still_counts() -> None:
    contact = observed("response", created(0), call("connected", 99_999))["web", "north", "contact"]
    assert contact == [float("inf"), 99_999]


def test_only_the_first_response_of_a_kind_counts() -> None:
    events = created(0), call("connected", 4), call("connected", 8), call("no_answer", 9)
    assert observed("response", *events) == {("web", "north", k): [5, 4] for k in ("attempt", "contact")}


def test_a_contact_counts_for_the_channel_that_reached_the_lead_and_the_team_that_had_it() -> None:
    events = (
        created(0),
        call("no_answer", 3),
        assigned("south", 4),
        interaction(9, channel="email", outcome="attempted"),
    )
    assert observed("response_channel", *events, call("connected", 20)) == {("south", "email"): [10, 9]}
    assert observed("response_channel", created(0), automatic_mail(1), call("no_answer", 3)) == {}


def test_a_contact_on_a_channel_without_a_name_of_its_own_counts_as_other() -> None:
    events = created(0), interaction(2, channel="pigeon", outcome="replied")
    assert observed("response_channel", *events) == {("north", "other"): [5, 2]}


def test_an_earlier_contact_that_arrives_later_takes_the_channel_over() -> None:
    events = created(2), call("connected", 9), interaction(1, channel="sms", outcome="replied")
    assert observed("response_channel", *events) == {("north", "sms"): [1, 0]}


def test_an_attempt_comes_before_the_contact_and_a_contact_is_an_attempt_too() -> None:
    events = created(0), call("no_answer", 3), call("connected", 9)
    assert observed("response", *events) == {("web", "north", "attempt"): [5, 3], ("web", "north", "contact"): [10, 9]}
    assert kinds(created(0), call("no_answer", 3)) == {"attempt"}
    assert kinds(created(0), call("connected", 3)) == {"attempt", "contact"}


def test_an_attempt_after_the_contact_is_not_the_first() -> None:
    events = created(0), call("connected", 3), call("no_answer", 9)
    assert observed("response", *events)["web", "north", "attempt"] == [5, 3]


@pytest.mark.parametrize("outcome", ["connected", "replied", "booked", "held"])
def test_these_outcomes_of_a_persons_outbound_interaction_are_a_contact(outcome: str) -> None:
    assert "contact" in kinds(created(0), call(outcome, 3))


@pytest.mark.parametrize("outcome", ["attempted", "no_answer", "bounced", "no_show"])
def test_these_outcomes_of_a_call_are_an_attempt(outcome: str) -> None:
    assert kinds(created(0), call(outcome, 3)) == {"attempt"}


def test_a_written_message_is_a_contact_when_it_was_sent_and_did_not_bounce() -> None:
    for channel in ("email", "sms", "chat", "messenger", "mail"):
        assert "contact" in kinds(created(0), interaction(3, channel=channel, outcome="attempted"))
        for failed in ("bounced", "no_answer"):
            assert kinds(created(0), interaction(3, channel=channel, outcome=failed)) == {"attempt"}


def test_which_outcomes_and_channels_reach_a_lead_is_configured() -> None:
    strict = Funnel(contact_outcomes=frozenset({"held"}), written_channels=frozenset())
    assert kinds(created(0), call("connected", 3), funnel=strict) == {"attempt"}
    assert kinds(created(0), interaction(3, channel="email"), funnel=strict) == {"attempt"}
    assert "contact" in kinds(created(0), call("held", 3), funnel=strict)


def test_bots_and_automations_are_told_apart_and_never_reach_a_lead() -> None:
    assert kinds(created(0), automatic_mail(1)) == {"automated"}
    assert kinds(created(0), interaction(1, channel="chat", actor_kind="bot", outcome="replied")) == {"automated"}
    assert kinds(created(0), interaction(1, channel="chat", actor_kind="automation", outcome="held")) == {"automated"}
    events = created(0), automatic_mail(1), automatic_mail(2), call("connected", 9)
    assert observed("response", *events)["web", "north", "automated"] == [1, 1]
    assert observed("response", *events)["web", "north", "contact"] == [10, 9]


def test_what_the_lead_does_is_no_response_of_ours() -> None:
    for outcome in ("connected", "replied", "attempted"):
        assert kinds(created(0), interaction(3, direction="in", channel="email", outcome=outcome)) == set()
    assert kinds(created(0), inbound(3), call("connected", 4)) == {"attempt", "contact"}


def test_a_response_counts_for_the_team_that_had_the_lead_then() -> None:
    events = created(0), call("no_answer", 2), assigned("south", 3), call("connected", 4), assigned("west", 5)
    assert set(observed("response", *events)) == {("web", "north", "attempt"), ("web", "south", "contact")}


def test_at_one_instant_the_assignment_comes_before_the_response() -> None:
    events = created(0), call("connected", 4, event_id="a"), assigned("south", 4, event_id="b")
    assert observed("response", *events)["web", "south", "contact"] == [5, 4]


def test_a_response_after_the_closing_counts() -> None:
    events = created(0), won(2), call("connected", 9)
    assert observed("response", *events)["web", "north", "contact"] == [10, 9]


def test_reopening_starts_no_new_response_clock() -> None:
    events = created(0), call("connected", 3), won(5), reopened(7), call("connected", 9)
    assert observed("response", *events)["web", "north", "contact"] == [5, 3]


def test_a_response_before_the_creation_counts_as_zero_and_is_counted_as_skewed() -> None:
    events = created(0), call("connected", -3)
    assert observed("response", *events)["web", "north", "contact"] == [1, 0]
    assert counted("skewed", *events) == {("web", "attempt"): 1, ("web", "contact"): 1}
    assert set(times("skewed", *events)) == {-3}
    assert counted("skewed", created(0), call("connected", 0)) == {}, "at once is not before"


def test_a_late_earlier_contact_takes_the_place_of_the_first() -> None:
    events = created(0), call("connected", 30), call("connected", 4)
    assert observed("response", *events)["web", "north", "contact"] == [5, 4]
