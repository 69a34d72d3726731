"""How fast waits end: a life table for each team, learnt from the waits of the last hours.

Age is the working time that a wait has lasted, in the calendar of whoever has the lead: nobody is expected to answer in
closed hours. How likely a wait is to end depends on its age (those that were not answered at once are often forgotten),
so the hazard is kept by age, in bands that double.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise

from msgspec import Struct, msgpack

from processors.funnel import MINUTE_MS, SECOND_MS

BANDS = 21
"""Bands of age: up to a second, up to two, four, … and all beyond 145 hours."""
_STARTS = (0, *(SECOND_MS << n for n in range(BANDS - 1)))
_FIRST_GUESS = 15 * MINUTE_MS
"""What a wait takes where nothing was ever learnt; it weighs as much as one wait that ended."""
_OVERALL = 5.0
"""Ends that the other teams are worth in a band of age."""
_LARGEST = 60  # halvings that weights may run ahead by before they are scaled down

Team = tuple[int, int]
"""Team number and obligation number."""


class Life(Struct):
    """What was learnt of one team and obligation.

    Attributes:
        ends: Band -> weighted waits that ended in it.
        waited: Band -> weighted time that waits spent in it, ms.
    """

    ends: list[float]
    waited: list[float]

    @classmethod
    def empty(cls) -> Life:
        """Return one of which nothing is known."""
        return cls([0.0] * BANDS, [0.0] * BANDS)


class Curve:
    """Chance that a wait goes on.

    Args:
        hazards: Band -> ends per ms of waiting.
    """

    def __init__(self, hazards: Sequence[float]) -> None:
        steps = (hazard * (end - start) for hazard, (start, end) in zip(hazards, pairwise(_STARTS), strict=False))
        self._hazards, self._before = hazards, list(accumulate(steps, initial=0.0))

    def hazard(self, age: int) -> float:
        """Return the hazard added up to an age, ms: minus the logarithm of the chance to reach it."""
        band = band_of(age)
        return self._before[band] + self._hazards[band] * (age - _STARTS[band])


class Service:
    """Learns how waits end, with weights that halve.

    Args:
        half_life: After which what was learnt counts half, ms.
    """

    def __init__(self, half_life: int) -> None:
        self._half_life = half_life
        self._lives: dict[Team, Life] = {}
        self._origin = 0  # weights are 1 at this time and double in a half-life: nothing stored has to be touched
        self._curves: dict[Team, Curve] = {}

    def learn(self, team: Team, since: int, age: int, at: int, *, ended: bool) -> None:
        """Learn from a wait.

        Args:
            team: Whose.
            since: Its age when it was first looked at, ms: what came before has been sorted by the end already.
            age: Its age when it ended, or when it was last seen waiting, ms.
            at: When that was, ms since 1970.
            ended: Whether it ended then.
        """
        if age < since:
            return
        weight = self._weight(at)
        life = self._lives.get(team)
        if life is None:
            life = self._lives[team] = Life.empty()
        last = band_of(age)
        for band in range(band_of(since), last + 1):
            end = age if band == last else _STARTS[band + 1]
            life.waited[band] += weight * (end - max(since, _STARTS[band]))
        if ended:
            life.ends[last] += weight

    def _weight(self, at: int) -> float:
        if not self._origin:
            self._origin = at
        ahead = (at - self._origin) / self._half_life
        if ahead > _LARGEST:
            shrink = 2.0**-ahead
            for life in self._lives.values():
                life.ends = [value * shrink for value in life.ends]
                life.waited = [value * shrink for value in life.waited]
            self._origin, ahead = at, 0.0
        return float(2.0**ahead)

    def refresh(self) -> None:
        """Let what was learnt since the last call count in the curves."""
        self._curves.clear()

    def curve(self, team: Team, now: int) -> Curve:
        """Return how waits of a team end, as of the last `refresh`.

        Where a team has few, what is known of all teams fills in.

        Args:
            team: Whose.
            now: ms since 1970: what was learnt long before it weighs little.
        """
        if team not in self._curves:
            self._curves[team] = self._make(team, now)
        return self._curves[team]

    def _make(self, team: Team, now: int) -> Curve:
        unit = float(2.0 ** min((now - self._origin) / self._half_life, 1000.0)) if self._origin else 1.0
        lives = [life for (_, obligation), life in self._lives.items() if obligation == team[1]]
        ends = [sum(life.ends[band] for life in lives) / unit for band in range(BANDS)]
        waited = [sum(life.waited[band] for life in lives) / unit for band in range(BANDS)]
        usual = (sum(ends) + 1) / (sum(waited) + _FIRST_GUESS)
        own = self._lives.get(team) or Life.empty()
        hazards = []
        for band in range(BANDS):
            overall = (ends[band] + 1) / (waited[band] + 1 / usual)
            hazards.append((own.ends[band] / unit + _OVERALL) / (own.waited[band] / unit + _OVERALL / overall))
        return Curve(hazards)

    def packed(self) -> bytes:
        """Return everything learnt, for the changelog."""
        lives = [(team, obligation, life.ends, life.waited) for (team, obligation), life in self._lives.items()]
        return msgpack.encode((self._origin, lives))

    def load(self, packed: bytes) -> None:
        """Take up what was learnt before."""
        self._origin, lives = msgpack.decode(packed)
        known = ((team, obligation, Life(ends, waited)) for team, obligation, ends, waited in lives)
        self._lives = {(team, obligation): life for team, obligation, life in known if len(life.ends) == BANDS}


def band_of(age: int) -> int:
    """Return the band of an age, ms."""
    return min((age // SECOND_MS).bit_length(), BANDS - 1)
