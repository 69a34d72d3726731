"""Who answers: agents in teams, and the hours they work."""

from bisect import bisect_right
from datetime import UTC, date, datetime, timedelta
from math import exp
from random import Random
from zoneinfo import ZoneInfo

from msgspec import Struct

from streams.simulation.parameters import DAYS, Faults, Parameters, Shift, Team

_DAY = timedelta(days=1)


class Hours:
    """The working hours of one shift on the time line, looked up as far as anybody asks."""

    def __init__(self, shift: Shift, zone: str) -> None:
        self._zone = ZoneInfo(zone)
        self._days = frozenset(DAYS.index(day) for day in shift.days)
        self._start, self._end = _minutes(shift.start), _minutes(shift.end)
        if self._end <= self._start:
            self._end += 24 * 60
        self._starts: list[int] = []
        self._ends: list[int] = []
        self._day: date | None = None

    def after(self, time: int, work: float = 0) -> int:
        """Give the moment when this much work is done after a time; both in milliseconds, work counts in hours open."""
        index = bisect_right(self._ends, time)
        while True:
            while index >= len(self._ends):
                self._look_ahead(time)
                index = bisect_right(self._ends, time)
            begin = max(time, self._starts[index])
            room = self._ends[index] - begin
            if work < room:
                return begin + int(work)
            work -= room
            time = self._ends[index]
            index += 1

    def _look_ahead(self, time: int) -> None:
        day = self._day or datetime.fromtimestamp(time / 1000, UTC).date() - 2 * _DAY
        if day.weekday() in self._days:
            start, end = self._instant(day, self._start), self._instant(day, self._end)
            if self._ends and start <= self._ends[-1]:
                self._ends[-1] = max(end, self._ends[-1])
            else:
                self._starts.append(start)
                self._ends.append(end)
        self._day = day + _DAY

    def _instant(self, day: date, minutes: int) -> int:
        local = datetime(day.year, day.month, day.day, tzinfo=self._zone) + timedelta(minutes=minutes)
        return int(local.timestamp() * 1000)


class Agent(Struct, frozen=True):
    """Somebody who answers leads.

    Attributes:
        name: An invented id.
        pace: Factor on the time everything takes; above 1 is slow.
        skew: What their clock is ahead of the true time, in milliseconds.
        hours: When they work.
    """

    name: str
    pace: float
    skew: int
    hours: Hours


class Crew:
    """A team with its people."""

    def __init__(self, team: Team, faults: Faults, rng: Random) -> None:
        self.team = team
        self._shifts = [Hours(shift, team.zone) for shift in team.shifts]
        self._agents: list[list[Agent]] = [[] for _ in self._shifts]
        for number in range(max(team.agents, len(self._shifts))):
            shift = number % len(self._shifts)
            skewed = rng.random() < faults.skewed_agents
            skew = int(rng.uniform(-1, 1) * faults.skew_seconds * 1000) if skewed else 0
            pace = exp(rng.gauss(0, 0.5))
            self._agents[shift].append(Agent(f"{team.name}-{number + 1:02d}", pace, skew, self._shifts[shift]))

    def pick(self, rng: Random, time: int) -> Agent:
        """Choose somebody who is at work, or who is the first to come back to it."""
        waits = [hours.after(time) for hours in self._shifts]
        soonest = min(waits)
        on_duty = [shift for shift, wait in enumerate(waits) if wait == soonest]
        shift = on_duty[int(rng.random() * len(on_duty))]
        agents = self._agents[shift]
        return agents[int(rng.random() * len(agents))]


def hire(parameters: Parameters, rng: Random) -> list[Crew]:
    """Man all teams."""
    return [Crew(team, parameters.faults, rng) for team in parameters.teams]


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)
