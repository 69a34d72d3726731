"""Who has been left alone for too long, who is contacted too often, and for whom nothing is planned: at any moment."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from processors.changelog import Changelog, restore
from processors.follow_up import Band, FollowUp
from processors.funnel import DAY_MS, HOUR_MS, MINUTE_MS
from processors.moments import moment_after
from processors.shard import Shard
from schemas.refusals import Reason, Refusal
from tests.examples import examples
from tests.processors.events import (
    FUNNEL,
    T0,
    T0_MS,
    assigned,
    at,
    automatic_mail,
    call,
    created,
    disqualified,
    inbound,
    lost,
    merged,
    opted_out,
    planned,
    reopened,
    stage,
    won,
)
from tests.processors.looks import Log, feed, named, panes, recomputed, totals
from tests.processors.telling import FIRST_MINUTE, standing

HOUR, DAY, WEEK = 60, 1440, 10_080
BANDS = FollowUp(
    band=Band(longest_gap=4 * HOUR_MS, most_a_week=0),
    bands=(
        ("qualified", Band(longest_gap=2 * HOUR_MS, most_a_week=0)),
        ("proposal", Band(longest_gap=0, most_a_week=2)),
    ),
)
BANDED = structs.replace(FUNNEL, follow_up=BANDS)
TOO_LONG, TOO_MANY = ("north", "new", "too_long"), ("north", "proposal", "too_many")


def bands(minutes: float, *events: Any) -> dict[tuple[Any, ...], int]:
    return standing("follow_up", minutes, *events, funnel=BANDED)


def without_plan(minutes: float, *events: Any) -> dict[tuple[Any, ...], int]:
    return standing("unplanned", minutes, *events, funnel=BANDED)


# -- too long ----------------------------------------------------------------------------------------------------------


def test_an_open_lead_is_left_alone_for_too_long_from_the_minute_on_in_which_its_gap_is_full() -> None:
    assert bands(4 * HOUR - 1, created(0)) == {}
    assert bands(4 * HOUR, created(0)) == {TOO_LONG: 1}
    assert bands(90 * DAY, created(0)) == {TOO_LONG: 1}
    assert bands(4 * HOUR, created(0.5)) == {}, "never too early"
    assert bands(4 * HOUR + 1, created(0.5)) == {TOO_LONG: 1}


def test_a_contact_ends_the_gap_and_begins_the_next() -> None:
    assert bands(6 * HOUR, created(0), call("connected", 3 * HOUR)) == {}
    assert bands(7 * HOUR, created(0), call("connected", 3 * HOUR)) == {TOO_LONG: 1}
    late = call("connected", 5 * HOUR)
    assert bands(5 * HOUR - 1, created(0), late) == {TOO_LONG: 1}
    assert bands(5 * HOUR, created(0), late) == {}
    assert bands(9 * HOUR, created(0), late) == {TOO_LONG: 1}


def test_only_a_person_who_reaches_the_lead_ends_the_gap() -> None:
    for nothing in (call("no_answer", 3 * HOUR), automatic_mail(3 * HOUR), inbound(3 * HOUR)):
        assert bands(4 * HOUR, created(0), nothing) == {TOO_LONG: 1}


def test_a_stage_with_a_gap_of_its_own_measures_by_that_from_the_move_on() -> None:
    events = [created(0), stage("qualified", HOUR)]
    assert bands(2 * HOUR - 1, *events) == {}
    assert bands(2 * HOUR, *events) == {("north", "qualified", "too_long"): 1}
    late = [created(0), stage("qualified", 3 * HOUR), stage("contacted", 3.5 * HOUR)]
    assert bands(3 * HOUR - 1, *late) == {}
    assert bands(3 * HOUR, *late) == {("north", "qualified", "too_long"): 1}, "at once, the gap being longer already"
    assert bands(3.5 * HOUR, *late) == {}
    assert bands(4 * HOUR, *late) == {("north", "contacted", "too_long"): 1}
    assert bands(90 * DAY, created(0), stage("proposal", 3)) == {}, "a stage without a bound"


def test_a_lead_counts_for_the_team_that_has_it_now() -> None:
    assert bands(5 * HOUR, created(0), assigned("south", 3)) == {("south", "new", "too_long"): 1}
    late = [created(0), assigned("south", 5 * HOUR)]
    assert bands(5 * HOUR - 1, *late) == {TOO_LONG: 1}
    assert bands(5 * HOUR, *late) == {("south", "new", "too_long"): 1}


def test_a_closed_lead_leaves_the_bands_and_a_reopened_one_has_a_gap_of_its_own() -> None:
    for close in (won(3), lost(3), disqualified(3), won(6 * HOUR)):
        assert bands(7 * HOUR, created(0), close) == {}
    back = [created(0), lost(HOUR), reopened(9 * HOUR)]
    assert bands(13 * HOUR - 1, *back) == {}
    assert bands(13 * HOUR, *back) == {TOO_LONG: 1}
    assert bands(90 * DAY, created(0), merged("M", 5 * HOUR)) == {}


@pytest.mark.parametrize(
    ("gap", "grain"), [(MINUTE_MS, 1), (6 * HOUR_MS, 1), (7 * HOUR_MS, 15), (4 * DAY_MS, 15), (5 * DAY_MS, 60)]
)
def test_a_longer_bound_is_told_to_a_coarser_moment_and_never_too_early(gap: int, grain: int) -> None:
    for since in range(T0_MS, T0_MS + 2 * HOUR_MS, 7 * MINUTE_MS + 13):
        minute = moment_after(since, gap)
        assert minute % grain == 0
        assert since + gap <= minute * MINUTE_MS < since + gap + grain * MINUTE_MS


# -- too many ----------------------------------------------------------------------------------------------------------


def test_too_many_contacts_are_more_than_the_stage_allows_within_seven_days() -> None:
    first = [created(0), stage("proposal", 1), call("connected", 10), call("connected", DAY)]
    assert bands(2 * DAY, *first) == {}, "as many as are right"
    third = [*first, call("connected", 2 * DAY)]
    assert bands(2 * DAY - 1, *third) == {}
    assert bands(2 * DAY, *third) == {TOO_MANY: 1}
    assert bands(WEEK + 9, *third) == {TOO_MANY: 1}
    assert bands(WEEK + 10, *third) == {}, "the first one is a week old"
    fourth = [*third, call("connected", 3 * DAY)]
    assert bands(WEEK + DAY - 1, *fourth) == {TOO_MANY: 1}
    assert bands(WEEK + DAY, *fourth) == {}


def test_a_stage_and_closing_end_too_many_contacts() -> None:
    events = [created(0), stage("proposal", 1), *(call("connected", 10 + n) for n in range(3))]
    assert bands(HOUR, *events) == {TOO_MANY: 1}
    assert bands(HOUR, *events, stage("contacted", 30)) == {}
    assert bands(HOUR, *events, won(30)) == {}
    assert bands(HOUR, *events, won(30), reopened(40)) == {TOO_MANY: 1}


def test_a_lead_is_in_one_band_at_most() -> None:
    both = FollowUp(band=Band(longest_gap=HOUR_MS, most_a_week=1))
    funnel = structs.replace(FUNNEL, follow_up=both)
    events = [created(0), call("connected", 1), call("connected", 2)]
    assert standing("follow_up", HOUR + 1, *events, funnel=funnel) == {("north", "new", "too_many"): 1}
    assert standing("follow_up", HOUR + 2, *events, funnel=funnel) == {TOO_LONG: 1}


# -- nothing planned ---------------------------------------------------------------------------------------------------


def test_an_open_lead_is_unplanned_unless_its_next_activity_lies_ahead() -> None:
    assert without_plan(0, created(0)) == {("north",): 1}
    events = [created(0), planned(3 * DAY, 5)]
    assert without_plan(4, *events) == {("north",): 1}
    assert without_plan(5, *events) == {}
    assert without_plan(3 * DAY - 1, *events) == {}
    assert without_plan(3 * DAY, *events) == {("north",): 1}, "its time has come, and nothing followed"


def test_the_last_plan_counts_and_none_takes_it_back() -> None:
    assert without_plan(2 * DAY, created(0), planned(DAY, 5), planned(3 * DAY, 6)) == {}
    assert without_plan(2 * DAY, created(0), planned(3 * DAY, 5), planned(DAY, 6)) == {("north",): 1}
    assert without_plan(7, created(0), planned(3 * DAY, 5), planned(None, 7)) == {("north",): 1}
    assert without_plan(7, created(0), planned(3 * DAY, 5), planned(2, 6)) == {("north",): 1}, "a plan of the past"


def test_a_plan_moves_with_the_lead_and_ends_with_it() -> None:
    assert without_plan(9, created(0), assigned("south", 3)) == {("south",): 1}
    assert without_plan(2 * DAY, created(0), planned(DAY, 5), assigned("south", 6)) == {("south",): 1}
    assert without_plan(2 * DAY, created(0), planned(DAY, 5), won(6)) == {}
    assert without_plan(9, created(0), planned(2 * DAY, 5), won(6), reopened(7)) == {}, "it still stands"
    assert without_plan(9, created(0), won(6), reopened(7)) == {("north",): 1}


def test_an_interaction_plans_nothing() -> None:
    assert without_plan(9, created(0), call("booked", 5)) == {("north",): 1}


def test_a_plan_beyond_2060_is_refused_and_no_minute_is_too_far() -> None:
    shard, last = Shard(FUNNEL), datetime(2059, 12, 31, 23, 59, tzinfo=UTC)
    refused = shard.apply(structs.replace(planned(5, 5), planned_for=datetime(2060, 1, 1, tzinfo=UTC)))
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.field) == (Reason.INVALID, "planned_for")
    feed(shard, [structs.replace(created(0), occurred_at=last)])
    assert all(minute < 1 << 26 for minute in shard.cells.minutes)
    shard.advance(int(last.timestamp()) * 1000)
    assert totals(shard, int(last.timestamp()) // 60)["all"]


# -- opting out --------------------------------------------------------------------------------------------------------


def test_who_opted_out_of_everything_is_followed_up_no_more() -> None:
    assert bands(5 * HOUR, created(0), opted_out(3)) == {}
    assert without_plan(5 * HOUR, created(0), opted_out(3)) == {}
    assert bands(5 * HOUR, created(0), opted_out(3), lost(4), reopened(5)) == {}
    assert bands(5 * HOUR, created(0), opted_out(3, "email")) == {TOO_LONG: 1}, "by telephone they may be reached"


# -- at any moment -----------------------------------------------------------------------------------------------------

_HAPPENS: tuple[Any, ...] = (
    lambda minutes: call("connected", minutes),
    lambda minutes: call("connected", minutes),
    lambda minutes: call("no_answer", minutes),
    lambda minutes: stage("contacted", minutes),
    lambda minutes: stage("qualified", minutes),
    lambda minutes: stage("proposal", minutes),
    lambda minutes: assigned("south", minutes),
    lambda minutes: planned(minutes + 700, minutes),
    lambda minutes: planned(None, minutes),
    lost,
    reopened,
    opted_out,
)
_MOMENTS = st.one_of(st.integers(0, 300), st.integers(0, 20 * DAY))
_LIVES = st.lists(st.tuples(st.integers(0, len(_HAPPENS) - 1), _MOMENTS), max_size=25)


def _lived(lives: list[tuple[int, int]]) -> list[Any]:
    """Events of one lead that is created at 0, in order."""
    happened = [_HAPPENS[kind](minutes + n / 100) for n, (kind, minutes) in enumerate(lives)]
    return [created(0), *sorted(happened, key=lambda event: event.occurred_at)]


def _expected(events: list[Any], minute: int) -> set[tuple[str, ...]]:
    """Say by the words of the rules what a lead is at the end of a minute."""
    known = [event for event in events if event.occurred_at < at(minute + 1)]
    where, team, is_open, plan, quiet, contacts, silent = "new", "north", True, 0.0, T0, [], False
    for event in known:
        name, when = type(event).__name__, event.occurred_at
        if name == "StageChanged" and is_open:
            where = event.stage
        elif name == "Assigned":
            team = event.team
        elif name == "NextActivitySet":
            plan = (event.planned_for - T0).total_seconds() / 60 if event.planned_for else 0
        elif name == "Interaction" and event.outcome == "connected":
            quiet = when
            contacts.append(int((when - T0).total_seconds() // 60))
        elif name == "Lost":
            is_open = False
        elif name == "Reopened" and not is_open:
            is_open, quiet = True, when
        elif name == "OptedOut":
            silent = True
    if not known or not is_open or silent:
        return set()
    band = dict(FUNNEL.follow_up.bands).get(where, FUNNEL.follow_up.band)
    out = set() if plan > minute else {("unplanned", team)}
    full = moment_after(int(quiet.timestamp() * 1000), band.longest_gap) - FIRST_MINUTE
    if band.longest_gap and minute >= full:
        return out | {("follow_up", team, where, "too_long")}
    recent = [contact for contact in contacts if contact > minute - WEEK]
    crowded = band.most_a_week and len(recent) > band.most_a_week
    return out | ({("follow_up", team, where, "too_many")} if crowded else set())


@given(_LIVES, st.randoms(use_true_random=False), st.lists(st.integers(0, 45 * DAY), min_size=1, max_size=12))
@examples(150)
def test_at_every_moment_the_numbers_are_what_the_rules_say_of_the_lead(
    lives: list[tuple[int, int]], rng: random.Random, looks: list[int]
) -> None:
    events = _lived(lives)
    shard = feed(Shard(FUNNEL), rng.sample(events, len(events)))
    log, changelog = Log(), Changelog(shard)
    for minute in sorted(looks):
        if rng.random() < 0.3:
            changelog.advance((FIRST_MINUTE + minute) * MINUTE_MS)
        if rng.random() < 0.3:
            log.commit(changelog)
            shard = Shard(FUNNEL)
            changelog = restore(shard, log.records.items())
        found = totals(shard, FIRST_MINUTE + minute)["all"]
        told = {key[:-1]: n for key, n in found.items() if key[0] in ("follow_up", "unplanned")}
        assert told == dict.fromkeys(_expected(events, minute), 1)


def test_a_shortened_lead_is_measured_by_other_bounds_as_if_they_had_always_been_there() -> None:
    log, often = Log(), [call("no_answer", 2 + n / 100, event_id=f"c{n}") for n in range(600)]
    log.commit(Changelog(feed(Shard(FUNNEL), [created(0), call("connected", 1), *often, assigned("north", 9)])))
    back = Shard(BANDED)
    restore(back, log.records.items())
    assert panes(back) == recomputed(back)
    feed(back, [stage("qualified", 7)])
    assert panes(back) == recomputed(back)
    found = totals(back, FIRST_MINUTE + 4 * HOUR)["all"]
    assert {key[1:-1] for key in found if key[0] == "follow_up"} == {("north", "qualified", "too_long")}


def test_what_is_booked_ahead_counts_in_no_window_but_all_before_its_time() -> None:
    shard = feed(Shard(FUNNEL), [created(0)])
    for window, found in totals(shard, FIRST_MINUTE + DAY).items():
        assert not any(key[0] == "follow_up" for key in found), window
    later = named(shard, shard.panes.snapshot()[moment_after(T0_MS, 7 * DAY_MS)])
    assert later == {("follow_up", "north", "new", "too_long", 0): 1}
