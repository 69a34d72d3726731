"""Where the time of a response goes, and how long they wait when they write again."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from tests.processors.events import FUNNEL, assigned, call, created, inbound, lost
from tests.processors.promised import CALENDARS, PROMISED
from tests.processors.telling import observed, times

DAY = 1440
MONDAY = 2 * DAY + 9 * 60
"""Three days after T0, a Friday 23:00 in Amsterdam: Monday, 08:00."""
HOURS = structs.replace(FUNNEL, calendars=CALENDARS)


def clocks(*events: Any) -> dict[str, float]:
    """Clock -> minutes, of the first contact."""
    return {clock: found[-1] for (_, _, clock), found in observed("response_clocks", *events, funnel=HOURS).items()}


def next_response(*events: Any) -> dict[str, list[float]]:
    return {clock: found for (_, _, clock), found in observed("next_response", *events, funnel=HOURS).items()}


def test_a_first_contact_is_observed_on_every_clock_at_its_time() -> None:
    events = created(MONDAY - 60, team="n"), assigned("n", MONDAY + 10), call("connected", MONDAY + 30)
    assert clocks(*events) == {"routing": 70, "human": 20, "closed": 0, "business": 30}
    assert set(times("response_clocks", *events, funnel=HOURS)) == {MONDAY + 30}


def test_closed_hours_after_the_assignment_are_nobodys() -> None:
    events = created(0, team="n"), assigned("n", 5), call("connected", MONDAY + 30)
    assert clocks(*events) == {"routing": 5, "human": 30, "closed": MONDAY - 5, "business": 30}


def test_only_the_first_contact_is_observed() -> None:
    events = created(0), call("no_answer", 2), call("connected", 4), call("connected", 9)
    assert clocks(*events) == {"routing": 0, "human": 4, "closed": 0, "business": 4}


def test_a_contact_before_the_creation_took_no_time_on_any_clock() -> None:
    assert set(clocks(created(0, team="n"), call("connected", -3)).values()) == {0}


def test_the_next_response_runs_from_their_message_to_our_contact() -> None:
    events = created(0), call("connected", 1), inbound(10), inbound(12), call("no_answer", 13), call("connected", 25)
    assert next_response(*events) == {"business": [15, 15], "wall": [15, 15]}


def test_in_working_hours_the_next_response_leaves_out_the_night() -> None:
    events = created(0, team="n"), call("connected", 1), inbound(10), call("connected", MONDAY + 20)
    assert next_response(*events)["business"][-1] == 20
    assert next_response(*events)["wall"][-1] == MONDAY + 10


def test_each_time_they_write_again_counts_once() -> None:
    events = created(0), call("connected", 1), inbound(10), call("connected", 12), inbound(20), call("connected", 21)
    assert next_response(*events)["wall"] == [1, 5, 3]


def test_what_is_sent_without_being_asked_answers_nothing() -> None:
    assert next_response(created(0), call("connected", 1), call("connected", 5)) == {}
    assert next_response(created(0), inbound(0.5), call("connected", 1)) == {}


def test_an_answer_to_a_closed_leads_message_counts() -> None:
    assert next_response(created(0), call("connected", 1), lost(5), inbound(10), call("connected", 12))["wall"] == [
        5,
        2,
    ]


def test_policies_change_no_clock() -> None:
    events = created(0, team="n", amount=9), call("connected", 30)
    assert observed("response_clocks", *events, funnel=HOURS) == observed("response_clocks", *events, funnel=PROMISED)
