"""The windowed numbers of a shard, kept per pane of event time.

A pane is a minute, a quarter of an hour or a local day, coarser as it gets older; what is older than any window can
reach is one pane called ever. All share one key space, the first minute, and three edges say where a minute lives
now. So a late event, or one taken back, needs no code of its own: its cell goes where its minute lives.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any, Final

from msgspec import msgpack

from processors.calendar_days import Days
from processors.cells import MINUTE_MS, Numbers
from processors.periods import DAY, EVER, WEEK

Pane = Numbers
Fresh = defaultdict[int, Numbers]
"""First minute of a pane -> series -> by how much it changed."""

LIVE: Final = 0
"""The pane of the live gauges: no moment."""

# How long the finer panes are kept, minutes: an hour, a day more than the longest window that needs them, since their
# edges move by whole hours while windows move by minutes.
_MINUTES_KEPT: Final = DAY + 60
_QUARTERS_KEPT: Final = WEEK + DAY
# Two quarters of 92 days and a margin: the previous quarter is the farthest that a window reaches.
_DAYS_KEPT: Final = 200
_KEPT_UNPACKED: Final = 60  # panes that still change are kept decoded this many minutes

_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Pane).decode
_MAX_FRESH = 50_000


def _nothing() -> Fresh:
    return defaultdict(dict)


def _add_up(into: Numbers, numbers: Numbers) -> None:
    """Add numbers that are not 0, and keep none that is."""
    if not into:  # a copy costs a tenth of adding up
        into.update(numbers)
        return
    series: Any  # one object for all its look-ups, see `cells.add`
    for series, value in numbers.items():
        total = into.get(series, 0) + value
        if total:
            into[series] = total
        else:
            del into[series]


class Panes:
    """Panes, and what changed in them since a reader last looked.

    Attributes:
        edges: First minute that is still a minute pane, first that is still a quarter pane, first still a day pane.
        stale: Panes to be written at the next checkpoint.
        fresh: Pane -> what came into it since the reader last took it; None when nobody looks, or too much came.
    """

    def __init__(self, days: Days) -> None:
        self.days = days
        self._panes: dict[int, Pane | bytes] = {}
        self._order: list[int] = []
        self._unpacked: set[int] = set()
        self.edges = (0, 0, 0)
        self.stale: set[int] = set()
        self.fresh: Fresh | None = None

    def place(self, minute: int) -> int:
        """Return the pane that a minute lives in now."""
        minutes, quarters, days = self.edges
        if minute >= minutes or not minute:
            return minute
        if minute >= quarters:
            return minute - minute % 15
        return self.days.midnight(minute) if minute >= days else EVER

    def add(self, minutes: Mapping[int, Numbers]) -> None:
        """Add what changed, whatever minutes it is of.

        Args:
            minutes: Minute since 1970 -> series -> by how much.
        """
        fresh = self._take_in()
        for minute, changed in minutes.items():
            kept = changed
            if 0 in changed.values():  # taken back within the chunk
                kept = {series: value for series, value in changed.items() if value}
                if not kept:
                    continue
            start = self.place(minute)
            self.stale.add(start)
            _add_up(self._open(start), kept)
            if fresh is not None:
                _add_up(fresh[start], kept)

    def take_fresh(self) -> Fresh | None:
        """Return what changed since the last call and start collecting; None: look at everything."""
        fresh, self.fresh = self.fresh, _nothing()
        return fresh

    def advance(self, now: int) -> bool:
        """Fold panes that have become old; every hour at most.

        Args:
            now: ms since 1970.

        Returns:
            Whether anything moved.
        """
        minute = now // MINUTE_MS
        minutes = (minute - _MINUTES_KEPT) // 60 * 60
        if minutes <= self.edges[0]:
            return False
        first = self.days.midnight(minute)
        quarters = max(self.edges[1], self.days.midnight(minute - _QUARTERS_KEPT))
        days = max(self.edges[2], self.days.start(self.days.index(first) - _DAYS_KEPT))
        was, self.edges = self.edges, (minutes, quarters, days)
        for edge, new in zip(was, self.edges, strict=True):
            self._fold(edge, new)
        self._pack(minute - _KEPT_UNPACKED)
        return True

    def _fold(self, since: int, until: int) -> None:
        for start in self._between(max(since, EVER), until):
            target = self.place(start)
            if target != start:
                moved = self._open(start)
                self._drop(start)
                _add_up(self._open(target), moved)
                self.stale.update((start, target))

    def _drop(self, start: int) -> None:
        del self._panes[start]
        del self._order[bisect_left(self._order, start)]
        self._unpacked.discard(start)

    def _pack(self, until: int) -> None:
        for start in [start for start in self._unpacked if EVER <= start < until]:
            self._panes[start] = _encode(self._panes[start])
            self._unpacked.discard(start)

    def _take_in(self) -> Fresh | None:
        if self.fresh is not None and sum(map(len, self.fresh.values())) > _MAX_FRESH:
            self.fresh = None
        return self.fresh

    def _open(self, start: int) -> Pane:
        pane = self._panes.get(start)
        if isinstance(pane, dict):
            return pane
        if pane is None:
            insort(self._order, start)
            unpacked: Pane = {}
        else:
            unpacked = _decode(pane)
        self._panes[start] = unpacked
        self._unpacked.add(start)
        return unpacked

    def _between(self, start: int, end: int) -> list[int]:
        order = self._order
        return order[bisect_left(order, start) : bisect_left(order, end)]

    def between(self, start: int, end: int) -> Iterator[Pane]:
        """Yield the panes that begin in [start, end)."""
        for first in self._between(start, end):
            pane = self._panes[first]
            yield _decode(pane) if isinstance(pane, bytes) else pane

    def all(self) -> Iterator[tuple[int, Pane]]:
        """Yield every pane with its first minute."""
        for start, pane in self._panes.items():
            yield start, _decode(pane) if isinstance(pane, bytes) else pane

    def snapshot(self) -> dict[int, Pane]:
        """Return a copy of everything that is not empty, decoded: for comparisons."""
        return {start: dict(pane) for start, pane in self.all() if pane}

    def clear(self) -> None:
        """Forget every number, but not the edges; the panes that existed become stale."""
        self.stale.update(self._panes)
        self._panes.clear()
        self._order.clear()
        self._unpacked.clear()
        self.fresh = None

    def packed(self, start: int) -> bytes | None:
        """Return a pane's stored form, None for an empty one."""
        pane = self._panes.get(start)
        return (pane if isinstance(pane, bytes) else _encode(pane)) if pane else None

    def load(self, start: int, packed: bytes | None) -> None:
        """Restore one pane; `settle` follows after the last."""
        if packed is None:
            self._panes.pop(start, None)
        else:
            self._panes[start] = packed

    def settle(self) -> None:
        """Take up work after the last `load`."""
        self._order = sorted(self._panes)

    def __len__(self) -> int:
        return len(self._panes)
