"""`core`: what an event costs in the pure core, against a loop that only decodes and counts. No Kafka."""

from __future__ import annotations

import gc
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from msgspec import Struct
from msgspec.json import Decoder

from bench.events import EVENTS_A_LEAD, FUNNEL, floor
from bench.report import Report
from processors.changelog import Changelog
from processors.shard import Shard
from schemas.interaction_events import Interaction
from schemas.lead_events import LeadEvent

CHUNK = 1000
PARTS = ("decode", "apply", "merge", "fold", "waiting", "flush")
_DECODER: Decoder[Any] = Decoder(LeadEvent | Interaction)

Clock = Callable[[], int]
Costs = dict[str, list[int]]
"""Part -> nanoseconds of each chunk."""


class Volume(Struct):
    """What went to the changelog, a part of it by the first byte of the key."""

    records: int = 0
    size: int = 0


def bare(chunks: Sequence[Sequence[bytes]], clock: Clock) -> Costs:
    """Decode, and count the events of each lead."""
    decode, count, spent = _DECODER.decode, defaultdict[str, int](int), []
    for chunk in chunks:
        begun = clock()
        for value in chunk:
            count[decode(value).lead_id] += 1
        spent.append(clock() - begun)
    return {"bare": spent}


def core(chunks: Sequence[Sequence[bytes]], clock: Clock) -> tuple[Costs, dict[str, Volume], Shard]:
    """Decode, apply and flush as the worker does for one partition."""
    decode, shard = _DECODER.decode, Shard(FUNNEL)
    changelog, apply = Changelog(shard), shard.apply
    costs: Costs = {part: [] for part in PARTS}
    volumes: dict[str, Volume] = defaultdict(Volume)
    for chunk in chunks:
        begun = clock()
        events = [decode(value) for value in chunk]
        decoded = clock()
        for event in events:
            apply(event)
        applied = clock()
        shard.merge()
        merged = clock()
        changelog.advance(shard.watermark)
        folded = clock()
        shard.waiting.flushing(shard.hot)
        noted = clock()
        records = changelog.flush()
        shard.waiting.committed()
        times = (begun, decoded, applied, merged, folded, noted, clock())
        for part, since, until in zip(PARTS, times, times[1:], strict=False):
            costs[part].append(until - since)
        for key, value in records:
            volume = volumes[key[:1].decode()]
            volume.records += 1
            volume.size += len(key) + len(value or b"")
    return costs, volumes, shard


def measure(leads: int, rounds: int, clock: Clock = time.process_time_ns) -> dict[str, Any]:
    """Measure both in turns.

    A shared machine only ever adds to a time, so the figure of a chunk is the least of all rounds.

    Returns:
        µs per event as `best`, and as the `median` of the rounds' totals; changelog bytes and records per event.
    """
    values = [raw.value for raw in floor(leads)]
    chunks = [values[n : n + CHUNK] for n in range(0, len(values), CHUNK)]
    gc.collect()
    gc.freeze()
    rounds_of: dict[str, list[list[int]]] = defaultdict(list)
    for _ in range(rounds):
        for part, cost in bare(chunks, clock).items():
            rounds_of[part].append(cost)
        costs, volumes, shard = core(chunks, clock)
        for part, cost in costs.items():
            rounds_of[part].append(cost)
    gc.unfreeze()
    events = len(values)
    return {
        "events": events,
        "leads": leads,
        "best": {part: _us(sum(map(min, zip(*costs, strict=True))), events) for part, costs in rounds_of.items()},
        "median": {part: _us(median(map(sum, costs)), events) for part, costs in rounds_of.items()},
        "changelog": {
            kind: {"bytes": round(volume.size / events, 1), "records": round(volume.records / events, 3)}
            for kind, volume in volumes.items()
        },
        "lead_record_bytes": round(sum(map(len, shard.cold.values())) / len(shard.cold)),
    }


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure and report."""
    leads, rounds = (500, 2) if quick else (10_000, 8)
    say(f"{leads} leads of {EVENTS_A_LEAD} events, {rounds} rounds")
    figures = measure(leads, rounds)
    best, middle = figures["best"], figures["median"]
    rows = [(part, best[part], middle[part]) for part in ("bare", *PARTS)]
    rows.append(("all but bare", *(round(sum(of[part] for part in PARTS), 3) for of in (best, middle))))
    notes = [
        "bare: only decode and count. best: the sum over the chunks of their best times, CPU time.",
        "waiting: taking note of who waits, which is told once the flush is committed.",
        "fold: panes that become old, once an hour of event time; here that is after nearly every chunk.",
    ]
    title = f"The core alone: µs per event, {figures['events']:,} events, chunks of {CHUNK}"
    return Report("core", title, ("", "best", "median"), rows, notes, figures)


def _us(nanoseconds: float, events: int) -> float:
    return round(nanoseconds / events / 1000, 3)
