"""When is a silence an alarm? Learnt from made-up sources whose truth is known."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from math import exp
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from bench.foresight import START, ZONE, poisson, try_out
from processors.arrivals import Arrivals, Heard
from processors.funnel import DAY_MS, HOUR_MS, MINUTE_MS
from processors.silence import Finding, Hours, Judge, Profile, SilenceRules

WEEK_MS = 7 * DAY_MS
RULES = SilenceRules(zone=ZONE)
JUDGE = Judge(RULES)


def heard(times: list[int]) -> Heard:
    return Heard(min(times), max(times), dict(Counter(at // HOUR_MS for at in times)))


def office(an_hour: int, weeks: int = 6, *, until: int = 17) -> list[int]:
    """So many leads in every hour from 9 to 17 on weekdays, at even distances (in January: the zone is UTC+1)."""
    hours = (
        START + (7 * week + day) * DAY_MS + (hour - 1) * HOUR_MS
        for week in range(weeks)
        for day in range(5)
        for hour in range(9, until)
    )
    return [hour + n * HOUR_MS // an_hour for hour in hours for n in range(an_hour)]


def judged(times: list[int], now: int, rules: SilenceRules = RULES) -> Finding | None:
    judge = Judge(rules)
    return judge.judge(judge.learn(heard(times), now), max(times), now)


def silent(times: list[int], now: int, rules: SilenceRules = RULES) -> bool:
    finding = judged(times, now, rules)
    return finding is not None and finding.is_silent


def test_a_source_is_learnt_by_the_hour_of_the_week() -> None:
    profile = JUDGE.learn(heard(office(10)), START + 6 * WEEK_MS)
    assert profile.rates[10] == pytest.approx(10, rel=0.02)  # Monday, 10 o'clock
    assert profile.rates[24 * 5 + 10] == 0  # Saturday
    assert profile.rates[3] == 0
    assert sum(profile.rates) == pytest.approx(400, rel=0.02)


def test_a_source_that_stops_in_the_day_is_called_within_hours() -> None:
    times = office(10)[:-40]  # the last Friday from 13 o'clock on is missing
    last = max(times)
    assert not silent(times, last + HOUR_MS)
    assert silent(times, last + 3 * HOUR_MS)


@pytest.mark.parametrize("half_life", [7 * DAY_MS, RULES.half_life])
def test_nothing_is_learnt_from_a_silence_while_it_lasts(half_life: int) -> None:
    rules, times = SilenceRules(half_life=half_life), office(3)
    arrivals = Arrivals(rules.grain, rules.memory)
    for at in times:
        arrivals.add(1, at)
    judge, last, profiles = Judge(rules), max(times), []
    for days in (1, 7, 14, 30):
        now = last + days * DAY_MS
        arrivals.prune(now)
        profiles.append(judge.learn(arrivals.heard[1], now))
    assert profiles[1:] == profiles[:-1]


def test_nights_and_weekends_are_quiet_by_themselves() -> None:
    times = office(10)
    friday_evening = max(times)
    assert all(not silent(times, friday_evening + hours * HOUR_MS) for hours in range(0, 63))
    assert silent(times, friday_evening + (64 + 4) * HOUR_MS)  # Monday noon


def test_the_chance_falls_with_the_silence_and_stands_still_at_night() -> None:
    times = office(10)
    evening = max(times) + 2 * HOUR_MS
    first, second = judged(times, evening), judged(times, evening + 10 * HOUR_MS)
    assert first is not None
    assert second is not None
    assert second.expected == pytest.approx(first.expected, rel=0.02)
    assert second.chance <= first.chance
    assert second.silence == first.silence + 10 * HOUR_MS


def test_the_hours_are_those_of_the_business_through_a_clock_change() -> None:
    hours = Hours(RULES)
    before = int(datetime(2026, 3, 27, 8, tzinfo=UTC).timestamp() * 1000)  # Friday 9:00 in winter
    after = int(datetime(2026, 4, 3, 7, tzinfo=UTC).timestamp() * 1000)  # Friday 9:00 in summer
    assert hours.place(before // HOUR_MS) == hours.place(after // HOUR_MS) == 4 * 24 + 9


def test_a_week_begins_on_monday() -> None:
    monday = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
    assert Hours(SilenceRules()).place(monday // HOUR_MS) == 0


def test_little_history_is_not_judged() -> None:
    few, young = [*office(1, weeks=1), START + 3 * WEEK_MS], office(10, weeks=2)
    for times in (few, young):
        assert not JUDGE.is_known("web", JUDGE.learn(heard(times), max(times) + HOUR_MS))
    enough = JUDGE.learn(heard(office(10, weeks=3)), START + 3 * WEEK_MS)
    assert JUDGE.is_known("web", enough)
    assert not Judge(structs.replace(RULES, ignore=frozenset({"web"}))).is_known("web", enough)


def test_a_silence_does_not_excuse_itself() -> None:
    times = office(10)
    profiles = [JUDGE.learn(heard(times), max(times) + wait) for wait in (HOUR_MS, 20 * DAY_MS)]
    assert profiles[0] == profiles[1]


def test_a_source_that_is_silent_for_very_long_is_taken_to_be_gone() -> None:
    times = office(10)
    assert judged(times, max(times) + RULES.give_up) is not None
    assert judged(times, max(times) + RULES.give_up + 1) is None


def test_old_weeks_fade() -> None:
    times = office(10, weeks=10)
    weaker = [*times, *(at + 10 * WEEK_MS for at in office(2, weeks=10))]
    monday = JUDGE.learn(heard(weaker), START + 20 * WEEK_MS).rates[10]
    assert 2 < monday < 4.5  # a plain mean says 6
    quick = Judge(structs.replace(RULES, half_life=7 * DAY_MS)).learn(heard(weaker), START + 20 * WEEK_MS)
    assert quick.rates[10] == pytest.approx(2, rel=0.1)


def test_an_import_of_old_leads_in_one_hour_is_not_expected_every_week() -> None:
    times = [*office(10), *(START + 2 * WEEK_MS + 3 * HOUR_MS + n for n in range(5_000))]
    profile = JUDGE.learn(heard(times), START + 6 * WEEK_MS)
    assert max(profile.rates) < 12


def test_sources_with_slow_days_are_given_more_time() -> None:
    steady = JUDGE.learn(heard(poisson(Random(1), 50, 12)), START + 12 * WEEK_MS)
    moody = JUDGE.learn(heard(poisson(Random(1), 50, 12, moods=0.4)), START + 12 * WEEK_MS)
    assert steady.moods < 0.05
    assert 0.1 < moody.moods < 0.25
    assert JUDGE.chance(moody, 15) > 10 * JUDGE.chance(steady, 15)


def test_arrivals_in_bunches_are_given_more_time() -> None:
    single = JUDGE.learn(heard(poisson(Random(1), 50, 8)), START + 8 * WEEK_MS)
    bunches = JUDGE.learn(heard(poisson(Random(1), 50, 8, bunch=4)), START + 8 * WEEK_MS)
    assert single.dispersion < 1.5
    assert bunches.dispersion > 3
    assert JUDGE.chance(bunches, 15) > 100 * JUDGE.chance(single, 15)


@given(st.floats(0, 200), st.floats(0, 200), st.floats(1, 20), st.floats(1, 1e6))
def test_the_chance_is_one_and_falls_with_what_was_expected(less: float, more: float, spread: float, n: float) -> None:
    profile = Profile((1.0,) * 168, spread, 0.1, n, WEEK_MS, 0)
    less, more = sorted((less, more))
    assert 0 <= JUDGE.chance(profile, more) <= JUDGE.chance(profile, less) <= JUDGE.chance(profile, 0) == 1


def test_a_well_known_source_of_one_lead_a_day_is_judged_by_the_poisson_law() -> None:
    profile = Profile((1 / 24,) * 168, 1.0, 0.0, 1e9, WEEK_MS, 0)
    assert JUDGE.chance(profile, 7.0) == pytest.approx(exp(-7), rel=1e-3)


@given(st.integers(0, 10 * DAY_MS), st.integers(0, 10 * DAY_MS), st.integers(0, 10 * DAY_MS))
def test_what_is_expected_adds_up(a: int, b: int, c: int) -> None:
    profile = Profile(tuple(float(n % 7) for n in range(168)), 1.0, 0.0, 1e4, WEEK_MS, 0)
    low, middle, high = sorted((START + a, START + b, START + c))
    parts = JUDGE.expected(profile, low, middle) + JUDGE.expected(profile, middle, high)
    assert parts == pytest.approx(JUDGE.expected(profile, low, high), abs=1e-6)


def test_leads_that_usually_come_late_are_waited_for() -> None:
    times = office(10)[:-40]
    patient = structs.replace(RULES, grace=4 * HOUR_MS)
    assert silent(times, max(times) + 3 * HOUR_MS)
    assert not silent(times, max(times) + 3 * HOUR_MS, patient)


@pytest.mark.thorough
@pytest.mark.parametrize(("a_day", "bunch", "moods"), [(5, 1.0, 0.0), (40, 1.0, 0.0), (40, 1.0, 0.3), (40, 4.0, 0.0)])
def test_sources_that_are_well_are_hardly_ever_called_silent_and_dead_ones_soon(
    a_day: float, bunch: float, moods: float
) -> None:
    trials = [try_out(poisson(Random(seed), a_day, 16, bunch=bunch, moods=moods), RULES) for seed in range(3)]
    days = sum(trial.days for trial in trials)
    assert days > 250
    assert sum(trial.alarms for trial in trials) <= 3, "one in a thousand days is promised"
    delays = sorted(delay for trial in trials for delay in trial.delays)
    assert delays[len(delays) // 2] < 24 * 30 * bunch / a_day  # 30 arrivals, or bunches, of an average day at most


def test_a_demonstration_learns_in_a_minute() -> None:
    rules = structs.replace(
        RULES, period=2_000, grain=1_000, half_life=300_000, min_history=20_000, min_arrivals=10, grace=0
    )
    times = [START + 500 * n for n in range(60)]
    judge = Judge(rules)
    slots = dict(Counter(at // 1_000 for at in times))
    profile = judge.learn(Heard(times[0], times[-1], slots), times[-1] + 2_000)
    assert judge.is_known("web", profile)
    waits = [
        wait
        for wait in range(0, MINUTE_MS, 100)
        if (found := judge.judge(profile, times[-1], times[-1] + wait)) and found.is_silent
    ]
    assert 3_000 < waits[0] < 8_000
