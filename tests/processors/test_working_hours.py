"""Hours of a calendar, where the clocks do as they like: every case counted on paper."""

from __future__ import annotations

from datetime import date

import pytest

from processors.calendars import WorkCalendar
from processors.working_hours import ALL_DAY, ALWAYS, CLOSED, END_MINUTE, CalendarSpec, spans
from tests.processors.wall_clock import Counted, minute, moment, office, shifts

HOUR = 3_600_000


def daily(zone: str, *texts: str) -> CalendarSpec:
    day = shifts(*texts)
    return CalendarSpec(zone=zone, week=(day,) * 7)


def hours(spec: CalendarSpec, begin: str, end: str) -> float:
    """Return the working hours of a span, given as UTC, and see that the minutes agree."""
    worked = WorkCalendar(spec).working_between(moment(begin), moment(end))
    assert worked == Counted(spec, minute(begin), minute(end) - minute(begin)).between(moment(begin), moment(end))
    return worked / HOUR


@pytest.mark.parametrize(
    ("zone", "shift", "begin", "end", "expected"),
    [
        # Amsterdam, spring 2026: 02:00 becomes 03:00 on 29 March.
        ("Europe/Amsterdam", "22:00-06:00", "2026-03-28T12:00", "2026-03-29T12:00", 7),
        ("Europe/Amsterdam", "00:00-24:00", "2026-03-28T23:00", "2026-03-29T22:00", 23),
        ("Europe/Amsterdam", "02:00-03:00", "2026-03-28T23:00", "2026-03-29T22:00", 0),
        ("Europe/Amsterdam", "02:30-04:00", "2026-03-28T23:00", "2026-03-29T22:00", 1),
        ("Europe/Amsterdam", "01:00-02:30", "2026-03-28T23:00", "2026-03-29T22:00", 1),
        ("Europe/Amsterdam", "08:00-18:00", "2026-03-28T23:00", "2026-03-29T22:00", 10),
        # Autumn 2011: 03:00 becomes 02:00 on 30 October; the hour from 02:00 comes twice.
        ("Europe/Amsterdam", "22:00-06:00", "2011-10-29T12:00", "2011-10-30T12:00", 9),
        ("Europe/Amsterdam", "00:00-24:00", "2011-10-29T22:00", "2011-10-30T23:00", 25),
        ("Europe/Amsterdam", "02:00-03:00", "2011-10-29T22:00", "2011-10-30T23:00", 2),
        ("Europe/Amsterdam", "02:15-02:45", "2011-10-29T22:00", "2011-10-30T23:00", 1),
        ("Europe/Amsterdam", "01:30-02:30", "2011-10-29T22:00", "2011-10-30T23:00", 1.5),
        ("Europe/Amsterdam", "02:30-04:00", "2011-10-29T22:00", "2011-10-30T23:00", 2),
        ("Europe/Amsterdam", "01:00-03:00", "2026-03-28T23:00", "2026-03-29T22:00", 1),
        ("America/New_York", "01:00-03:00", "2026-03-08T05:00", "2026-03-09T04:00", 1),
        ("America/New_York", "01:00-03:00", "2026-11-01T04:00", "2026-11-02T05:00", 3),
        # Half an hour, on the other side of the world.
        ("Australia/Lord_Howe", "00:00-24:00", "2026-10-03T13:30", "2026-10-04T13:00", 23.5),
        ("Australia/Lord_Howe", "01:00-03:00", "2026-04-04T13:00", "2026-04-05T13:30", 2.5),
        # At midnight: Tehran leaves out 00:00-01:00, Sao Paulo repeats 23:00-24:00.
        ("Asia/Tehran", "00:00-02:00", "2022-03-21T12:00", "2022-03-22T12:00", 1),
        ("Asia/Tehran", "22:00-02:00", "2022-03-21T12:00", "2022-03-22T12:00", 3),
        ("America/Sao_Paulo", "22:00-06:00", "2018-02-17T15:00", "2018-02-18T15:00", 9),
        ("America/Sao_Paulo", "23:30-00:30", "2018-02-17T15:00", "2018-02-18T15:00", 1.5),
        ("America/Sao_Paulo", "00:00-08:00", "2018-11-04T02:00", "2018-11-04T14:00", 7),
        # One minute into the day back to 23:01: until 2011 in Newfoundland.
        ("America/St_Johns", "00:00-01:00", "2010-11-06T12:00", "2010-11-07T12:00", 61 / 60),
        # Summer time of one week, the shortest there was.
        ("America/Recife", "08:00-09:00", "2000-10-10T10:00", "2000-10-10T11:00", 1),
        # The clock of Morocco goes back for Ramadan: 03:00 becomes 02:00.
        ("Africa/Casablanca", "01:00-04:00", "2026-02-15T00:00", "2026-02-15T12:00", 4),
        # Samoa went from 29 to 31 December. The clock of the night showed 22:00 to 06:00 without a gap.
        ("Pacific/Apia", "00:00-24:00", "2011-12-29T10:00", "2011-12-31T10:00", 48),
        ("Pacific/Apia", "22:00-06:00", "2011-12-29T20:00", "2011-12-30T20:00", 8),
        ("Asia/Kathmandu", "09:00-17:00", "2026-01-01T03:15", "2026-01-01T11:15", 8),
    ],
)
def test_a_shift_is_what_the_clock_on_the_wall_shows(
    zone: str, shift: str, begin: str, end: str, expected: float
) -> None:
    spec = daily(zone, shift)
    assert hours(spec, begin, end) == expected
    found = spans(spec)
    assert all(begin < end for begin, end in zip(found.begins, found.ends, strict=True))
    assert all(end < begin for end, begin in zip(found.ends, found.begins[1:], strict=False))


def test_a_holiday_takes_the_shifts_that_begin_on_it_and_no_others() -> None:
    # Thursday 24 to Saturday 26 December, nights from 22:00 to 06:00; Friday is a holiday.
    nights = office("UTC", "22:00-06:00", d2026_12_25=CLOSED)
    assert hours(nights, "2026-12-24T12:00", "2026-12-25T12:00") == 8
    assert hours(nights, "2026-12-25T00:00", "2026-12-26T00:00") == 6
    assert hours(nights, "2026-12-25T12:00", "2026-12-26T12:00") == 0


def test_a_date_may_have_hours_of_its_own_on_any_day_of_the_week() -> None:
    spec = office(
        "Europe/Amsterdam",
        "08:00-12:00",
        "13:00-17:00",
        d2026_12_24=shifts("09:00-12:00"),
        d2026_12_26=shifts("22:00-02:00"),
    )
    assert hours(spec, "2026-12-23T00:00", "2026-12-23T23:00") == 8
    assert hours(spec, "2026-12-24T00:00", "2026-12-24T23:00") == 3
    assert hours(spec, "2026-12-26T00:00", "2026-12-28T00:00") == 4  # Saturday night


def test_shifts_that_overlap_or_touch_are_worked_once() -> None:
    apart = daily("UTC", "08:00-12:00", "12:00-14:00", "10:00-13:00", "22:00-09:00")
    assert hours(apart, "2026-06-01T00:00", "2026-06-02T00:00") == 16
    assert spans(apart).begins[2] - spans(apart).begins[1] == 1440


def test_a_shift_that_a_clock_change_cuts_in_two_is_one_span() -> None:
    night = daily("Europe/Amsterdam", "22:00-06:00")
    found = spans(night)
    lengths = {end - begin for begin, end in zip(found.begins, found.ends, strict=True)}
    # Four and three hours of the nights into 2000 and out of 2060 lie beyond the calendar: 01:00 and 24:00 UTC.
    assert lengths == {480, 420, 540, 300, 180}


def test_a_clock_change_may_leave_a_shift_in_two_spans() -> None:
    begins, ends = spans(daily("Europe/Amsterdam", "01:30-02:30"))
    at = begins.index(minute("2011-10-29T23:30"))
    assert (ends[at], begins[at + 1], ends[at + 1]) == (
        minute("2011-10-30T00:30"), minute("2011-10-30T01:00"), minute("2011-10-30T01:30"),
    )  # fmt: skip


@pytest.mark.parametrize(
    "spec",
    [
        ALWAYS,
        CalendarSpec(zone="Europe/Amsterdam"),
        CalendarSpec(zone="Pacific/Apia", dates=((date(2011, 12, 30), CLOSED),)),
    ],
)
def test_the_whole_week_is_one_span_in_every_zone(spec: CalendarSpec) -> None:
    begin = 0 if spec is ALWAYS else minute("2000-01-01")
    assert spans(spec) == ([begin], [END_MINUTE])


def test_what_spring_leaves_out_comes_twice_in_autumn() -> None:
    sundays = 3183
    begins, _ = spans(CalendarSpec(zone="Europe/Amsterdam", week=((), (), (), (), (), (), shifts("02:00-02:30"))))
    assert len(begins) == sundays
    assert len({begin // 1440 for begin in begins}) == sundays - 61


def test_a_calendar_may_have_no_working_time() -> None:
    assert spans(office("Europe/Amsterdam")) == ([], [])


def test_the_years_end_where_they_end() -> None:
    begins, ends = spans(office("Pacific/Kiritimati", "00:00-24:00"))
    assert begins[0] == minute("2000-01-02T10:00")  # Monday there
    assert ends[-1] == minute("2060-12-31T10:00")  # Saturday
    assert spans(office("America/Adak", "00:00-24:00")).ends[-1] == END_MINUTE == minute("2061-01-01T00:00")
    assert spans(CalendarSpec(zone="America/Adak", dates=((date(1999, 12, 31), ALL_DAY),))).begins == [
        minute("2000-01-01T00:00")
    ]
