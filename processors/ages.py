"""Since when: the start times of what is open, per group."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from sortedcontainers import SortedList


class Ages:
    """The start times of what is open now: exact, without ids and without scans.

    They are sorted when somebody first asks, and kept so from then on: a shard that is being restored adds a million of
    them in any order.
    """

    def __init__(self) -> None:
        self.counts: Counter[int] = Counter()
        self._starts: SortedList[int] | None = None
        self._sum = 0

    def add(self, start: int, n: int) -> None:
        """Add `n` (negative: remove) entries that began at `start` ms."""
        self.counts[start] += n
        if not self.counts[start]:
            del self.counts[start]
        self._sum += n * start
        if self._starts is not None:
            for _ in range(n):
                self._starts.add(start)
            for _ in range(-n):
                self._starts.remove(start)

    def oldest(self) -> int | None:
        """Return the smallest start time in ms, None when empty."""
        starts = self._sorted()
        return starts[0] if starts else None

    def histogram(self, now: int, edges: Sequence[int]) -> list[int]:
        """Return how many entries are how old at `now`; one that began later, by another clock, is of age 0.

        Args:
            now: ms since 1970.
            edges: Upper bounds of the buckets in ms, inclusive and ascending.

        Returns:
            The count of each bucket, that of the older ones, and the sum of all ages in ms.
        """
        starts = self._sorted()
        within = [0, *(len(starts) - starts.bisect_left(now - edge) for edge in edges), len(starts)]
        counts = [more - less for less, more in pairwise(within)]
        ahead = sum(start - now for start in starts.irange(now))
        return [*counts, len(starts) * now - self._sum + ahead]

    def _sorted(self) -> SortedList[int]:
        if self._starts is None:
            self._starts = SortedList(self.counts.elements())
        return self._starts
