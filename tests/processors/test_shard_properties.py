"""The shard as a whole: what must hold for every stream of events."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from processors.changelog import Changelog, restore
from processors.shard import Shard
from tests.examples import examples
from tests.processors.events import FUNNEL, STREAMS, T0_MS, created, lost
from tests.processors.looks import Log, brute_force, feed, named, panes, recomputed, state

RANDOM = st.randoms(use_true_random=False)
FIRST_MINUTE = T0_MS // 60_000


@given(STREAMS, RANDOM)
@examples(60)
def test_any_order_and_any_duplication_of_events_gives_the_same_shard(events: list[Any], rng: random.Random) -> None:
    again = events + (rng.choices(events, k=len(events) // 2) if events else [])
    rng.shuffle(again)
    one, two = feed(Shard(FUNNEL), events), feed(Shard(FUNNEL), again)
    assert state(one) == state(two)
    assert panes(one) == recomputed(one)


@given(STREAMS, RANDOM)
@examples(40)
def test_folding_panes_and_flushing_at_any_moment_changes_no_number(events: list[Any], rng: random.Random) -> None:
    shard = Shard(FUNNEL)
    changelog = Changelog(shard)
    for event, minute in zip(events, sorted(rng.randrange(300 * 1440) for _ in events), strict=True):
        shard.apply(event)
        if rng.random() < 0.3:
            changelog.advance(T0_MS + minute * 60_000)
        if rng.random() < 0.3:
            shard.most_warm = rng.choice((0, 1, 5_000))
            changelog.flush()
    assert panes(shard) == recomputed(shard)


@given(STREAMS, RANDOM, st.sampled_from([1, 7, 50, 1500, 9000, 40_000]))
@examples(40)
def test_every_window_equals_a_brute_force_sum_over_the_leads(events: list[Any], rng: random.Random, pace: int) -> None:
    shard, minute = Shard(FUNNEL), FIRST_MINUTE
    seen: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for event in [*events, None, None]:
        if event is not None:
            shard.apply(event)
        minute += rng.randrange(pace)
        if rng.random() < 0.5:
            shard.advance(minute * 60_000)
        if event is None or rng.random() < 0.5:
            shard.merge()
            for window, changes in shard.windows.advance(minute * 60_000).items():
                for series, value in changes.items():
                    seen[window][series] += value
            wanted = brute_force(shard, minute)
            assert {w: named(shard, total) for w, total in shard.windows.totals.items()} == wanted
            assert {w: named(shard, seen[w]) for w in wanted} == wanted, "a reader who adds up the differences agrees"


@given(STREAMS, RANDOM)
@examples(40)
def test_the_changelog_restores_the_shard_whatever_the_commits_were(events: list[Any], rng: random.Random) -> None:
    shard, log, minute = Shard(FUNNEL), Log(), FIRST_MINUTE
    changelog = Changelog(shard, checkpoint_every=4, slots=8)
    for event in events:
        shard.apply(event)
        shard.counts["accepted"] += 1
        minute += rng.randrange(300)
        if rng.random() < 0.3:
            changelog.advance(minute * 60_000)
        if rng.random() < 0.5:
            log.commit(changelog)
    log.commit(changelog)
    back = Shard(FUNNEL)
    restore(back, log.records.items())
    assert state(back) == state(shard)
    assert (back.counts, back.watermark, back.panes.edges) == (shard.counts, shard.watermark, shard.panes.edges)


@given(STREAMS, STREAMS, RANDOM)
@examples(40)
def test_a_restored_shard_goes_on_as_if_nothing_had_happened(
    first: list[Any], second: list[Any], rng: random.Random
) -> None:
    straight, log = feed(Shard(FUNNEL), first + second), Log()
    shard = Shard(FUNNEL)
    changelog = Changelog(shard, checkpoint_every=4, slots=8)
    for event in first:
        shard.apply(event)
        if rng.random() < 0.5:
            log.commit(changelog)
    log.commit(changelog)
    back = Shard(FUNNEL)
    going_on = restore(back, rng.sample(sorted(log.records.items()), len(log.records)))
    feed(back, second)
    log.commit(going_on)
    assert state(back) == state(straight)
    again = Shard(FUNNEL)
    restore(again, log.records.items())
    assert state(again) == state(straight)


@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.text(max_size=20), st.text(max_size=20)), max_size=20))
@examples(40)
def test_ids_sources_and_reasons_may_be_any_text(triples: list[tuple[str, str, str]]) -> None:
    shard, log = Shard(FUNNEL), Log()
    changelog = Changelog(shard)
    for lead_id, source, reason in triples:
        shard.apply(created(0, lead_id, source=source))
        shard.apply(lost(5, reason, lead_id))
    log.commit(changelog)
    back = Shard(FUNNEL)
    restore(back, log.records.items())
    assert state(back) == state(shard)
    assert sum(n for key, n in panes(shard).get(FIRST_MINUTE, {}).items() if key[0] == "created") == len(
        {lead_id for lead_id, _, _ in triples}
    )
