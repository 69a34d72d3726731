"""The board against the lead records: whatever came, whoever owned it, and whenever somebody looked."""

from __future__ import annotations

import gc
import random
import weakref
from collections import defaultdict
from itertools import accumulate
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from processors.cells import MINUTE, SERIES
from processors.changelog import Changelog, restore
from processors.funnel import Funnel
from processors.periods import EVERYTHING, spans
from processors.questions.follow_up import FIRST_DIFFERENCE
from processors.questions.live import OPEN_AGE, UNANSWERED_AGE
from processors.shard import Shard
from schemas.lead_events import Assigned, Created, Disqualified, Lost
from schemas.signals import by_family
from streams.exposition.board import Board
from tests.examples import examples
from tests.processors.events import FUNNEL, STREAMS, T0_MS, created, stage, won
from tests.processors.looks import FAMILY_OF, Log, Named, ages, contributions, feed, named
from tests.streams.exposition.exposed import exposed
from tests.streams.exposition.worker import Samples, samples

NAMES = ("", "unknown", "other", "unassigned", "unspecified", "new", "web", 'a"b\\\n', "\0", "😀 é", "}", "A", "B")
SMALL: Funnel = structs.replace(
    FUNNEL,
    rolling={"5m": 5, "24h": 1440, "90d": 129_600},
    calendar=("today",),
    response_edges=(60_000, 300_000),
    stage_edges=(3_600_000,),
    cycle_edges=(86_400_000, 604_800_000),
    label_caps={"source": 4, "team": 3},
)
SIGNAL = by_family()
SHARDS = 3
RANDOM = st.randoms(use_true_random=False)


def renamed(event: Any, rng: random.Random) -> Any:
    """The same event with names that are reserved, odd, or too many."""
    match event:
        case Created():
            return structs.replace(event, source=rng.choice(NAMES), team=rng.choice(NAMES))
        case Assigned():
            return structs.replace(event, team=rng.choice(NAMES))
        case Lost() | Disqualified():
            return structs.replace(event, reason=rng.choice(NAMES))
    return event


class Fleet:
    """Shards that come, go and are replaced, each with what is on its log."""

    def __init__(self) -> None:
        self.shards = {p: Shard(SMALL) for p in range(SHARDS)}
        self.logs = {p: Log() for p in range(SHARDS)}
        self.changelogs = {p: Changelog(shard) for p, shard in self.shards.items()}
        self.owned = set(self.shards)
        self.minutes = dict.fromkeys(self.shards, T0_MS // 60_000)

    def happen(self, rng: random.Random) -> None:
        """Let something happen to one shard."""
        partition = rng.randrange(SHARDS)
        match rng.randrange(6):
            case 0:
                self.owned ^= {partition}
            case 1:
                self.logs[partition].commit(self.changelogs[partition])
                back = self.shards[partition] = Shard(SMALL)
                self.changelogs[partition] = restore(back, self.logs[partition].records.items())
            case 2:
                self.minutes[partition] += rng.choice((0, 1, 7, 1500, 9000, 40_000))
            case 3:
                self.changelogs[partition].advance(self.minutes[partition] * 60_000)

    def told(self) -> dict[int, Shard]:
        return {p: shard for p, shard in self.shards.items() if p in self.owned}

    def look(self, board: Board) -> dict[int, int]:
        """Refresh a board; give the time on each shard's clock."""
        now = {p: self.minutes[p] * 60_000 + 59_999 for p in self.told()}
        board.follow(self.told())
        for partition, shard in self.told().items():
            board.refresh(partition, shard, now[partition])
        return now

    def expected(self) -> Samples:
        """Everything but the ages, added up over the lead records."""
        sums: dict[str, Named] = defaultdict(lambda: defaultdict(int))
        for partition, shard in self.told().items():
            for window, found in by_hand(shard, self.minutes[partition]).items():
                for key, value in found.items():
                    sums[window][key] += value
        return {key: value for w, found in sums.items() for key, value in told_as(w, found).items() if value}


def by_hand(shard: Shard, minute: int) -> dict[str, Named]:
    wanted = spans(minute, shard.panes.days, SMALL.rolling, SMALL.calendar) | {"now": (0, 1)}
    out: dict[str, dict[int, int]] = {name: defaultdict(int) for name in wanted}
    for _, lead in shard.leads():
        for cell, value in contributions(shard.fold, lead).items():
            for name, (start, end) in wanted.items():
                if start <= cell >> MINUTE < end:
                    out[name][cell & SERIES] += value
    return {name: named(shard, total) for name, total in out.items()}


def told_as(window: str, found: Named) -> Samples:
    """Values by names as Prometheus would see them."""
    out: dict[tuple[str, frozenset[tuple[str, str]]], float] = defaultdict(float)
    buckets: dict[tuple[str, ...], dict[int, int]] = defaultdict(dict)
    for (name, *values, bucket), value in found.items():
        buckets[name, *values][bucket] = value
    for (name, *values), counts in buckets.items():
        family = next(f for f in FAMILY_OF.values() if f.name == name)
        signal = SIGNAL[name]
        if family.key >= FIRST_DIFFERENCE and window != EVERYTHING:
            continue
        labels = dict(zip(signal.labels, [window, *values] if signal.windowed else values, strict=True))
        if not family.edges:
            out[signal.name, frozenset(labels.items())] += counts[0] / family.scale
            continue
        edges = [*(repr(edge / 1000) for edge in getattr(SMALL, family.edges)), "+Inf"]
        for le, value in zip(edges, accumulate(counts.get(n, 0) for n in range(len(edges))), strict=True):
            out[f"{signal.name}_bucket", frozenset({**labels, "le": le}.items())] += value
        out[f"{signal.name}_gcount", frozenset(labels.items())] += sum(v for b, v in counts.items() if b < len(edges))
        out[f"{signal.name}_gsum", frozenset(labels.items())] += counts.get(family.sum_bucket, 0) / 1000
    return out


def without_ages(found: Samples) -> Samples:
    return {key: value for key, value in found.items() if value and "_age_seconds" not in key[0]}


@given(STREAMS, RANDOM)
@examples(80)
def test_what_is_told_is_the_sum_over_the_leads_of_all_shards(events: list[Any], rng: random.Random) -> None:
    fleet, board = Fleet(), Board(SMALL)
    for event in [*events, None, None]:
        if event is not None:
            fleet.shards[int(event.lead_id[1:]) % SHARDS].apply(renamed(event, rng))
        fleet.happen(rng)
        if event is None or rng.random() < 0.1:
            now, openmetrics = fleet.look(board), rng.random() < 0.5
            text = exposed(board, now, openmetrics=openmetrics) + ("# EOF\n" if openmetrics else "")
            assert without_ages(samples(text, openmetrics=openmetrics)) == fleet.expected()


@given(STREAMS, RANDOM)
@examples(60)
def test_ages_are_those_of_the_oldest_in_any_shard(events: list[Any], rng: random.Random) -> None:
    fleet, board = Fleet(), Board(SMALL)
    for event in events:
        fleet.shards[int(event.lead_id[1:]) % SHARDS].apply(renamed(event, rng))
        fleet.happen(rng)
    now = fleet.look(board)
    expected: dict[tuple[str, str], float] = defaultdict(float)
    for partition, shard in fleet.told().items():
        for key, starts in ages(shard).items():
            expected[key] = max(expected[key], (now[partition] - min(starts)) / 1000)
    found = {
        (family.name, name): age
        for family in (OPEN_AGE, UNANSWERED_AGE)
        for name, age in board.ages(family, now).items()
    }
    assert found == expected


def test_numbers_of_a_shard_that_went_away_are_gone_and_its_names_with_them() -> None:
    board = Board(SMALL)
    shards = {0: feed(Shard(SMALL), [created(source="web")]), 1: feed(Shard(SMALL), [created(source="ads", lead="M")])}
    for told in (shards, {0: shards[0]}):
        board.follow(told)
        for partition, shard in told.items():
            board.refresh(partition, shard, T0_MS)
    text = exposed(board, {0: T0_MS}, openmetrics=False)
    assert 'source="web"' in text
    assert 'source="ads"' not in text


def test_a_board_that_nobody_looks_at_keeps_no_shard_alive() -> None:
    board = Board(SMALL)
    shard = feed(Shard(SMALL), [created()])
    board.follow({0: shard})
    board.refresh(0, shard, T0_MS)
    gone = weakref.ref(shard)
    del shard
    gc.collect()
    assert gone() is None
    board.follow({})
    assert "source" not in exposed(board, {}, openmetrics=False)


def test_a_label_set_that_fell_to_zero_is_still_told() -> None:
    board, shard = Board(SMALL), feed(Shard(SMALL), [created()])
    for now in (T0_MS, T0_MS + 3_600_000):
        board.follow({0: shard})
        board.refresh(0, shard, now)
    family = next(f for f in FAMILY_OF.values() if f.name == "created")
    assert board.value(family, "5m", ("web", "north")) == [0]
    assert board.value(family, "24h", ("web", "north")) == [1]
    assert board.value(family, "24h", ("web", "nobody")) == []


def test_what_time_alone_changes_is_told_when_its_time_has_come() -> None:
    board, shard = Board(SMALL), feed(Shard(SMALL), [created(), stage("contacted", 5)])
    line = 'leadpulse_follow_up_leads{team="north",stage="contacted",band="too_long"}'
    told = []
    for minutes in (5, 59, 60, 61, 90 * 1440):
        now = T0_MS + minutes * 60_000
        board.follow({0: shard})
        board.refresh(0, shard, now)
        told.append(
            [part for part in exposed(board, {0: now}, openmetrics=False).splitlines() if part.startswith(line)]
        )
    assert told == [[], [], [f"{line} 1"], [f"{line} 1"], [f"{line} 1"]]


def test_a_histogram_that_nothing_is_in_is_left_out() -> None:
    board, shard = Board(SMALL), feed(Shard(SMALL), [created(), won(3)])
    texts = []
    for now in (T0_MS + 240_000, T0_MS + 3_600_000):
        board.follow({0: shard})
        board.refresh(0, shard, now)
        texts.append(exposed(board, {0: now}, openmetrics=True))
    line = 'leadpulse_sales_cycle_seconds_gcount{window="5m",source="web",outcome="won",since="created"}'
    assert f"{line} 1\n" in texts[0]
    assert line not in texts[1]
