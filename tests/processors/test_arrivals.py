"""Arrivals by source and slot: exact, whatever the order, the same after a restart, and the same split or whole."""

from __future__ import annotations

import zlib
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from processors.arrivals import Arrivals, Heard, together
from processors.changelog import Changelog, restore
from processors.funnel import DAY_MS, HOUR_MS
from processors.shard import Shard
from tests.processors.events import FUNNEL, STREAMS, T0_MS, created, merged, won

NOW = T0_MS + 21 * DAY_MS


def fed(events: list[Any]) -> Shard:
    shard = Shard(FUNNEL)
    for event in events:
        shard.apply(event)
    return shard


def counts(shard: Shard) -> dict[str, dict[int, int]]:
    return {source: dict(heard.counts) for source, heard in shard.heard(NOW).items() if heard.counts}


def test_an_arrival_counts_at_its_creation_whenever_it_comes_to_light() -> None:
    shard = fed([created(200, "late"), created(60, "early"), won(300, "early")])
    heard = shard.heard(NOW)["web"]
    assert (heard.first, heard.last) == (T0_MS + 60 * 60_000, T0_MS + 200 * 60_000)
    assert heard.counts == {T0_MS // HOUR_MS + 1: 1, T0_MS // HOUR_MS + 3: 1}


def test_a_creation_sent_again_is_no_second_arrival_and_an_earlier_one_moves_it() -> None:
    shard = fed([created(200), created(200, event_id="again")])
    assert sum(shard.heard(NOW)["web"].counts.values()) == 1
    shard.apply(created(60, source="ads"))
    assert counts(shard) == {"ads": {T0_MS // HOUR_MS + 1: 1}}


def test_a_lead_that_turns_out_to_be_another_one_was_an_arrival_all_the_same() -> None:
    assert counts(fed([created(0), merged("M", 5)])) == {"web": {T0_MS // HOUR_MS: 1}}


def test_names_beyond_the_cap_are_not_judged_together() -> None:
    shard = Shard(type(FUNNEL)(label_caps={"source": 1}))
    for lead, source in enumerate(("web", "ads", "fair")):
        shard.apply(created(0, f"L{lead}", source=source))
    assert set(shard.heard(NOW)) == {"web"}


@given(STREAMS)
def test_any_order_of_arrival_gives_the_same_counts(events: list[Any]) -> None:
    assert counts(fed(events)) == counts(fed(sorted(events, key=lambda event: (event.occurred_at, event.event_id))))


@given(STREAMS)
def test_after_a_restart_the_counts_are_the_same(events: list[Any]) -> None:
    shard = fed(events)
    again = Shard(FUNNEL)
    restore(again, Changelog(shard).flush())
    assert counts(again) == counts(shard)


@given(STREAMS, st.integers(1, 5))
def test_shards_together_have_heard_what_one_would_have(events: list[Any], partitions: int) -> None:
    split: list[list[Any]] = [[] for _ in range(partitions)]
    for event in events:
        split[zlib.crc32(event.lead_id.encode()) % partitions].append(event)
    whole = together(fed(part).heard(NOW) for part in split)
    one = {source: heard for source, heard in fed(events).heard(NOW).items() if heard.counts}
    assert {source: heard for source, heard in whole.items() if heard.counts} == one


def test_old_slots_are_forgotten_and_do_not_come_back() -> None:
    arrivals = Arrivals(grain=HOUR_MS, memory=2 * HOUR_MS)
    arrivals.add(3, 1 * HOUR_MS)
    arrivals.add(3, 9 * HOUR_MS)
    arrivals.prune(10 * HOUR_MS)
    arrivals.add(3, 2 * HOUR_MS)
    assert arrivals.heard == {3: Heard(HOUR_MS, 9 * HOUR_MS, {9: 1})}


def test_a_source_that_is_silent_forgets_nothing_until_it_sends_again() -> None:
    arrivals = Arrivals(grain=HOUR_MS, memory=2 * HOUR_MS)
    for hour in (1, 4, 5):
        arrivals.add(3, hour * HOUR_MS)
    arrivals.prune(100 * HOUR_MS)
    assert arrivals.heard[3].counts == {4: 1, 5: 1}, "the memory before its last arrival"
    arrivals.add(3, 4 * HOUR_MS)
    arrivals.remove(3, 5 * HOUR_MS)
    assert arrivals.heard[3].counts == {4: 2}, "what comes late is counted where it is remembered"
    arrivals.add(3, 101 * HOUR_MS)
    arrivals.prune(102 * HOUR_MS)
    assert arrivals.heard[3].counts == {101: 1}


def test_an_arrival_that_is_taken_back_leaves_the_last_one_within_its_slot() -> None:
    arrivals = Arrivals(grain=HOUR_MS, memory=DAY_MS)
    arrivals.add(3, 100)
    arrivals.add(3, 5 * HOUR_MS)
    arrivals.remove(3, 5 * HOUR_MS)
    assert arrivals.heard[3].last == HOUR_MS - 1
    assert arrivals.heard[3].counts == {0: 1}
