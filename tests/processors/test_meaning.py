"""A start with a configuration under which the stored numbers mean something else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack, structs

from processors import changelog as module
from processors.changelog import Changelog
from processors.funnel import HOUR_MS, MINUTE_MS, Stage
from processors.policies import BUSINESS, Policy, targets
from processors.shard import Shard
from processors.working_hours import CalendarPlan, CalendarSpec, Shift
from tests.examples import examples
from tests.processors.events import FUNNEL, STREAMS, T0_MS, call, created, lost, reopened, stage, won
from tests.processors.looks import Log, ages, at_once, brute_force, facts, feed, kinds, panes, restored, state, totals

NOW = T0_MS // 60_000
DAY = 1440
LIFE: tuple[Any, ...] = (
    *(created(0), call("no_answer", 2), stage("contacted", 3), stage("proposal", 9), lost(50, "price"), reopened(60)),
    *(stage("negotiation", 70), call("connected", 80)),
    *(created(1, "M"), stage("qualified", 4, "M"), stage("contacted", 5, "M"), won(90, "M")),
    *(stage("proposal", 7, "N"), call("connected", 8, "N")),
)
NAMES = [s.name for s in FUNNEL.stages]
OTHER_MEANINGS = {
    "order": structs.replace(FUNNEL, stages=tuple(Stage(name) for name in reversed(NAMES))),
    "more stages": structs.replace(FUNNEL, stages=(Stage("first"), *FUNNEL.stages, Stage("last", "lost"))),
    "kinds": structs.replace(
        FUNNEL, stages=(*FUNNEL.stages[:2], Stage("proposal", "won"), Stage("negotiation", "lost"))
    ),
    "response thresholds": structs.replace(FUNNEL, response_edges=(MINUTE_MS, 70 * MINUTE_MS)),
    "stage thresholds": structs.replace(FUNNEL, stage_edges=(MINUTE_MS, HOUR_MS)),
    "cycle thresholds": structs.replace(FUNNEL, cycle_edges=(MINUTE_MS,)),
    "contact outcomes": structs.replace(FUNNEL, contact_outcomes=frozenset({"no_answer"})),
    "zone": structs.replace(FUNNEL, zone="Asia/Kathmandu"),
    "policies": structs.replace(FUNNEL, policies=(Policy(name="strict", targets=targets(first_attempt=MINUTE_MS)),)),
    "no policies": structs.replace(FUNNEL, policies=()),
    "calendars": structs.replace(FUNNEL, calendars=CalendarPlan(default=CalendarSpec(week=((Shift(0, 60),),) * 7))),
    "routing": structs.replace(FUNNEL, routing=BUSINESS),
}


@pytest.mark.parametrize("change", OTHER_MEANINGS)
def test_a_changed_meaning_makes_every_number_anew_as_if_it_had_always_been_so(change: str) -> None:
    log, other = Log(), OTHER_MEANINGS[change]
    log.commit(Changelog(feed(Shard(FUNNEL), LIFE)))
    back = Shard(other)
    changelog = Changelog(back)
    for key, value in log.records.items():
        changelog.load(key, value)
    assert at_once(changelog.loaded()) is True
    fresh = feed(Shard(other), LIFE)
    assert (panes(back), ages(back)) == (panes(fresh), ages(fresh))
    log.commit(changelog)
    while changelog.unfinished:
        log.commit(changelog)
    log.commit(changelog)
    again, settled = restored(log, other)
    assert (panes(again), ages(again), facts(again)) == (panes(fresh), ages(fresh), facts(back))
    assert kinds(settled.flush()) == [b"d"]
    once_more = Changelog(Shard(other))
    for key, value in log.records.items():
        once_more.load(key, value)
    assert at_once(once_more.loaded()) is False, "it is not made anew at the next start"


@pytest.mark.parametrize("meaning", ["as it was", "changed"])
def test_a_start_works_through_many_leads_in_slices_and_comes_to_the_same(
    meaning: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    funnel = FUNNEL if meaning == "as it was" else structs.replace(FUNNEL, stage_edges=(MINUTE_MS,))
    events = [e for n in range(10) for e in (created(n, f"L{n}"), stage("contacted", n + 3, f"L{n}"))]
    shard, log = Shard(FUNNEL), Log()
    changelog = Changelog(feed(shard, events))
    log.commit(changelog)
    monkeypatch.setattr("processors.shard._RECOMPUTED_AT_ONCE", 3)
    monkeypatch.setattr("processors.shard._DERIVED_AT_ONCE", 3)
    back = Shard(funnel)
    changelog = Changelog(back)
    for key, value in log.records.items():
        changelog.load(key, value)
    assert len(list(changelog.loaded())) == 4
    assert state(back) == state(feed(Shard(funnel), events))


def test_a_stage_that_changed_its_kind_and_back_means_what_it_meant() -> None:
    log, other = Log(), OTHER_MEANINGS["kinds"]
    log.commit(Changelog(feed(Shard(other), LIFE)))
    assert panes(restored(log)[0]) == panes(feed(Shard(FUNNEL), LIFE))


@given(STREAMS, st.sampled_from(["order", "response thresholds", "contact outcomes", "zone", "policies", "calendars"]))
@examples(30)
def test_recomputed_for_another_meaning_equals_fed_with_it(events: list[Any], change: str) -> None:
    log, other = Log(), OTHER_MEANINGS[change]
    log.commit(Changelog(feed(Shard(FUNNEL), events)))
    assert state(restored(log, other)[0]) == state(feed(Shard(other), events))


@pytest.mark.parametrize("change", ["routing", "zone", "policies"])
def test_after_a_start_with_another_meaning_deadlines_are_looked_after(change: str) -> None:
    """Also where they lie as before: no event may come to a lead for days."""
    log, other, lead = Log(), OTHER_MEANINGS[change], [created(0)]
    log.commit(Changelog(feed(Shard(FUNNEL), lead)))
    (back, _), fresh = restored(log, other), feed(Shard(other), lead)
    for shard in (back, fresh):
        shard.tick(T0_MS + HOUR_MS)
    assert state(back) == state(fresh)
    assert back.alerts == fresh.alerts != []


def test_a_stage_that_is_no_longer_configured_still_counts_its_moves_but_is_reached_by_nobody() -> None:
    log, other = Log(), structs.replace(FUNNEL, stages=FUNNEL.stages[:2])
    log.commit(Changelog(feed(Shard(FUNNEL), [created(0), stage("proposal", 3), stage("qualified", 5)])))
    (back, _), found = restored(log, other), set[Any]()
    for pane in panes(back).values():
        found |= {key[:-1] for key in pane if key[0] in ("moved", "reached")}
    assert found == {
        ("moved", "web", "new", "proposal"),
        ("moved", "web", "proposal", "qualified"),
        ("reached", "web", "contacted"),
        ("reached", "web", "qualified"),
    }


@pytest.mark.uncompiled
def test_an_unchanged_meaning_recomputes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log()
    log.commit(Changelog(feed(Shard(FUNNEL), LIFE)))
    other = structs.replace(FUNNEL, rolling={"2h": 120}, calendar=(), label_caps={"source": 9})
    back = Shard(other)
    monkeypatch.setattr(back, "recompute", lambda: pytest.fail("nothing to make anew"))
    changelog = Changelog(back)
    for key, value in log.records.items():
        changelog.load(key, value)
    assert at_once(changelog.loaded()) is False
    assert not changelog.unfinished
    assert kinds(changelog.flush()) == [b"d"]


def test_a_rewrite_that_is_interrupted_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REWRITE", 1)
    log, other = Log(), OTHER_MEANINGS["more stages"]
    life = [*LIFE, created(2, "O"), stage("qualified", 4, "O")]
    log.commit(Changelog(feed(Shard(FUNNEL), life)))
    _, changelog = restored(log, other)
    log.commit(changelog)
    assert changelog.unfinished, "killed here, with one of two leads written"
    (back, changelog), late = restored(log, other), won(99)
    feed(back, [late])
    log.commit(changelog)
    assert msgpack.decode(log.records[b"m"])[-1] == b"", "killed again: until the panes are written no meaning stands"
    final, going_on = restored(log, other)
    while going_on.unfinished:
        log.commit(going_on)
    log.commit(going_on)
    once_more, settled = restored(log, other)
    assert not settled.unfinished
    wanted = state(feed(Shard(other), [*life, late]))
    assert state(back) == state(final) == state(once_more) == wanted


def test_after_another_zone_the_windows_are_those_of_the_new_days() -> None:
    shard, log = feed(Shard(FUNNEL), LIFE), Log()
    changelog = Changelog(shard)
    feed(shard, [created(-n * DAY / 3, f"old {n}") for n in range(30)])
    changelog.advance(T0_MS)
    log.commit(changelog)
    back, _ = restored(log, OTHER_MEANINGS["zone"])
    for minute in (NOW, NOW + 500, NOW + 3 * DAY, NOW + 40 * DAY):
        back.advance(minute * 60_000)
        assert totals(back, minute) == brute_force(back, minute)


def test_many_leads_are_recomputed_in_parts_that_give_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.shard._RECOMPUTED_AT_ONCE", 2)
    log, other, events = Log(), OTHER_MEANINGS["order"], [created(n, f"L{n}") for n in range(9)]
    log.commit(Changelog(feed(Shard(FUNNEL), events)))
    back, _ = restored(log, other)
    assert state(back) == state(feed(Shard(other), events))
    assert back.unlogged == []
