"""Are the promises kept? Each step counts at its own time, each answer at its own."""

from __future__ import annotations

from functools import partial

import pytest
from msgspec import structs

from processors.funnel import HOUR_MS, MINUTE_MS
from processors.policies import BUSINESS, WALL, Policy, targets
from tests.processors.events import FUNNEL, assigned, call, created, inbound, lost, reopened, won
from tests.processors.telling import counted, live, times

HOT = Policy(
    name="hot",
    clock=WALL,
    targets=targets(first_attempt=2 * MINUTE_MS, first_contact=10 * MINUTE_MS, next_response=30 * MINUTE_MS),
    warn_share=0.5,
    escalations=(5 * MINUTE_MS,),
)
SOUTH = structs.replace(HOT, name="south", teams=frozenset({"south"}), targets=targets(first_contact=HOUR_MS))
PROMISING = structs.replace(FUNNEL, policies=(SOUTH, HOT))


def results(*events: object, obligation: str = "first_contact") -> dict[tuple[str, str, str], int]:
    found = counted("promises", *events, funnel=PROMISING)
    return {(policy, team, result): n for (policy, team, kind, result), n in found.items() if kind == obligation}


def test_an_answer_in_time_is_met() -> None:
    assert results(created(0), call("connected", 4)) == {("hot", "north", "met"): 1}
    assert results(created(0), call("connected", 10)) == {("hot", "north", "met"): 1, ("hot", "north", "warned"): 1}


def test_a_late_answer_counts_when_it_came_and_its_breach_when_its_time_came() -> None:
    events = created(0), call("connected", 12)
    assert results(*events) == {("hot", "north", result): 1 for result in ("warned", "breached", "answered_late")}
    assert times("promises", *events, funnel=PROMISING) == [1, 2, 5, 7, 10, 12, 12]


def test_escalations_count_each() -> None:
    assert results(created(0), call("connected", 16))["hot", "north", "escalated"] == 1


def test_every_obligation_counts_by_itself() -> None:
    events = created(0), call("no_answer", 1), call("connected", 12), inbound(20), call("connected", 30)
    assert results(*events, obligation="first_attempt") == {("hot", "north", "met"): 1}
    assert results(*events, obligation="next_response") == {("hot", "north", "met"): 1}
    assert results(*events)["hot", "north", "answered_late"] == 1


def test_a_breach_counts_for_the_team_that_had_the_lead_then() -> None:
    events = created(0), assigned("west", 11), call("connected", 12)
    assert results(*events) == {
        ("hot", "north", "warned"): 1,
        ("hot", "north", "breached"): 1,
        ("hot", "west", "answered_late"): 1,
    }


def test_where_another_policy_holds_the_steps_begin_anew() -> None:
    events = created(0), assigned("south", 11), call("connected", 40)
    assert results(*events) == {
        ("hot", "north", "warned"): 1,
        ("hot", "north", "breached"): 1,
        ("south", "south", "warned"): 1,
        ("south", "south", "met"): 1,
    }


@pytest.mark.parametrize("clock", [WALL, BUSINESS])
def test_what_the_new_policy_promised_for_earlier_comes_when_the_lead_changes_hands(clock: str) -> None:
    """South had nothing to do with the lead before.

    minute    0 ....... 30 ....... 60 ....... 65 ........ 70
              south's:  warned     breached   escalated   | given to south: all three at once
    """
    south = structs.replace(SOUTH, clock=clock)
    events = [created(0), assigned("south", 70), call("connected", 75)]
    found = partial(times, "promises", *events, funnel=structs.replace(FUNNEL, policies=(south,)))
    assert found() == [70, 70, 70, 75], "and answered late"


def test_a_lead_that_is_given_away_while_it_is_closed_begins_its_steps_anew_too() -> None:
    events = created(0), won(12), assigned("south", 20), reopened(21), call("connected", 40)
    assert results(*events) == {
        ("hot", "north", "warned"): 1,
        ("hot", "north", "breached"): 1,
        ("south", "south", "warned"): 1,
        ("south", "south", "met"): 1,
    }
    assert set(results(*events, obligation="first_attempt")) == {
        ("hot", "north", "warned"),
        ("hot", "north", "breached"),
        ("hot", "north", "escalated"),
    }


def test_an_answer_to_a_closed_lead_keeps_no_promise_and_breaks_none() -> None:
    assert results(created(0), lost(3), call("connected", 40)) == {}
    assert results(created(0), won(7), call("connected", 40)) == {("hot", "north", "warned"): 1}


def test_a_reopened_leads_time_has_gone_on() -> None:
    again = [created(0), lost(3), reopened(60), call("connected", 61)]
    assert results(*again)["hot", "north", "breached"] == 1
    contact = structs.replace(HOT, targets=targets(first_contact=10 * MINUTE_MS))
    found = times("promises", *again, funnel=structs.replace(FUNNEL, policies=(contact,)))
    assert found == [60, 60, 60, 61], "nobody waited before: warned, breached, escalated and answered late"


def test_a_lead_that_no_policy_matches_is_promised_nothing_and_is_told_apart() -> None:
    nobody = structs.replace(FUNNEL, policies=(SOUTH,))
    assert counted("promises", created(0), call("connected", 99), funnel=nobody) == {}
    assert live("unanswered", created(0), funnel=nobody) == {("web", "north", "unpromised"): 1}
    assert live("unanswered", created(0), assigned("south", 1), funnel=nobody) == {("web", "south", "on_time"): 1}


def test_a_promise_of_the_next_response_alone_promises_no_first_answer() -> None:
    later = structs.replace(FUNNEL, policies=(structs.replace(HOT, targets=targets(next_response=MINUTE_MS)),))
    assert live("unanswered", created(0), funnel=later) == {("web", "north", "unpromised"): 1}
