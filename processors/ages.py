"""Since when: a multiset of start times per group that knows its minimum."""

from __future__ import annotations

import heapq


class Ages:
    """The start times of what is open now, exact, without ids and without scans.

    The heap is lazy: a time that has left stays in it until it comes up or the heap has grown to three times its use.
    """

    def __init__(self) -> None:
        self.counts: dict[int, int] = {}
        self._heap: list[int] = []

    def add(self, start: int, n: int) -> None:
        """Add `n` (negative: remove) entries that began at `start` ms."""
        left = self.counts.get(start, 0) + n
        if left:
            if start not in self.counts:
                heapq.heappush(self._heap, start)
            self.counts[start] = left
        elif start in self.counts:
            del self.counts[start]
            if len(self._heap) > 64 + 2 * len(self.counts):
                self._heap = sorted(self.counts)

    def oldest(self) -> int | None:
        """Return the smallest start time in ms, None when empty."""
        heap = self._heap
        while heap and heap[0] not in self.counts:
            heapq.heappop(heap)
        return heap[0] if heap else None
