"""What the shard tells is what `docs/semantics.md` says, read plainly."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import structs

from processors.changelog import Changelog
from processors.funnel import Funnel, Stage
from processors.rows import SIZE
from processors.shard import Shard
from schemas.alerts import AnsweredLate, Breached, Escalated
from schemas.lead_events import Reopened
from tests.examples import examples
from tests.processors.by_the_book import NOT_TOLD, SUM, Numbers, Reading, ms, numbers
from tests.processors.events import FUNNEL, HANDOVERS, STREAMS, TALKS
from tests.processors.looks import FAMILY_OF, Log, feed, panes, restored
from tests.processors.promised import FUNNELS, LATER, Story

SIGNING = structs.replace(
    FUNNEL,
    stages=(Stage("contacted"), Stage("qualified"), Stage("proposal", "lost"), Stage("negotiation", "won")),
)
EVENTS = st.one_of(STREAMS, TALKS, HANDOVERS)
RANDOM = st.randoms(use_true_random=False)
ANY_FUNNEL = st.sampled_from([FUNNEL, *FUNNELS])
_FAMILIES = {family.name: family for family in FAMILY_OF.values()}


def told(shard: Shard) -> Numbers:
    """The numbers of a shard long after the events, in the words of the book."""
    found = Numbers()
    shard.tick(LATER)
    for minute, pane in panes(shard).items():
        for (family, *labels, bucket), n in pane.items():
            if family not in NOT_TOLD:
                is_sum = bucket and bucket == _FAMILIES[family].sum_bucket
                found[minute, family, *labels, SUM if is_sum else bucket] += n
    return found


def undecided(events: list[Any]) -> bool:
    """Whether two events of one id and time differ: then the alphabet decides, which the book leaves out."""
    by_id = defaultdict(list)
    for event in events:
        by_id[event.lead_id, event.event_id, ms(event)].append(event)
    return any(one != other for same in by_id.values() for one, other in combinations(same, 2))


@pytest.mark.parametrize("funnel", [FUNNEL, SIGNING])
@given(events=STREAMS)
@examples(100)
def test_whatever_happens_the_numbers_are_those_of_the_book(events: list[Any], funnel: Funnel) -> None:
    assume(not undecided(events))
    assert told(feed(Shard(funnel), events)) == numbers(events, funnel, LATER)


@pytest.mark.parametrize("funnel", FUNNELS)
@given(events=st.one_of(TALKS, HANDOVERS))
@examples(200)
def test_whoever_has_the_lead_the_promises_are_those_of_the_book(events: list[Any], funnel: Funnel) -> None:
    assume(not undecided(events))
    assert told(feed(Shard(funnel), events)) == numbers(events, funnel, LATER)


@given(EVENTS, RANDOM, ANY_FUNNEL, ANY_FUNNEL)
@examples(200)
def test_after_a_start_with_another_meaning_too(
    events: list[Any], rng: random.Random, before: Funnel, after: Funnel
) -> None:
    assume(not undecided(events))
    parting, log = rng.randrange(len(events) + 1), Log()
    shard = Shard(before)
    changelog = Changelog(shard)
    for event in events[:parting]:
        shard.apply(event)
        if rng.random() < 0.3:
            shard.tick(ms(event))
            log.commit(changelog)
    log.commit(changelog)
    back, _ = restored(log, after)
    assert told(feed(back, events[parting:])) == numbers(events, after, LATER)


@given(st.one_of(TALKS, HANDOVERS), RANDOM, ANY_FUNNEL, st.integers(2, 6))
@examples(200)
def test_with_a_history_that_was_shortened_too(
    events: list[Any], rng: random.Random, funnel: Funnel, rows: int
) -> None:
    assume(not undecided(events))
    birth, *later = in_order(events, funnel)
    shard = Shard(funnel)
    changelog, shard.history.max_log = Changelog(shard), rows * SIZE
    for event in [birth, *later]:
        if rng.random() < 0.3:
            shard.tick(ms(event) - 1)
            shard.most_warm = rng.choice((0, 1, 5_000))
            changelog.flush()
        shard.apply(event)
    assert told(shard) == numbers([birth, *later], funnel, LATER)


@given(HANDOVERS, st.sampled_from(FUNNELS))
@examples(150)
def test_with_all_events_in_time_others_are_told_of_what_the_book_counts(events: list[Any], funnel: Funnel) -> None:
    """Reopenings left out: what was broken before one is told again, and counts once."""
    events = [event for event in in_order(events, funnel) if not isinstance(event, Reopened)]
    assume(len({ms(event) for event in events}) == len(events))  # else the end of a wait may come before its alert
    counted, kinds = (
        Counter[tuple[Any, ...]](),
        {Breached: "breached", Escalated: "escalated", AnsweredLate: "answered_late"},
    )
    for (_, family, *labels), n in numbers(events, funnel, LATER).items():
        if family == "promises" and labels[3] in kinds.values():
            counted[labels[0], labels[2], labels[3]] += n
    alerts = [alert for alert in Story(funnel, events).alerts if type(alert) in kinds]
    assert Counter((alert.policy, alert.obligation, kinds[type(alert)]) for alert in alerts) == counted


def in_order(events: list[Any], funnel: Funnel) -> list[Any]:
    """The creation of a lead and what came after it, each event once: nothing comes too late."""
    reading = Reading(funnel, events)
    birth = reading.births[0]
    return [birth, *(event for event in reading.in_order() if ms(event) > ms(birth))]
