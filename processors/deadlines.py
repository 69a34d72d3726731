"""When to look at which lead again: timers of a shard, made from the lead records and stored nowhere."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from typing import Final

TICK_MS: Final = 100
"""Grain of the timers: a lead is looked at this much after its moment at most, and never before it."""


class Timers:
    """Leads by the moment at which something about them is due.

    They are kept in lists by the tick: a million leads are a million references, not a heap of tuples. A lead may be in
    it more often than once, and for a moment that no longer matters: whoever is told of a lead finds out from its
    record what is due, if anything.
    """

    def __init__(self) -> None:
        self._by_tick: dict[int, list[str]] = {}
        self._ticks: list[int] = []

    def add(self, lead_id: str, due: int) -> None:
        """Look at a lead when `due` (ms since 1970) has come."""
        tick = -(-due // TICK_MS)
        leads = self._by_tick.get(tick)
        if leads is None:
            heapq.heappush(self._ticks, tick)
            leads = self._by_tick[tick] = []
        leads.append(lead_id)

    def take(self, now: int) -> Iterator[str]:
        """Take out and yield the leads whose moment has come at `now` (ms), the first due first."""
        last = now // TICK_MS
        while self._ticks and self._ticks[0] <= last:
            yield from self._by_tick.pop(heapq.heappop(self._ticks))

    def between(self, after: int, until: int) -> Iterator[str]:
        """Yield the leads that are due after one moment and up to another (ms), and leave them in.

        Some of them more often than once. It costs what lies between, however many leads wait beyond; after a leap, as
        in a replay, what there is.
        """
        ticks = range(after // TICK_MS + 1, until // TICK_MS + 1)
        for tick in ticks if len(ticks) < len(self._by_tick) else [tick for tick in self._by_tick if tick in ticks]:
            yield from self._by_tick.get(tick, ())

    def __len__(self) -> int:
        return sum(map(len, self._by_tick.values()))
