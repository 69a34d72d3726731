"""The whole simulation: leads arrive, are played side by side, and come out as one stream of Kafka records.

Pure: no clock, no I/O, and the same seed gives the same bytes. Leads are played lazily, so memory goes with the leads
that are on their way, not with all of them.
"""

import heapq
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from msgspec import Struct

from streams.simulation.arrivals import arrivals_at, arrivals_between
from streams.simulation.case import Floor, Step
from streams.simulation.faults import Mishaps, Record
from streams.simulation.journey import play
from streams.simulation.parameters import Parameters

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SAMPLE = 1_000
_MS_PER_HOUR = 3_600_000


class Lapse(Struct, frozen=True):
    """How floor time passes: from its origin on, so many times as fast as the clock on the wall.

    Attributes:
        origin: Where both clocks show the same, in Unix milliseconds.
        factor: 1 is real time, 60 an hour of the floor within a minute.
    """

    origin: int
    factor: float = 1.0

    def wall(self, floor_ms: int) -> float:
        """Give the wall time of a floor time, both in Unix milliseconds."""
        return self.origin + (floor_ms - self.origin) / self.factor

    def stamp(self, floor_ms: int) -> datetime:
        """Give the time stamp that an event of this floor time carries."""
        return _EPOCH + timedelta(milliseconds=self.wall(floor_ms))


def history(parameters: Parameters, *, seed: int, start: int, end: int, leads: int) -> Iterator[Record]:
    """Give what happened on a floor, in order of arrival.

    Args:
        parameters: The floor.
        seed: Source of all chance.
        start: Time of the first lead at the earliest, in Unix milliseconds.
        end: Nothing happens at or after this time; who is on the way then stays open.
        leads: How many arrive, exactly, but for those of sources that are silent.
    """
    arrivals = arrivals_between(parameters.rhythm, _chance(seed, "arrivals"), start, end, leads)
    return _records(parameters, seed, arrivals, Lapse(start), end)


def live(parameters: Parameters, *, seed: int, rate: float, lapse: Lapse) -> Iterator[Record]:
    """Give what happens on a floor from the origin of its time on, for ever.

    Args:
        parameters: The floor.
        seed: Source of all chance.
        rate: Events per second of wall time, as the mean over a week of the floor once the first leads have had the
            time to go their way; until then there are fewer.
        lapse: How its time passes.
    """
    leads_per_hour = rate * 3600 / lapse.factor / events_per_lead(parameters)
    arrivals = arrivals_at(parameters.rhythm, _chance(seed, "arrivals"), lapse.origin, leads_per_hour)
    return _records(parameters, seed, arrivals, lapse, None)


def events_per_lead(parameters: Parameters) -> float:
    """Give the mean number of events that a lead makes, from a sample of the floor."""
    floor = Floor(parameters, _chance(0, "sample"), Lapse(0).stamp)
    steps = sum(1 for number in range(_SAMPLE) for _ in play(floor, number * _MS_PER_HOUR))
    return steps / _SAMPLE


def _chance(seed: int, purpose: str) -> Random:
    # A generator of its own for each purpose: another share of faults leaves the leads as they are.
    return Random(f"{purpose} {seed}")  # noqa: S311  # it must be repeatable, and nothing secret comes of it


def _records(
    parameters: Parameters, seed: int, arrivals: Iterator[int], lapse: Lapse, end: int | None
) -> Iterator[Record]:
    floor = Floor(parameters, _chance(seed, "floor"), lapse.stamp, lapse.origin)
    steps = _side_by_side(floor, arrivals, end)
    return Mishaps(parameters.faults, _chance(seed, "faults"), lapse.stamp).send(steps)


def _side_by_side(floor: Floor, arrivals: Iterator[int], end: int | None) -> Iterator[Step]:
    # One entry per lead on its way: its next step, and the journey that the steps after it come from. The number
    # decides between equal times, because journeys cannot be compared.
    under_way: list[tuple[int, int, Step, Iterator[Step]]] = []
    arrival = next(arrivals, None)
    number = 0
    while arrival is not None or under_way:
        if arrival is not None and (not under_way or arrival <= under_way[0][0]):
            number += 1
            journey = play(floor, arrival)
            first = next(journey, None)
            if first is not None:  # else its source sends nothing
                heapq.heappush(under_way, (first.time, number, first, journey))
            arrival = next(arrivals, None)
            continue
        time, order, step, journey = under_way[0]
        if end is not None and time >= end:
            return
        yield step
        following = next(journey, None)
        if following is None:
            heapq.heappop(under_way)
        else:
            heapq.heapreplace(under_way, (following.time, order, following, journey))
