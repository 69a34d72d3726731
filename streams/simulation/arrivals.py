"""When leads arrive: an inhomogeneous Poisson process whose intensity follows the hours of a week."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import accumulate, repeat
from random import Random
from zoneinfo import ZoneInfo

from streams.simulation.parameters import Rhythm

HOUR = 3_600_000
"""One hour in milliseconds."""


class Intensity:
    """The weight of each hour on the time line; 1.0 is an average hour of the week."""

    def __init__(self, rhythm: Rhythm) -> None:
        self._zone = ZoneInfo(rhythm.zone)
        self._days = [day * len(rhythm.days) / sum(rhythm.days) for day in rhythm.days]
        self._hours = [hour * len(rhythm.hours) / sum(rhythm.hours) for hour in rhythm.hours]

    def at(self, ms: int) -> float:
        """Give the weight of the hour that begins at this time, in Unix milliseconds."""
        local = datetime.fromtimestamp(ms / 1000, UTC).astimezone(self._zone)
        return self._days[local.weekday()] * self._hours[local.hour]

    def total(self, start: int, end: int) -> float:
        """Add the weights up from start to end, in weighted milliseconds."""
        return sum(weight * (until - since) for since, until, weight in self._pieces(start, end))

    def place(self, targets: Iterable[float], start: int) -> Iterator[int]:
        """Turn rising amounts of weighted milliseconds after start into Unix milliseconds."""
        pieces = self._pieces(start, None)
        since, until, weight = next(pieces)
        filled = 0.0
        for target in targets:
            while target > filled + weight * (until - since):
                filled += weight * (until - since)
                since, until, weight = next(pieces)
            yield since + int((target - filled) / weight) if weight else since

    def _pieces(self, start: int, end: int | None) -> Iterator[tuple[int, int, float]]:
        since = start
        while end is None or since < end:
            until = (since // HOUR + 1) * HOUR
            if end is not None:
                until = min(until, end)
            yield since, until, self.at(since)
            since = until


def arrivals_at(rhythm: Rhythm, rng: Random, start: int, leads_per_hour: float) -> Iterator[int]:
    """Give arrival times for ever, as Unix milliseconds; the rate is the mean over a week."""
    per_ms = leads_per_hour / HOUR
    gaps = (rng.expovariate(per_ms) for _ in repeat(None))
    return Intensity(rhythm).place(accumulate(gaps), start)


def arrivals_between(rhythm: Rhythm, rng: Random, start: int, end: int, leads: int) -> Iterator[int]:
    """Give exactly this many arrival times from start up to before end, in rising order."""
    intensity = Intensity(rhythm)
    total = intensity.total(start, end)
    times = intensity.place((total * share for share in _sorted_uniforms(rng, leads)), start)
    return (min(time, end - 1) for time in times)


def _sorted_uniforms(rng: Random, count: int) -> Iterator[float]:
    # The least of n uniforms is 1 - u^(1/n); what is left above it is uniform again. So they come sorted, one by one.
    above = 1.0
    for left in range(count, 0, -1):
        above *= rng.random() ** (1 / left)
        yield 1.0 - above
