"""Spans of time as people write them: "20ms", "5m", "1h30m", "7d"."""

from __future__ import annotations

import re
from functools import total_ordering

_UNITS_MS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1_000, "ms": 1}
# One optional number per unit, largest unit first: "1h30m" has one reading only.
_SHAPE = re.compile("".join(rf"(?:(\d{{1,9}}){unit}(?![a-z]))?" for unit in _UNITS_MS), re.ASCII)


@total_ordering
class Duration:
    """A span of time, kept as written: "24h" and "1d" compare equal, and each prints as it was given.

    Attributes:
        text: As written.
        ms: Its length in milliseconds.
    """

    __slots__ = ("ms", "text")

    def __init__(self, text: str) -> None:
        match = _SHAPE.fullmatch(text)
        if not text or match is None:
            message = f"not a duration: {text!r}"
            raise ValueError(message)
        self.text = text
        self.ms = sum(int(n) * ms for n, ms in zip(match.groups("0"), _UNITS_MS.values(), strict=True))

    @property
    def seconds(self) -> float:
        """Its length in seconds."""
        return self.ms / 1000

    def __repr__(self) -> str:
        return f"Duration({self.text!r})"

    def __str__(self) -> str:
        return self.text

    def __eq__(self, other: object) -> bool:
        return self.ms == other.ms if isinstance(other, Duration) else NotImplemented

    def __lt__(self, other: Duration) -> bool:
        return self.ms < other.ms

    def __hash__(self) -> int:
        return hash(self.ms)


def durations(*texts: str) -> tuple[Duration, ...]:
    """Return several durations at once."""
    return tuple(Duration(text) for text in texts)
