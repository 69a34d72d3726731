"""The clocks of a lead: where its time goes, and when which step of a promise comes."""

from __future__ import annotations

import random
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from processors.calendars import WorkCalendar
from processors.funnel import Funnel
from processors.policies import BUSINESS, FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE, Policy
from processors.promises import Promises, steps_of, with_steps
from processors.record import Lead
from processors.rows import milliseconds
from processors.shard import Shard
from tests.examples import examples
from tests.processors.events import STREAMS, T0_MS, assigned, call, created, inbound, lost, reopened, won
from tests.processors.looks import feed
from tests.processors.promised import DUTCH, FUNNELS, NEW_YORK, PROMISED
from tests.processors.wall_clock import is_open

MINUTE_MS = 60_000
BUSINESS_ROUTING = structs.replace(PROMISED, routing=BUSINESS)
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


def minute_of(*local: int) -> float:
    """A time in Amsterdam, as minutes after T0."""
    return (milliseconds(datetime(*local, tzinfo=AMSTERDAM)) - T0_MS) / MINUTE_MS  # type: ignore[misc,arg-type]  # a date's parts


def split_at(minutes: float, *events: Any, funnel: Funnel = PROMISED) -> tuple[float, ...]:
    """Routing, human, closed, business and wall in minutes."""
    shard = feed(Shard(funnel), events)
    lead = shard.look("L")
    assert lead is not None
    return tuple(part / MINUTE_MS for part in shard.fold.promises.split(lead, T0_MS + int(minutes * MINUTE_MS)))


def test_routing_human_and_closed_add_up_to_the_time_on_the_wall() -> None:
    # A Friday: created at 17:00, assigned at 17:10, asked about on Monday at 08:30, with lunch and a weekend closed.
    begin = minute_of(2026, 3, 20, 17, 0)
    events = created(begin, team="n"), assigned("n", begin + 10)
    routing, human, closed, business, wall = split_at(minute_of(2026, 3, 23, 8, 30), *events)
    assert (routing, human, business) == (10, 80, 90)
    assert wall == routing + human + closed == (63 * 60 + 30)


def test_routing_takes_all_time_or_working_time_as_configured() -> None:
    begin, noon = minute_of(2026, 3, 20, 17, 0), minute_of(2026, 3, 23, 12, 0)
    events = created(begin, team="n"), assigned("n", minute_of(2026, 3, 23, 9, 0))
    assert split_at(noon, *events)[:2] == (64 * 60, 180), "all of the time until somebody had it"
    assert split_at(noon, *events, funnel=BUSINESS_ROUTING)[:2] == (120, 180)


def test_without_an_assignment_nothing_is_routing() -> None:
    begin = minute_of(2026, 3, 20, 9, 0)
    assert split_at(begin + 30, created(begin, team="n")) == (0, 30, 0, 30, 30)


def test_an_answer_before_the_assignment_has_no_routing_yet() -> None:
    begin = minute_of(2026, 3, 20, 9, 0)
    assert split_at(begin + 30, created(begin, team="n"), assigned("n", begin + 40))[0] == 0


def test_only_the_first_assignment_ends_the_routing() -> None:
    begin = minute_of(2026, 3, 20, 9, 0)
    events = created(begin, team="n"), assigned("n", begin + 10), assigned("n", begin + 40, owner="bob")
    assert split_at(begin + 60, *events)[:2] == (10, 50)


def test_each_team_works_in_its_own_hours_while_it_has_the_lead() -> None:
    begin = minute_of(2026, 3, 20, 17, 0)
    # South works from 22:00 in New York, which is 03:00 in Amsterdam at that time of the year, Mondays to Fridays.
    events = created(begin, team="n"), assigned("s", begin + 30)
    assert split_at(minute_of(2026, 3, 21, 4, 0), *events)[3] == 30 + 60


def test_a_time_before_the_creation_counts_as_no_time_on_every_clock() -> None:
    begin = minute_of(2026, 3, 20, 9, 0)
    assert split_at(begin - 10, created(begin, team="n"), assigned("n", begin - 20)) == (0, 0, 0, 0, 0)


def test_the_hour_that_a_clock_change_leaves_out_is_nobodys() -> None:
    begin = minute_of(2026, 3, 27, 17, 59)
    routing, human, closed, business, wall = split_at(minute_of(2026, 3, 30, 8, 1), created(begin, team="n"))
    assert (routing, human, business) == (0, 2, 2)
    assert wall == closed + 2 == 62 * 60 + 2 - 60


@given(STREAMS, st.sampled_from([*FUNNELS, BUSINESS_ROUTING]), st.integers(-(10**9), 30 * 86_400_000))
@examples(150)
def test_the_three_clocks_add_up_for_every_lead_at_every_time(events: list[Any], funnel: Funnel, after: int) -> None:
    shard = feed(Shard(funnel), events)
    for _, lead in shard.leads():
        if lead.counts:
            check(shard.fold.promises, lead, T0_MS + after)
            for answered in (lead.attempted, lead.contacted):
                check(shard.fold.promises, lead, answered or lead.created)


def check(promises: Promises, lead: Lead, t: int) -> None:
    split = promises.split(lead, t)
    assert split.routing + split.human + split.closed == split.wall == max(0, t - lead.created)
    assert min(split) >= 0, "no clock goes back, whatever the clocks of others say"
    assert split.business <= split.wall


@given(st.randoms(use_true_random=False))
@examples(40)
def test_the_working_time_is_the_sum_over_whoever_had_the_lead(rng: random.Random) -> None:
    """Against a count minute by minute, over the clock change, with teams of two zones and one that works always."""
    hours = {"n": WorkCalendar(DUTCH), "s": WorkCalendar(NEW_YORK)}
    changes = sorted(rng.sample(range(1, 14 * 1440), 5))
    teams = [rng.choice(("n", "s", "x")) for _ in range(6)]
    events = [created(0, team=teams[0])] + [assigned(team, at) for team, at in zip(teams[1:], changes, strict=True)]
    end = rng.randrange(14 * 1440, 20 * 1440)
    rng.shuffle(events)
    counted, routed = 0, 0
    for minute in range(end):
        team = teams[sum(change <= minute for change in changes)]
        works = team == "x" or is_open(hours[team], T0_MS + minute * MINUTE_MS)
        counted += works
        routed += works and minute < changes[0]
    assert split_at(end, *events, funnel=BUSINESS_ROUTING)[3] == counted
    assert split_at(end, *events, funnel=BUSINESS_ROUTING)[:2] == (routed, counted - routed)


def waits(*events: Any) -> tuple[int, ...]:
    shard = feed(Shard(PROMISED), events)
    lead = shard.look("L")
    assert lead is not None
    return shard.fold.promises.waits(lead)


def test_a_lead_waits_for_an_attempt_then_for_a_contact_and_when_they_write_again_for_our_answer() -> None:
    assert waits(created(0)) == (FIRST_ATTEMPT, FIRST_CONTACT)
    assert waits(created(0), call("no_answer", 1)) == (FIRST_CONTACT,)
    assert waits(created(0), call("connected", 1)) == ()
    assert waits(created(0), call("connected", 1), inbound(2)) == (NEXT_RESPONSE,)
    assert waits(created(0), call("connected", 1), inbound(2), call("no_answer", 3)) == (NEXT_RESPONSE,)
    assert waits(created(0), call("connected", 1), inbound(2), call("connected", 3)) == ()


def test_what_they_write_before_our_first_contact_begins_no_wait_of_its_own() -> None:
    assert waits(created(0), inbound(1)) == (FIRST_ATTEMPT, FIRST_CONTACT)
    assert waits(created(0), inbound(1), call("connected", 2)) == ()


def test_a_closed_lead_waits_for_nothing_and_a_reopened_one_for_what_it_did_not_get() -> None:
    assert waits(created(0), lost(1)) == ()
    assert waits(created(0), lost(1), reopened(2)) == (FIRST_ATTEMPT, FIRST_CONTACT)
    assert waits(created(0), call("connected", 1), won(2), inbound(3), reopened(4)) == (NEXT_RESPONSE,)


@given(STREAMS, st.sampled_from(FUNNELS))
@examples(80)
def test_a_step_is_due_when_its_working_time_has_passed(events: list[Any], funnel: Funnel) -> None:
    shard = feed(Shard(funnel), events)
    promises = shard.fold.promises
    for _, lead in shard.leads():
        policy = promises.policy(lead) if lead.counts else None
        for obligation in promises.waits(lead) if policy is not None else ():
            for step, promised in enumerate(promises.policies.steps(policy)[obligation]):  # type: ignore[arg-type]  # not None
                due = promises.due(lead, policy, obligation, step)  # type: ignore[arg-type]  # not None
                assert due is not None
                if promises.policies.policies[policy].clock == BUSINESS:  # type: ignore[index]  # not None
                    begun = lead.asked_worked if obligation == NEXT_RESPONSE else 0
                    assert promises.worked(lead, due) - begun >= promised
                    assert due <= lead.since or promises.worked(lead, due - 1) - begun < promised
                else:
                    assert due == max(lead.since, promises.began(lead, obligation) + promised)


@pytest.mark.parametrize("obligation", [FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE])
def test_the_steps_of_the_obligations_are_counted_apart(obligation: int) -> None:
    lead = Lead()
    for other in (FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE):
        lead.steps = with_steps(lead, other, 250)
    lead.steps = with_steps(lead, obligation, 3)
    assert [steps_of(lead, o) for o in range(3)] == [3 if o == obligation else 250 for o in range(3)]


def test_a_policy_is_found_by_every_fact_of_the_lead() -> None:
    shard = Shard(PROMISED)
    feed(shard, [created(0, "big", amount=5), created(0, "ads", source="ads"), created(0, "south", team="s")])
    feed(shard, [created(0, "none"), created(0, "moved"), assigned("s", 1, "moved")])
    found = {lead_id: shard.fold.promises.policy(lead) for lead_id, lead in shard.leads()}
    assert found == {"big": 0, "ads": 1, "south": 2, "none": None, "moved": 2}


@pytest.mark.parametrize("amounts", [(1, 5000), (5000, 1)])
def test_where_all_policies_ask_for_one_amount_each_lead_is_still_measured_by_its_own(amounts: tuple[int, ...]) -> None:
    shard = Shard(structs.replace(PROMISED, policies=(Policy(name="large", min_amount=1000),)))
    feed(shard, [created(0, f"L{amount}", amount=amount) for amount in amounts])
    found = {lead_id: shard.fold.promises.policy(lead) for lead_id, lead in shard.leads()}
    assert found == {"L1": None, "L5000": 0}
