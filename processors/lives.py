"""What was learnt of how waits end, as it is stored."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

BANDS: Final = 21
"""Bands of age: up to a second, up to two, four, … and all beyond 145 hours."""

Team = tuple[int, int]
"""Team number, and obligation number or `AFTER_ATTEMPT`."""


class Life(Struct, array_like=True):
    """What was learnt of one team and obligation.

    Attributes:
        waited: Band -> weighted time that waits spent in it, ms.
        ends: Band -> weighted waits that ended in it.
        attempts: Band -> weighted waits with an attempt in it, where that is told apart.
    """

    waited: list[float]
    ends: list[float]
    attempts: list[float]

    @classmethod
    def empty(cls) -> Life:
        """Return one of which nothing is known."""
        return cls(*([0.0] * BANDS for _ in range(3)))

    def scaled(self, factor: float) -> Life:
        """Return it with other weights."""
        return Life(*([value * factor for value in part] for part in (self.waited, self.ends, self.attempts)))

    def add(self, other: Life) -> None:
        """Take in what was learnt of another."""
        for band in range(BANDS):
            self.waited[band] += other.waited[band]
            self.ends[band] += other.ends[band]
            self.attempts[band] += other.attempts[band]


class Learnt(Struct, array_like=True):
    """Everything that a shard learnt.

    Attributes:
        bands: How many bands of age there were.
        origin: When weights were 1, ms since 1970.
        lives: Whose, and what.
    """

    bands: int
    origin: int
    lives: dict[Team, Life]
