"""The clock of a replay: what event time it was when the wall clock said something."""

from __future__ import annotations

from collections import deque

KEPT = 4096
"""Notes that wait to be read; what does not fit makes the clock coarser, never fast."""


class EventClock:
    """Tells event time for wall time.

    A replay's deadlines are on event time. But what has been applied of one input may lie ahead of the other by a
    second of wall time, which is hours of a quick replay: the largest event time is not a time at which everything is
    known. That it was, at the wall time up to which everything is known, is.
    """

    def __init__(self) -> None:
        self._noted: deque[tuple[int, int]] = deque(maxlen=KEPT)
        self._time = 0

    def note(self, wall: int, watermark: int) -> None:
        """Note that `watermark` (ms) was the largest event time applied at wall time `wall` (ms)."""
        if not self._noted or watermark > self._noted[-1][1]:
            self._noted.append((wall, watermark))

    def at(self, wall: int) -> int:
        """Return the largest event time that had been applied at a wall time, both in ms; it never goes back."""
        while self._noted and self._noted[0][0] <= wall:
            self._time = max(self._time, self._noted.popleft()[1])
        return self._time
