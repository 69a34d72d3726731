"""Promises in the shard as a whole: what must hold for every stream of events, and whenever timers run."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.announcements import Announcer
from processors.changelog import Changelog, restore
from processors.fold import Fold
from processors.funnel import DAY_MS, Funnel
from processors.policies import BREACH, OBLIGATIONS
from processors.rows import milliseconds
from processors.shard import Shard
from processors.waits import Retelling
from schemas.alerts import AnsweredLate, Breached, LeadAlert, Resolved, Warned
from schemas.interaction_events import Interaction
from schemas.lead_events import Merged
from tests.examples import examples
from tests.processors.events import HANDOVERS, KINDS, STREAMS, T0, T0_MS, TALKS, won
from tests.processors.looks import Log, feed, panes, recomputed, state
from tests.processors.promised import FUNNELS, LATER, PROMISED, Story

RANDOM = st.randoms(use_true_random=False)
ANY_FUNNEL = st.sampled_from(FUNNELS)
EVENTS = st.one_of(STREAMS, TALKS, HANDOVERS)
UNMERGED = EVENTS.map(lambda events: [event for event in events if not isinstance(event, Merged)])

Waited = tuple[str, str, int]
"""Lead id, obligation, and when the wait began."""


def in_the_end(shard: Shard) -> Any:
    """What a shard says when every step of every promise has come."""
    shard.tick(LATER)
    return state(shard)


def moments(rng: random.Random, count: int) -> list[int]:
    return sorted(T0_MS + rng.randrange(30 * DAY_MS) for _ in range(count))


@given(EVENTS, RANDOM, ANY_FUNNEL)
@examples(60)
def test_any_order_and_any_duplication_keeps_the_same_promises(
    events: list[Any], rng: random.Random, funnel: Funnel
) -> None:
    again = events + (rng.choices(events, k=len(events) // 2) if events else [])
    rng.shuffle(again)
    one, two = feed(Shard(funnel), events), feed(Shard(funnel), again)
    assert state(one) == state(two)
    assert panes(one) == recomputed(one)
    assert in_the_end(one) == in_the_end(two)
    assert panes(one) == recomputed(one)


@given(EVENTS, RANDOM, ANY_FUNNEL)
@examples(60)
def test_no_number_depends_on_when_timers_ran(events: list[Any], rng: random.Random, funnel: Funnel) -> None:
    silent, ticked = feed(Shard(funnel), events), Shard(funnel)
    for event, moment in zip(events, moments(rng, len(events)), strict=True):
        ticked.apply(event)
        if rng.random() < 0.5:
            ticked.tick(moment)
    assert panes(ticked) == recomputed(ticked)
    assert in_the_end(ticked) == in_the_end(silent)
    assert panes(ticked) == recomputed(ticked)


@given(EVENTS, EVENTS, RANDOM, ANY_FUNNEL)
@examples(40)
def test_a_restored_shard_keeps_its_timers_and_numbers(
    first: list[Any], second: list[Any], rng: random.Random, funnel: Funnel
) -> None:
    straight, log = feed(Shard(funnel), first + second), Log()
    shard = Shard(funnel)
    changelog = Changelog(shard, checkpoint_every=4, slots=8)
    for event, moment in zip(first, moments(rng, len(first)), strict=True):
        shard.apply(event)
        if rng.random() < 0.3:
            shard.tick(moment)
        if rng.random() < 0.3:
            log.commit(changelog)
    log.commit(changelog)
    back = Shard(funnel)
    restore(back, log.records.items())
    assert {lead_id: lead.due for lead_id, lead in back.leads()} == {i: lead.due for i, lead in shard.leads()}
    feed(back, second)
    assert in_the_end(back) == in_the_end(straight)


def heard(alert: LeadAlert) -> Waited:
    return alert.lead_id, alert.obligation, milliseconds(alert.began_at)


@given(UNMERGED, ANY_FUNNEL)
@examples(60)
def test_with_all_events_in_time_exactly_the_broken_promises_are_announced(events: list[Any], funnel: Funnel) -> None:
    story = Story(funnel, events)
    telling = Retelling(funnel, story.shard.labels)
    broken: dict[Waited, set[int]] = defaultdict(set)
    for lead_id, lead in story.shard.leads():
        if lead.counts:
            for (_, obligation, began, step), due in telling.of(lead).steps.items():
                if step == BREACH and due > max(began, lead.created):
                    broken[lead_id, OBLIGATIONS[obligation], began].add(due)
    announced = [alert for alert in story.alerts if isinstance(alert, Breached)]
    late = {heard(alert) for alert in story.alerts if isinstance(alert, AnsweredLate)}
    for alert in announced:
        assert milliseconds(alert.deadline) in broken[heard(alert)], "nobody is alarmed who was answered in time"
        assert alert.delayed_seconds <= 0.2, "a grain of the timers, and the look after it"
    assert {wait for wait, dues in broken.items() if dues} <= {heard(alert) for alert in announced} | late


@given(EVENTS, ANY_FUNNEL, RANDOM)
@examples(60)
def test_every_alert_is_made_once_and_every_incident_has_one_end(
    events: list[Any], funnel: Funnel, rng: random.Random
) -> None:
    shard, alerts = Shard(funnel), list[LeadAlert]()
    for event, moment in zip(events, moments(rng, len(events)), strict=True):
        shard.apply(event)
        if rng.random() < 0.5:
            shard.tick(moment)
        alerts += shard.alerts
        shard.alerts.clear()
    feed(shard, [won(60 * 1440, f"L{n}") for n in range(3)])
    shard.tick(LATER + DAY_MS)
    alerts += shard.alerts
    assert max(Counter(alert.alert_id for alert in alerts).values(), default=1) == 1
    begun: dict[str, LeadAlert] = {}
    ended: set[str] = set()
    for alert in alerts:
        if isinstance(alert, AnsweredLate | Resolved):
            assert alert.incident_id not in ended, "one end"
            assert alert.incident_id in begun or isinstance(alert, AnsweredLate), "what was not begun is not resolved"
            ended.add(alert.incident_id)
        else:
            assert alert.incident_id not in ended, "nothing comes after the end"
            assert not isinstance(alert, Warned) or alert.incident_id not in begun, "the warning comes first"
            begun[alert.incident_id] = alert
    assert begun.keys() <= ended
    assert not any(lead.said for _, lead in shard.leads())


@given(EVENTS, ANY_FUNNEL, st.sets(st.integers(0, 50)))
@examples(50)
def test_a_restart_in_between_changes_no_alert(events: list[Any], funnel: Funnel, restarts: set[int]) -> None:
    straight, restarted = Story(funnel, events), Story(funnel, events, restarts)
    assert restarted.alerts == straight.alerts
    assert state(restarted.shard) == state(straight.shard)


@given(EVENTS, ANY_FUNNEL, RANDOM)
@examples(60)
def test_the_quick_ways_say_what_the_slow_ones_say(events: list[Any], funnel: Funnel, rng: random.Random) -> None:
    ticks = [moment if rng.random() < 0.4 else 0 for moment in moments(rng, len(events))]

    def told() -> Any:
        shard = Shard(funnel)
        for event, moment in zip(events, ticks, strict=True):
            shard.apply(event)
            if moment:
                shard.tick(moment)
        shard.tick(LATER)
        return shard.alerts, state(shard), {lead_id: (x.said, x.judged, x.due) for lead_id, x in shard.leads()}

    quick = told()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Announcer, "_first_answer", lambda *_: None)
        assert told() == quick, "a late first answer from the record as it stands"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Fold, "unmoved_by", lambda *_: False)
        assert told() == quick, "interactions that need no refold"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Fold, "stirred", property(lambda _: True, lambda *_: None), raising=False)
        assert told() == quick, "leads that need not be followed"


@pytest.mark.thorough
def test_streams_like_these_reach_every_kind_of_alert() -> None:
    dice, seen = random.Random(1), Counter[str]()
    for _ in range(900):
        events = [some_event(dice, number) for number in range(dice.randrange(2, 9))]
        for alert in Story(PROMISED, events).alerts:
            seen[str(alert.__struct_config__.tag) + (f" {alert.reason}" if isinstance(alert, Resolved) else "")] += 1
    kinds = {"warned", "breached", "escalated", "answered_late"}
    assert set(seen) == kinds | {f"resolved {why}" for why in ("answered", "closed", "merged", "superseded")}


def some_event(dice: random.Random, number: int) -> Any:
    # First the creation, then mostly interactions: what others are told of most.
    talk = next(kind for kind in KINDS if kind[0] is Interaction)
    kind, contents = KINDS[0] if number == 0 else dice.choice((*KINDS, *[talk] * 9))
    moment = T0 + timedelta(milliseconds=dice.randrange(dice.choice((4, 10, 9000)) * 90_000))
    return kind(event_id=f"e{number}", lead_id="L0", occurred_at=moment, **dice.choice(contents))
