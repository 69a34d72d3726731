"""The days of the business, where the clocks do as they like."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.calendar_days import Days, midnights
from tests.examples import examples

ODD = (
    "America/Sao_Paulo", "America/Havana", "America/St_Johns", "Asia/Beirut", "Asia/Kathmandu", "Asia/Tehran",
    "Africa/Cairo", "Africa/Casablanca", "Atlantic/Azores", "Australia/Lord_Howe", "Pacific/Apia", "Pacific/Chatham",
    "Europe/Dublin", "Antarctica/Troll",
)  # fmt: skip
"""Skipped and repeated midnights, offsets of half and quarter hours, changes by half an hour, a day left out."""


def utc(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


def length(zone: str, day: date) -> int:
    days = Days(zone)
    index = days.day_of(day)
    return days.start(index + 1) - days.start(index)


@pytest.mark.parametrize(
    ("zone", "day", "first"),
    [
        # At 00:00 the clocks went to 01:00: the day starts with the first minute that exists.
        ("America/Sao_Paulo", date(2018, 11, 4), "2018-11-04T03:00"),
        ("Asia/Beirut", date(2026, 3, 29), "2026-03-28T22:00"),
        ("Africa/Cairo", date(2026, 4, 24), "2026-04-23T22:00"),
        # At 01:00 back to 00:00: midnight comes twice, the first one counts.
        ("America/Havana", date(2025, 11, 2), "2025-11-02T04:00"),
        ("Asia/Kathmandu", date(2026, 3, 20), "2026-03-19T18:15"),
        ("America/St_Johns", date(2026, 7, 1), "2026-07-01T02:30"),
        ("UTC", date(2026, 3, 20), "2026-03-20T00:00"),
    ],
)
def test_a_day_starts_at_its_first_minute(zone: str, day: date, first: str) -> None:
    days = Days(zone)
    assert days.start(days.day_of(day)) == utc(first)


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Amsterdam", date(2026, 3, 29), 23),
        ("Europe/Amsterdam", date(2026, 10, 25), 25),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Africa/Cairo", date(2026, 4, 24), 23),
        ("Australia/Lord_Howe", date(2026, 10, 4), 23.5),
        ("Europe/Amsterdam", date(2026, 3, 20), 24),
        ("Pacific/Apia", date(2011, 12, 30), 0),
    ],
)
def test_a_day_is_as_long_as_the_clocks_make_it(zone: str, day: date, hours: float) -> None:
    assert length(zone, day) == hours * 60


@given(st.sampled_from(ODD), st.integers(utc("2000-01-01"), utc("2060-01-01")))
@examples(150)
def test_every_minute_lies_in_the_local_day_that_the_clock_on_the_wall_shows(zone: str, minute: int) -> None:
    days = Days(zone)
    wall = datetime.fromtimestamp(minute * 60, UTC).astimezone(ZoneInfo(zone)).date()
    found = days.date_of(days.index(minute))
    assert days.midnight(minute) <= minute < days.start(days.index(minute) + 1)
    # Where the clock goes back over midnight, the repeated minutes of the evening belong to the day that had begun.
    assert found == wall or (found == wall + timedelta(days=1) and minute - days.midnight(minute) < 60)


@pytest.mark.parametrize("zone", ODD)
def test_days_follow_each_other_and_begin_on_a_quarter_of_an_hour(zone: str) -> None:
    starts = midnights(zone)
    assert all(start % 15 == 0 for start in starts)
    assert all(0 <= b - a <= 26 * 60 for a, b in pairwise(starts))
    assert starts[0] < utc("2000-01-01")
    assert starts[-1] > utc("2061-01-01")


def test_midnights_of_all_zones_lie_on_a_quarter_of_an_hour_around_every_change() -> None:
    # All days of all zones take a minute: here the days of one year in which most zones changed something.
    for zone in sorted(available_timezones()):
        tz = ZoneInfo(zone)
        for n in range(0, 366, 3):
            day = date(2011, 1, 1) + timedelta(days=n)
            start = datetime(day.year, day.month, day.day, tzinfo=tz).timestamp()
            assert start % 900 == 0, (zone, day)


def test_dates_and_numbers_of_days_are_inverse() -> None:
    days = Days("UTC")
    for day in (date(2000, 1, 1), date(2024, 2, 29), date(2059, 12, 31)):
        assert days.date_of(days.day_of(day)) == day
        assert days.start(days.day_of(day)) == utc(day.isoformat())


def test_what_lies_before_the_first_day_belongs_to_it() -> None:
    days = Days("UTC")
    assert days.index(1) == 0
    assert days.start(-5) == days.start(0) == days.midnight(1)
