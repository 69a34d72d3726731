"""Is a source silent that should have sent something by now?

A source's arrivals are learnt by the hour of the week: decayed counts over decayed observation, smoothed over the hours
beside each other. A silence is judged by the chance that a source which is well shows one of that length at least once
in a day: the chance of no arrival while so many were expected, times the arrivals of a day, since each of them begins a
silence. Without that factor a source of a hundred leads a day would be called silent every ten days.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import exp, expm1, log, log1p
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct

from processors.arrivals import Heard
from processors.funnel import DAY_MS, HOUR_MS

WEEK_MS: Final = 7 * DAY_MS
_MONDAY: Final = 4 * DAY_MS  # 1970 began on a Thursday: the first Monday was the fifth day
_KERNEL = ((-2, 1), (-1, 2), (0, 3), (1, 2), (2, 1))
_PRIOR = 0.5
"""Arrivals that the hours beside are worth: nothing where much was seen, nearly all where little was."""
_DAYS: Final = 7
"""Parts of a period that may be busier or slower as a whole; its days, if it is a week."""
_BUSIEST: Final = 200
"""One slot of so many may hold anything, such as an import; it counts no more than the busiest of the others."""


class SilenceRules(Struct, frozen=True, kw_only=True):
    """How silences are judged. Times are in ms.

    Attributes:
        period: After which arrivals repeat: a week, a day, or less for a demonstration.
        grain: Length of a slot, a whole part of the period.
        zone: IANA name: whose hours they are.
        half_life: After which an arrival counts half.
        level: Chance below which a silence is an alarm.
        min_history: From the first to the last arrival at least.
        min_arrivals: Decayed arrivals at least.
        give_up: After which a silent source is taken to be gone.
        grace: How late leads usually come to be known.
        ignore: Sources that are not judged.
    """

    period: int = WEEK_MS
    grain: int = HOUR_MS
    zone: str = "UTC"
    half_life: int = 28 * DAY_MS
    level: float = 0.001
    min_history: int = 14 * DAY_MS
    min_arrivals: int = 50
    give_up: int = 30 * DAY_MS
    grace: int = 60_000
    ignore: frozenset[str] = frozenset()

    @property
    def memory(self) -> int:
        """How far back arrivals are kept: three half-lives, what is older would weigh an eighth."""
        return 3 * self.half_life


class Hours:
    """Which slot of the period a slot of time is, on the clock of the business.

    Args:
        rules: Give period, grain and zone.
    """

    def __init__(self, rules: SilenceRules) -> None:
        self.count = rules.period // rules.grain
        self._grain, self._zone = rules.grain, ZoneInfo(rules.zone)
        self._places: dict[int, int] = {}

    def place(self, slot: int) -> int:
        """Return the place, from 0, of a slot of time in its period; a week begins on Monday."""
        found = self._places.get(slot)
        if found is None:
            start = slot * self._grain
            offset = datetime.fromtimestamp(start / 1000, UTC).astimezone(self._zone).utcoffset()
            local = start + (int(offset.total_seconds() * 1000) if offset else 0)
            found = self._places[slot] = (local - _MONDAY) // self._grain % self.count
        return found


class Profile(Struct, frozen=True):
    """What was learnt about a source.

    Attributes:
        rates: Expected arrivals in each slot of the period.
        dispersion: Variance of the arrivals of a slot over what independent arrivals would have, at least 1: leads that
            come in bunches begin fewer silences and leave longer ones.
        moods: Variance of the factor by which whole days are busier or slower than usual.
        weight: Decayed arrivals that it was learnt from.
        history: From the first to the last arrival, ms.
        learnt_to: Slot up to which it was learnt.
    """

    rates: tuple[float, ...]
    dispersion: float
    moods: float
    weight: float
    history: int
    learnt_to: int


class Finding(Struct, frozen=True):
    """How the silence of one source stands.

    Attributes:
        last: Its last arrival, ms.
        silence: Time since then, ms.
        expected: Arrivals expected since then.
        chance: Of such a silence at least once in a day of a source that is well.
        is_silent: Whether the chance is below the level.
        rate: Arrivals expected an hour, now.
    """

    last: int
    silence: int
    expected: float
    chance: float
    is_silent: bool
    rate: float


class Judge:
    """Learns and judges. It keeps nothing about sources.

    Args:
        rules: How.
    """

    def __init__(self, rules: SilenceRules) -> None:
        self.rules = rules
        self._hours = Hours(rules)

    # -- learning ------------------------------------------------------------------------------------------------

    def learn(self, heard: Heard, now: int) -> Profile:
        """Learn a source from its arrivals up to the last one: a silence teaches nothing, else it would excuse itself.

        Args:
            heard: All arrivals, of all shards.
            now: ms; the slot under way is left out.
        """
        rules, place = self.rules, self._hours.place
        end = min(heard.last // rules.grain + 1, now // rules.grain)
        begin = max(heard.first // rules.grain, end - rules.memory // rules.grain)
        slots = range(begin, end)
        counts = _without_the_busiest([heard.counts.get(slot, 0) for slot in slots])
        places = [place(slot) for slot in slots]
        weights = [exp((slot + 1 - end) * rules.grain / rules.half_life * -log(0.5)) for slot in slots]
        arrived, seen, squared = ([0.0] * self._hours.count for _ in range(3))
        for where, weight, count in zip(places, weights, counts, strict=True):
            arrived[where] += weight * count
            seen[where] += weight
            squared[where] += weight * weight
        rates = _smooth(arrived, seen)
        # The rates were fitted to the same counts, which therefore keep too close to them.
        loose = [1 - more / whole**2 if whole else 0.0 for more, whole in zip(squared, seen, strict=True)]
        misses = [
            _Miss(count, rates[where], weight, loose[where])
            for where, weight, count in zip(places, weights, counts, strict=True)
            if loose[where] > 0
        ]
        dispersion = _dispersion(misses)
        moods = _moods(misses, dispersion, max(1, self._hours.count // _DAYS))
        return Profile(tuple(rates), dispersion, moods, sum(arrived), heard.last - heard.first, end)

    # -- judging -------------------------------------------------------------------------------------------------

    def expected(self, profile: Profile, begin: int, end: int) -> float:
        """Return the expected arrivals between two moments, ms."""
        grain, place, rates = self.rules.grain, self._hours.place, profile.rates
        if end <= begin:
            return 0.0
        first, last = begin // grain, end // grain
        if first == last:
            return rates[place(first)] * (end - begin) / grain
        total = rates[place(first)] * ((first + 1) * grain - begin) + rates[place(last)] * (end - last * grain)
        return total / grain + sum(rates[place(slot)] for slot in range(first + 1, last))

    def chance(self, profile: Profile, expected: float) -> float:
        """Return the chance that a source which is well shows a silence of so many expected arrivals once in a day.

        The rate itself is not sure: some days are slow, and it was learnt from only so many arrivals. So this is the
        chance of no arrival out of a Poisson process whose rate has a Gamma distribution.
        """
        clusters = expected / profile.dispersion
        weight = 1 / (1 / max(profile.weight / profile.dispersion, 1.0) + profile.moods)
        day = min(DAY_MS, self.rules.period)
        silences = max(1.0, sum(profile.rates) * day / self.rules.period / profile.dispersion)
        silence = exp(-weight * log1p(clusters / weight))
        return -expm1(silences * log1p(-silence)) if silence < 1 else 1.0

    def is_known(self, source: str, profile: Profile) -> bool:
        """Return whether enough is known of a source to judge it, and it is to be judged."""
        rules = self.rules
        enough = profile.history >= rules.min_history and profile.weight >= rules.min_arrivals
        return enough and source not in rules.ignore

    def judge(self, profile: Profile, last: int, now: int) -> Finding | None:
        """Judge the silence of a source.

        Args:
            profile: What was learnt about it.
            last: Its last arrival, ms.
            now: ms; everything that had reached the topics by then is known.

        Returns:
            None when the source is taken to be gone.
        """
        if now - last > self.rules.give_up:
            return None
        expected = self.expected(profile, last, now - self.rules.grace)
        chance = self.chance(profile, expected)
        rate = profile.rates[self._hours.place(now // self.rules.grain)] * HOUR_MS / self.rules.grain
        return Finding(last, max(0, now - last), expected, chance, chance < self.rules.level, rate)


def _without_the_busiest(counts: Sequence[int]) -> Sequence[int]:
    """Return counts of which one in two hundred is lowered to the largest of the others."""
    exempt = len(counts) // _BUSIEST
    if not exempt:
        return counts
    most = sorted(counts)[-1 - exempt]
    return [min(count, most) for count in counts] if most else counts


class _Miss(NamedTuple):
    """By how much a slot differed from what was learnt."""

    arrivals: int
    rate: float
    weight: float
    loose: float


def _dispersion(misses: Sequence[_Miss]) -> float:
    expected = sum(miss.weight * miss.rate for miss in misses)
    surprise = sum(miss.weight * (miss.arrivals - miss.rate) ** 2 / miss.loose for miss in misses)
    return max(1.0, surprise / expected) if expected else 1.0


def _moods(misses: Sequence[_Miss], dispersion: float, day: int) -> float:
    """Return the variance of the factor of a day (so many slots): what the dispersion within it does not explain."""
    explained, squares = 0.0, 0.0
    for begin in range(0, len(misses), day):
        slots = misses[begin : begin + day]
        expected = sum(slot.rate for slot in slots)
        miss = sum(slot.arrivals for slot in slots) - expected
        explained += slots[0].weight * (miss**2 / slots[0].loose - dispersion * expected)
        squares += slots[0].weight * expected**2
    return max(0.0, explained / squares) if squares else 0.0


def _smooth(arrived: Sequence[float], seen: Sequence[float]) -> list[float]:
    """Return arrivals per slot, where little was seen drawn to those of the slots beside."""
    count = len(seen)
    rates = []
    for where in range(count):
        beside = [((where + step) % count, share) for step, share in _KERNEL]
        watched = sum(share * seen[at] for at, share in beside)
        usual = sum(share * arrived[at] for at, share in beside) / watched if watched else 0.0
        rates.append((arrived[where] + _PRIOR) / (seen[where] + _PRIOR / usual) if usual else 0.0)
    return rates


class Verdict(Struct, frozen=True):
    """What a round of judging found.

    Attributes:
        now: The moment it is about, ms.
        findings: Source -> how its silence stands; only of sources that can be judged.
    """

    now: int
    findings: Mapping[str, Finding]
