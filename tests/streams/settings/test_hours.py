from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.settings.hours import parse_dates, parse_week

SAT, SUN = 5, 6
DAYS = st.dates(date(2000, 1, 1), date(2060, 12, 31))


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@pytest.mark.parametrize(
    ("text", "days", "shifts"),
    [
        ("Mon-Fri 08:00-18:00", (0, 1, 2, 3, 4), ((480, 1080),)),
        ("Sat 9:30-13:00", (SAT,), ((570, 780),)),
        ("Mon,Wed,Fri-Sun 08:00-12:00, 13:00-17:00", (0, 2, 4, SAT, SUN), ((480, 720), (780, 1020))),
        ("Sat-Mon 22:00-06:00", (SAT, SUN, 0), ((1320, 1800),)),
        ("Sun 00:00-24:00", (SUN,), ((0, 1440),)),
        ("Sun 16:00-00:00,00:01-00:00", (SUN,), ((960, 1440), (1, 1440))),
    ],
)
def test_hours_of_the_week_are_read(text: str, days: tuple[int, ...], shifts: tuple[tuple[int, int], ...]) -> None:
    assert parse_week(text) == (days, shifts)


@given(st.integers(0, 1439), st.integers(1, 1439))
def test_a_shift_ends_within_a_day(begin: int, length: int) -> None:
    (shift,) = parse_week(f"Mon {clock(begin)}-{clock((begin + length) % 1440)}").shifts
    assert shift == (begin, begin + length)


@pytest.mark.parametrize(
    ("text", "first", "count", "last"),
    [
        ("2026-12-24 09:00-12:00", date(2026, 12, 24), 1, date(2026, 12, 24)),
        ("2026-12-28..2027-01-02 closed", date(2026, 12, 28), 6, date(2027, 1, 2)),
        ("12-24 09:00-12:00", date(2000, 12, 24), 61, date(2060, 12, 24)),
        ("02-29 closed", date(2000, 2, 29), 16, date(2060, 2, 29)),
        ("02-28..03-01 usual", date(2000, 2, 28), 61 * 2 + 16, date(2060, 3, 1)),
        ("12-27..01-01 closed", date(2000, 1, 1), 61 * 6, date(2060, 12, 31)),
    ],
)
def test_dates_are_read_and_written_out(text: str, first: date, count: int, last: date) -> None:
    days = list(parse_dates(text).days())
    assert days == sorted(set(days))
    assert (days[0], len(days), days[-1]) == (first, count, last)


def test_dates_have_hours_or_none_or_those_of_the_week() -> None:
    assert parse_dates("05-05 09:00-12:00,13:00-14:00").shifts == ((540, 720), (780, 840))
    assert parse_dates("05-05 closed").shifts == ()
    assert parse_dates("05-05 usual").shifts is None


@given(DAYS, DAYS)
@settings(max_examples=25)
def test_days_of_every_year_are_those_between_their_ends_also_over_new_year(first: date, last: date) -> None:
    def of_year(day: date) -> tuple[int, int]:
        return day.month, day.day

    a, b = of_year(first), of_year(last)
    days = {of_year(day) for day in parse_dates(f"{first:%m-%d}..{last:%m-%d} closed").days()}
    assert {a, b} <= days
    for day in (date(2024, 1, 1), date(2024, 6, 15), date(2024, 12, 31)):
        inside = a <= of_year(day) <= b if a <= b else not b < of_year(day) < a
        assert (of_year(day) in days) == inside


@given(st.text() | st.from_regex(r"[MTWFS][a-z]{2}(-[MTWFS][a-z]{2})? [0-9:,\- ]*"))
def test_any_text_is_hours_or_refused_with_a_reason(text: str) -> None:
    for parse in (parse_week, parse_dates):
        try:
            parse(text)
        except ValueError as error:
            assert '"' in str(error)
