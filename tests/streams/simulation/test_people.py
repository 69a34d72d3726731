"""Who works when."""

from datetime import UTC, datetime
from random import Random
from zoneinfo import ZoneInfo

from streams.simulation.parameters import ALWAYS, NO_FAULTS, Shift, Team
from streams.simulation.people import Crew, Hours

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MINUTE = 60_000
HOUR = 60 * MINUTE


def chance(seed: int) -> Random:
    return Random(seed)


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=AMSTERDAM).timestamp() * 1000)


def office() -> Hours:
    return Hours(Shift(start="09:00", end="17:00"), "Europe/Amsterdam")


def test_work_within_the_hours_takes_its_time() -> None:
    assert office().after(ms("2026-11-18T10:00"), 30 * MINUTE) == ms("2026-11-18T10:30")


def test_work_that_is_not_done_by_the_evening_goes_on_in_the_morning() -> None:
    assert office().after(ms("2026-11-18T16:45"), 30 * MINUTE) == ms("2026-11-19T09:15")


def test_a_weekend_is_passed_over() -> None:
    assert office().after(ms("2026-11-20T18:00")) == ms("2026-11-23T09:00")


def test_work_of_several_days_counts_only_the_hours_open() -> None:
    assert office().after(ms("2026-11-16T09:00"), 20 * HOUR) == ms("2026-11-18T13:00")


def test_the_shift_begins_at_the_same_local_time_after_a_clock_change() -> None:
    assert office().after(ms("2026-03-27T18:00")) == ms("2026-03-30T09:00")


def test_a_shift_past_midnight_ends_on_the_next_day() -> None:
    night = Hours(Shift(days=("mon",), start="22:00", end="06:00"), "Europe/Amsterdam")
    assert night.after(ms("2026-11-17T05:00"), 30 * MINUTE) == ms("2026-11-17T05:30")
    assert night.after(ms("2026-11-17T05:45"), 30 * MINUTE) == ms("2026-11-23T22:15")


def test_a_team_that_is_always_there_never_waits() -> None:
    hours = Hours(ALWAYS[0], "Asia/Manila")
    time = int(datetime(2026, 11, 21, 16, 30, tzinfo=UTC).timestamp() * 1000)
    assert hours.after(time, 100 * HOUR) == time + 100 * HOUR


def test_a_lead_goes_to_somebody_who_is_at_work() -> None:
    team = Team(name="t", agents=6, shifts=(Shift(start="06:00", end="14:00"), Shift(start="14:00", end="22:00")))
    crew = Crew(team, NO_FAULTS, chance(1))
    late = ms("2026-11-18T15:00")
    assert all(crew.pick(chance(n), late).hours.after(late) == late for n in range(50))


def test_people_differ_in_pace_and_keep_their_names() -> None:
    crew = Crew(Team(name="t", agents=5), NO_FAULTS, chance(1))
    people = {agent.name: agent.pace for agent in (crew.pick(chance(n), ms("2026-11-18T15:00")) for n in range(200))}
    assert sorted(people) == ["t-01", "t-02", "t-03", "t-04", "t-05"]
    assert len(set(people.values())) == 5
