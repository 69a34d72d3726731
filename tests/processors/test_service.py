"""How fast waits end: life tables against made-up truths."""

from __future__ import annotations

from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.funnel import DAY_MS, HOUR_MS, MINUTE_MS
from processors.lives import BANDS
from processors.policies import FIRST_ATTEMPT, FIRST_CONTACT
from processors.service import AFTER_ATTEMPT, ATTEMPTED, ENDED, GOES_ON, Service, band_of
from tests.processors.events import T0_MS

NORTH, SOUTH = (2, FIRST_ATTEMPT), (3, FIRST_ATTEMPT)


def taught(team: tuple[int, int], mean_minutes: float, waits: int, service: Service | None = None) -> Service:
    """Waits of a constant hazard, each watched for half an hour at most."""
    service, rng = service or Service(DAY_MS), Random(5)
    for number in range(waits):
        length = int(rng.expovariate(1 / (mean_minutes * MINUTE_MS)))
        at = T0_MS + number * 1_000
        if length < 30 * MINUTE_MS:
            service.learn(team, 0, length, at, ENDED)
        else:
            service.learn(team, 0, 30 * MINUTE_MS, at, GOES_ON)
    service.refresh()
    return service


@pytest.mark.parametrize("mean", [3, 10, 60])
def test_a_constant_hazard_is_found(mean: int) -> None:
    curve = taught(NORTH, mean, 3_000).curve(NORTH, T0_MS + HOUR_MS)
    for minutes in (1, 5, 15, 30):
        assert curve.goes_on(0, minutes * MINUTE_MS) == pytest.approx(exp(-minutes / mean), abs=0.03)


def test_only_what_follows_is_judged_when_a_wait_comes_into_view_late() -> None:
    service = Service(DAY_MS)
    for number in range(500):
        service.learn(NORTH, 10 * MINUTE_MS, 12 * MINUTE_MS, T0_MS + number, ENDED if number % 2 else GOES_ON)
    curve = service.curve(NORTH, T0_MS)
    assert curve.goes_on(10 * MINUTE_MS, 12 * MINUTE_MS) == pytest.approx(exp(-0.5), abs=0.02)


def test_a_team_of_which_little_is_known_is_taken_to_be_like_the_others() -> None:
    service = taught(NORTH, 5, 2_000)
    service.learn(SOUTH, 0, 20 * MINUTE_MS, T0_MS, GOES_ON)
    chance = service.curve(SOUTH, T0_MS).goes_on(0, 10 * MINUTE_MS)
    assert chance == pytest.approx(exp(-10 / 5), abs=0.1)
    slow = taught(SOUTH, 60, 2_000, service).curve(SOUTH, T0_MS).goes_on(0, 10 * MINUTE_MS)
    assert slow == pytest.approx(exp(-10 / 60), abs=0.05)


def test_nothing_known_is_a_guess_and_no_error() -> None:
    assert 0.2 < Service(DAY_MS).curve(NORTH, T0_MS).goes_on(0, 15 * MINUTE_MS) < 0.6


def test_what_was_learnt_long_ago_fades() -> None:
    service = taught(NORTH, 60, 1_000)
    for number in range(200):
        service.learn(NORTH, 0, 2 * MINUTE_MS, T0_MS + 10 * DAY_MS + number, ENDED)
    service.refresh()
    assert service.curve(NORTH, T0_MS + 10 * DAY_MS).goes_on(0, 5 * MINUTE_MS) < 0.3


def test_weights_never_overflow() -> None:
    service = Service(MINUTE_MS)
    for day in range(0, 400, 40):
        service.learn(NORTH, 0, MINUTE_MS, T0_MS + day * DAY_MS, ENDED)
    service.learn(NORTH, 0, MINUTE_MS, T0_MS, ENDED)  # late, and worth nothing any more
    assert 0 < service.curve(NORTH, T0_MS + 400 * DAY_MS).goes_on(0, MINUTE_MS) < 1
    assert 0 < service.curve(NORTH, T0_MS + 4_000 * DAY_MS).goes_on(0, MINUTE_MS) < 1


def test_the_order_of_learning_does_not_matter() -> None:
    waits = [(Random(n).randrange(HOUR_MS), T0_MS + n * HOUR_MS) for n in range(50)]
    chances = []
    for order in (waits, waits[::-1]):
        service = Service(DAY_MS)
        for length, at in order:
            service.learn(NORTH, 0, length, at, ENDED)
        chances.append(service.curve(NORTH, T0_MS + 51 * HOUR_MS).goes_on(0, HOUR_MS))
    assert chances[0] == pytest.approx(chances[1])


def test_a_contact_tried_in_vain_is_another_wait() -> None:
    """Half of the first attempts succeed, after 4 minutes on average; the next one comes after 60."""
    service, rng = Service(DAY_MS), Random(3)
    contact, after = (2, FIRST_CONTACT), (2, AFTER_ATTEMPT)
    for number in range(4_000):
        at, first = T0_MS + number * 100, int(rng.expovariate(1 / (4 * MINUTE_MS)))
        service.learn(contact, 0, first, at, ENDED if number % 2 else ATTEMPTED)
        if number % 2 == 0:
            service.learn(after, 0, int(rng.expovariate(1 / HOUR_MS)), at, ENDED)
    service.refresh()
    curve = service.curve(contact, T0_MS + HOUR_MS)
    until = 30
    # P(T1 > t) + half of P(T1 + T2 > t, T1 <= t), T1 and T2 exponential.
    a, b = 1 / 4, 1 / 60
    both = a / (a - b) * (exp(-b * until) - exp(-a * until))
    assert curve.goes_on(0, until * MINUTE_MS) == pytest.approx(exp(-a * until) + both / 2, abs=0.03)
    assert service.curve(after, T0_MS).goes_on(0, 30 * MINUTE_MS) == pytest.approx(exp(-0.5), abs=0.05)


@given(st.lists(st.integers(0, 40 * DAY_MS), min_size=3, max_size=3), st.integers(1, 500))
def test_a_chance_is_between_none_and_one_and_falls_with_time(ages: list[int], waits: int) -> None:
    age, sooner, later = sorted(ages)
    curve = taught(NORTH, 10, waits).curve(NORTH, T0_MS)
    assert 0 <= curve.goes_on(age, later) <= curve.goes_on(age, sooner) <= 1
    assert curve.goes_on(age, age) == 1


def test_what_was_learnt_comes_back() -> None:
    service, other = taught(NORTH, 7, 300), Service(DAY_MS)
    other.load(service.packed())
    assert other.packed() == service.packed()
    assert other.curve(NORTH, T0_MS).goes_on(0, HOUR_MS) == service.curve(NORTH, T0_MS).goes_on(0, HOUR_MS)


def test_bands_double() -> None:
    assert [band_of(ms) for ms in (0, 999, 1_000, 1_999, 2_000, 3_999, 4_000)] == [0, 0, 1, 1, 2, 2, 3]
    assert band_of(10**12) == BANDS - 1
