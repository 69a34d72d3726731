"""When leads arrive."""

from collections import Counter
from datetime import UTC, datetime
from itertools import pairwise, takewhile
from random import Random

import pytest

from streams.simulation.arrivals import HOUR, Intensity, arrivals_at, arrivals_between
from streams.simulation.parameters import Rhythm

MONDAY = int(datetime(2026, 11, 16, tzinfo=UTC).timestamp() * 1000)
DAY = 24 * HOUR
OFFICE = Rhythm(zone="UTC", hours=(0.0,) * 9 + (1.0,) * 8 + (0.0,) * 7, days=(1.0,) * 5 + (0.0, 0.0))


def chance(seed: int) -> Random:
    return Random(seed)


def test_exactly_as_many_leads_arrive_as_were_asked_for_and_in_order() -> None:
    times = list(arrivals_between(Rhythm(), chance(1), MONDAY, MONDAY + 3 * DAY, 5000))
    assert len(times) == 5000
    assert all(a <= b for a, b in pairwise(times))
    assert times[0] >= MONDAY
    assert times[-1] < MONDAY + 3 * DAY


def test_nobody_arrives_in_an_hour_or_on_a_day_of_weight_nought() -> None:
    times = list(arrivals_between(OFFICE, chance(2), MONDAY, MONDAY + 14 * DAY, 2000))
    seen = Counter((moment.weekday() < 5, 9 <= moment.hour < 17) for moment in map(_utc, times))
    assert set(seen) == {(True, True)}


def test_busy_hours_get_leads_in_proportion_to_their_weight() -> None:
    rhythm = Rhythm(zone="UTC", hours=(1.0,) * 12 + (3.0,) * 12, days=(1.0,) * 7)
    times = list(arrivals_between(rhythm, chance(3), MONDAY, MONDAY + 7 * DAY, 20_000))
    afternoon = sum(_utc(time).hour >= 12 for time in times)
    assert afternoon == pytest.approx(15_000, rel=0.02)


def test_the_hours_are_those_of_the_zone_on_both_sides_of_a_clock_change() -> None:
    intensity = Intensity(Rhythm(zone="Europe/Amsterdam", hours=(0.0,) * 9 + (1.0,) + (0.0,) * 14, days=(1.0,) * 7))
    summer = int(datetime(2026, 10, 24, 7, tzinfo=UTC).timestamp() * 1000)
    winter = int(datetime(2026, 10, 26, 8, tzinfo=UTC).timestamp() * 1000)
    assert intensity.at(summer) == intensity.at(winter) == pytest.approx(24)
    assert intensity.at(winter - HOUR) == 0


def test_a_rate_is_kept_as_the_mean_over_a_week() -> None:
    times = list(takewhile(lambda t: t < MONDAY + 7 * DAY, arrivals_at(Rhythm(), chance(4), MONDAY, 60.0)))
    assert len(times) == pytest.approx(60 * 24 * 7, rel=0.05)


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
