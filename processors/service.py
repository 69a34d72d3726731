"""How fast waits end: a life table for each team, learnt from the waits of the last hours.

Age is the working time that a wait has lasted, in the calendar of whoever has the lead: nobody is expected to answer
in closed hours. How likely a wait is to end depends on its age (those that were not answered at once are often
forgotten), so the hazard is kept by age, in bands that double. A first contact that somebody tried in vain is another
wait from then on: the next attempt comes in an hour, or tomorrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from math import exp
from typing import Final

from msgspec import msgpack

from processors.funnel import MINUTE_MS, SECOND_MS
from processors.lives import BANDS, Learnt, Life, Team
from processors.policies import FIRST_CONTACT

_STARTS: Final = (0, *(SECOND_MS << n for n in range(BANDS - 1)))
_FIRST_GUESS: Final = 15 * MINUTE_MS
"""What a wait takes where nothing was ever learnt; it weighs as much as one wait that ended."""
_OVERALL: Final = 2.0
"""Ends that the other teams are worth in a band of age."""
_LARGEST: Final = 60  # halvings that weights may run ahead by before they are scaled down

_CUTS: Final = 8
"""Parts that the time to the deadline is cut into, to add up the ways over an attempt."""

AFTER_ATTEMPT: Final = 3
"""Beside the obligations: a first contact that an attempt was made at. Its age counts from the attempt."""

GOES_ON: Final = 0
ENDED: Final = 1
ATTEMPTED: Final = 2
"""What a wait was last seen to do. After an attempt in vain it goes on as another one."""


class Curve:
    """Chance that a wait goes on.

    Args:
        ends: Band -> ends per ms of waiting; so are `attempts`.
        after: The curve of waits after an attempt; None where that is not told apart.
    """

    def __init__(self, ends: Sequence[float], attempts: Sequence[float], after: Curve | None = None) -> None:
        self._hazards = [end + attempt for end, attempt in zip(ends, attempts, strict=True)]
        spans = (end - start for start, end in pairwise(_STARTS))
        steps = (hazard * span for hazard, span in zip(self._hazards, spans, strict=False))
        self._before = list(accumulate(steps, initial=0.0))
        self._in_vain = [attempt / hazard for attempt, hazard in zip(attempts, self._hazards, strict=True)]
        self._after = after

    def hazard(self, age: float) -> float:
        """Return the hazard of any change added up to an age, ms."""
        band = band_of(int(age))
        return self._before[band] + self._hazards[band] * (age - _STARTS[band])

    def goes_on(self, age: float, until: float) -> float:
        """Return the chance that a wait of one age, ms, is not over at another."""
        begin = self.hazard(age)
        untouched = exp(begin - self.hazard(until))
        if self._after is None or until <= age:
            return untouched
        attempted, alive, part = 0.0, 1.0, (until - age) / _CUTS
        for cut in range(_CUTS):
            end = age + (cut + 1) * part
            still = exp(begin - self.hazard(end))
            middle = end - part / 2
            attempted += (alive - still) * self._in_vain[band_of(int(middle))] * self._after.goes_on(0, until - middle)
            alive = still
        return untouched + attempted


class Service:
    """Learns how waits end, with weights that halve.

    Args:
        half_life: After which what was learnt counts half, ms.

    Attributes:
        unsaved: Whether the changelog has not got all that was learnt.
    """

    def __init__(self, half_life: int) -> None:
        self._half_life = half_life
        self._lives: dict[Team, Life] = {}
        self._origin = 0  # weights are 1 at this time and double in a half-life: nothing stored has to be touched
        self._curves: dict[Team, Curve] = {}
        self.unsaved = False

    def learn(self, team: Team, since: int, age: int, at: int, outcome: int) -> None:
        """Learn from a wait.

        Args:
            team: Whose.
            since: Its age when it was first or last looked at, ms: what came before that first look has been sorted by
                the end already.
            age: Its age when it was last seen waiting, ms; below `since` when it is known only now that it was over
                then, and what was learnt in between is taken back.
            at: When that was, ms since 1970.
            outcome: What it did then.
        """
        self.unsaved = True
        weight = self._weight(at)
        life = self._lives.get(team)
        if life is None:
            life = self._lives[team] = Life.empty()
        young, old, sign = (since, age, weight) if since <= age else (age, since, -weight)
        last = band_of(old)
        for band in range(band_of(young), last + 1):
            end = old if band == last else _STARTS[band + 1]
            life.waited[band] += sign * (end - max(young, _STARTS[band]))
        if outcome != GOES_ON:
            (life.ends if outcome == ENDED else life.attempts)[band_of(age)] += weight

    def _weight(self, at: int) -> float:
        if not self._origin:
            self._origin = at
        ahead = (at - self._origin) / self._half_life
        if ahead > _LARGEST:
            self._lives = {team: life.scaled(2.0**-ahead) for team, life in self._lives.items()}
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
            after = self.curve((team[0], AFTER_ATTEMPT), now) if team[1] == FIRST_CONTACT else None
            self._curves[team] = self._make(team, now, after)
        return self._curves[team]

    def _make(self, team: Team, now: int, after: Curve | None) -> Curve:
        ahead = (now - self._origin) / self._half_life if self._origin else 0.0
        unit = 2.0 ** -min(ahead, 1000.0)
        overall = Life.empty()
        for (_, obligation), life in self._lives.items():
            if obligation == team[1]:
                overall.add(life)
        overall, own = overall.scaled(unit), self._lives.get(team, Life.empty()).scaled(unit)
        ends = _hazards(own.ends, own.waited, overall.ends, overall.waited)
        if after is None:
            return Curve(ends, [0.0] * BANDS)
        return Curve(ends, _hazards(own.attempts, own.waited, overall.attempts, overall.waited), after)

    def packed(self) -> bytes:
        """Return everything learnt, for the changelog."""
        return msgpack.encode(Learnt(BANDS, self._origin, self._lives))

    def load(self, packed: bytes) -> None:
        """Take up what was learnt before; in other bands it is of no use."""
        learnt = msgpack.decode(packed, type=Learnt)
        if learnt.bands == BANDS:
            self._origin, self._lives = learnt.origin, learnt.lives


def _hazards(
    own: Sequence[float], own_waited: Sequence[float], overall: Sequence[float], overall_waited: Sequence[float]
) -> list[float]:
    """Return events per ms in each band: a team's own, drawn to those of all, drawn to those of the band before."""
    near, known = (sum(overall) + 1) / (sum(overall_waited) + _FIRST_GUESS), []
    for count, waited in zip(overall, overall_waited, strict=True):
        near = (count + 1) / (waited + 1 / near)
        known.append(near)
    told = zip(own, own_waited, known, strict=True)
    return [(count + _OVERALL) / (waited + _OVERALL / everybody) for count, waited, everybody in told]


def band_of(age: int) -> int:
    """Return the band of an age, ms."""
    return min((age // SECOND_MS).bit_length(), BANDS - 1)
