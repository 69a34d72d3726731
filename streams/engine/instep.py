"""Keeps the inputs of a partition together: none goes on further, in the time of its records, than the others allow.

Left alone, each input of a backlog is read as fast as it comes: the one with fewer records runs ahead by hours of event
time, and half of all events reach their state out of order. That is right all the same, but costs a multiple.

An input that has nothing more to give holds nobody back: a live stream passes as it comes.
"""

import time
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from itertools import accumulate

from faust.types import TP

from streams.engine.chunks import Chunk, Fetched, Span, chunks
from streams.engine.records import Record

HELD_BYTES = 8 << 20
"""An input of which so much waits for another one is not fetched."""
PATIENCE = 2.0
"""Seconds to wait for an input that has more on the log and is asked for it, but gives nothing."""


class _Input:
    """What was fetched of one input and not handed on yet: all visible records of the offsets [start, end)."""

    def __init__(self, position: int) -> None:
        self.start = self.end = position
        self.records: list[Record] = []
        self.times: list[float] = []
        """For each record its time, see `_times`."""
        self.asked_at: float | None = None
        """Since when it is asked for more and gives nothing."""

    def add(self, end: int, records: Sequence[Record]) -> None:
        self.times += _times(records, self.times[-1] if self.times else -1.0)
        self.records += records
        self.end = end
        self.asked_at = None

    def cut(self, limit: float) -> Fetched | None:
        """Take out what is not newer than the limit, None for nothing."""
        count = bisect_right(self.times, limit)
        records, times = self.records[:count], self.times[:count]
        end = self.end if count == len(self.records) else records[-1].offset + 1 if records else self.start
        if end == self.start:
            return None
        part = Fetched(self.start, end, records, times)
        self.start = end
        del self.records[:count], self.times[:count]
        return part


def _size(records: Iterable[Record]) -> int:
    """Return the bytes of their values."""
    return sum([len(record.value or b"") for record in records])


def _times(records: Iterable[Record], since: float) -> list[float]:
    """Return for each record the largest timestamp in ms up to it, at least `since`: timestamps of a log may fall.

    Records of one millisecond are spread over it, as they may be many in a log that was filled in one go.
    """
    largest = [record.timestamp for record in records]
    if largest != sorted(largest):  # to sort what is in order takes a tenth of going through it
        largest = list(accumulate(largest, max))
    times = list(map(float, largest)) if len(set(largest)) == len(largest) else _spread(largest)
    return times if not times or times[0] >= since else [max(at, since) for at in times]


def _spread(ordered: Sequence[int]) -> list[float]:
    """Return the times with those that are equal spread evenly over their millisecond."""
    times = list[float]()
    while len(times) < len(ordered):
        at = ordered[len(times)]
        count = bisect_right(ordered, at, len(times)) - len(times)
        times += [at + n / count for n in range(count)]
    return times


class InStep:
    """The inputs that this worker reads, between the fetch and the states.

    Args:
        size: Most records of a chunk.
        clock: Monotonic seconds.
    """

    def __init__(self, size: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = size
        self._clock = clock
        self._inputs: dict[TP, _Input] = {}

    def begin(self, tp: TP, position: int) -> None:
        """Read an input from a position on, whatever was read of it before."""
        self._inputs[tp] = _Input(position)

    def keep(self, assigned: Callable[[TP], bool]) -> None:
        """Forget the inputs that are not assigned any more."""
        for tp in [tp for tp in self._inputs if not assigned(tp)]:
            del self._inputs[tp]

    def fetched_to(self, tp: TP) -> int | None:
        """Return the offset at which the next fetch joins; None for an input that was not begun."""
        held = self._inputs.get(tp)
        return None if held is None else held.end

    def handed_on_to(self, tp: TP) -> int:
        """Return the offset up to which an input was handed on. May be called from any thread."""
        held = self._inputs.get(tp)
        return 0 if held is None else held.start

    @property
    def holds_back(self) -> bool:
        """Whether records wait for those of another input."""
        return any(held.records for held in self._inputs.values())

    def thirsty(self, wanted: Iterable[TP]) -> list[TP]:
        """Return which of the wanted are to be fetched now: those with little in hand."""
        now, found = self._clock(), list[TP]()
        for tp in wanted:
            held = self._inputs.get(tp)
            if held is None or (len(held.records) <= self._size // 2 and _size(held.records) <= HELD_BYTES):
                found.append(tp)
                if held is not None and held.asked_at is None:
                    held.asked_at = now
        return found

    def add(self, tp: TP, end: int, records: Sequence[Record]) -> None:
        """Take what was fetched since `fetched_to`: all visible records up to the offset `end`."""
        self._inputs[tp].add(end, records)

    def lose(self, tp: TP, end: int) -> list[Chunk]:
        """Hand on all that is held of an input, and the news that what is behind it, up to `end`, was deleted."""
        held = self._inputs[tp]
        part = held.cut(float("inf"))
        rest = [] if part is None else list(chunks({tp.topic: part}, self._size))
        lost = Chunk({tp.topic: Span(held.end, end, None)}, (), lost=True)
        self.begin(tp, end)
        return [*rest, lost]

    def hand_on(self, wanted: Iterable[TP], has_more: Callable[[TP], bool]) -> dict[TP, list[Chunk]]:
        """Return the chunks that may go on now, under one input of each partition number.

        Args:
            wanted: The inputs that are fetched; another one holds nobody back, and nothing of it is handed on.
            has_more: Whether more of an input is known to be on the log than was fetched.
        """
        by_number = defaultdict[int, list[TP]](list)
        for tp in wanted:
            if tp in self._inputs:
                by_number[tp.partition].append(tp)
        found: dict[TP, list[Chunk]] = {}
        for inputs in by_number.values():
            limit = self._limit(inputs, has_more)
            parts = {tp.topic: part for tp in inputs if (part := self._inputs[tp].cut(limit)) is not None}
            if parts:
                found[inputs[0]] = list(chunks(parts, self._size))
        return found

    def _limit(self, inputs: Collection[TP], has_more: Callable[[TP], bool]) -> float:
        """Return the time up to which every input is known that has more to give, and gives it."""
        if len(inputs) == 1:
            return float("inf")
        awaited = [held for tp in inputs if has_more(tp) and not self._is_silent(held := self._inputs[tp])]
        return min((held.times[-1] if held.times else -1 for held in awaited), default=float("inf"))

    def _is_silent(self, held: _Input) -> bool:
        return held.asked_at is not None and self._clock() - held.asked_at > PATIENCE
