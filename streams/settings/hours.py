"""How working hours are written: "Mon-Fri 08:00-12:00, 13:00-17:00" for the week, "12-24 09:00-12:00" for a date."""

from __future__ import annotations

import re
from calendar import isleap
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

from processors.working_hours import CLOSED, Shift, Shifts
from streams.settings.rules import Parsed, nearest

YEARS = range(2000, 2061)
"""Years that calendars are made for."""

_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_HOURS = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)-(?:([01]?\d|2[0-3]):([0-5]\d)|24:00)", re.ASCII)
_DATE = re.compile(r"(?:(\d{4})-)?(\d\d)-(\d\d)", re.ASCII)
_WORDS: dict[str, Shifts | None] = {"closed": CLOSED, "usual": None}
_DAY = 1440
_LEAP_YEAR = 2000  # has every day of a year
_LEAP_DAY = date(_LEAP_YEAR, 2, 29)


class WeekHours(NamedTuple):
    """Hours of some weekdays.

    Attributes:
        days: Weekdays, 0 for Monday.
        shifts: Their hours.
    """

    days: tuple[int, ...]
    shifts: Shifts


class DateHours(NamedTuple):
    """Hours of some dates.

    Attributes:
        first: The first day; for days of every year, the one in a leap year.
        last: The last one. Days of every year may go on into the next.
        yearly: Whether they are days of every year.
        shifts: Their hours; None for those that the week has.
    """

    first: date
    last: date
    yearly: bool
    shifts: Shifts | None

    def days(self) -> Iterator[date]:
        """Yield all days that are meant, from 2000 to 2060."""
        if not self.yearly:
            yield from _days(self.first, self.last)
            return
        turns = self.last < self.first
        in_a_year = [
            day
            for day in _days(date(_LEAP_YEAR, 1, 1), date(_LEAP_YEAR, 12, 31))
            if self.first <= day <= self.last or (turns and not self.last < day < self.first)
        ]
        for year in YEARS:
            yield from (day.replace(year=year) for day in in_a_year if isleap(year) or day != _LEAP_DAY)


def _days(first: date, last: date) -> Iterator[date]:
    return (first + timedelta(days=n) for n in range((last - first).days + 1))


def parse_week(text: str) -> WeekHours:
    """Read hours of weekdays.

    Raises:
        ValueError: They cannot be understood; it says why.
    """
    days, _, hours = text.partition(" ")
    if not hours:
        raise ValueError(f'must be {WEEK.text}, got "{text}"')
    found = [day for part in days.split(",") for day in _weekdays(part)]
    return WeekHours(tuple(found), _shifts(hours))


def _weekdays(text: str) -> list[int]:
    first, dash, last = text.partition("-")
    begin, end = _weekday(first), _weekday(last if dash else first)
    return [(begin + n) % 7 for n in range((end - begin) % 7 + 1)]


def _weekday(name: str) -> int:
    if name in _WEEKDAYS:
        return _WEEKDAYS.index(name)
    raise ValueError(f'unknown weekday "{name}"{nearest(name, _WEEKDAYS) or "; they are " + ", ".join(_WEEKDAYS)}')


def _shifts(text: str) -> Shifts:
    return tuple(_shift(part.strip()) for part in text.split(","))


def _shift(text: str) -> Shift:
    match = _HOURS.fullmatch(text)
    if not match:
        raise ValueError(f'"{text}" is no span of time such as "08:00-18:00"{nearest(text, tuple(_WORDS))}')
    hour, minute, end_hour, end_minute = (int(group or 0) for group in match.groups())
    begin, end = hour * 60 + minute, end_hour * 60 + end_minute
    if match[3] is None:
        end = _DAY
    if begin == end:
        raise ValueError(f'"{text}" begins and ends at one time; a whole day is "00:00-24:00"')
    return Shift(begin, end if end > begin else end + _DAY)


def parse_dates(text: str) -> DateHours:
    """Read hours of dates.

    Raises:
        ValueError: They cannot be understood; it says why.
    """
    dates, _, hours = text.partition(" ")
    if not hours:
        raise ValueError(f'must be {DATES.text}, got "{text}"')
    first, yearly = _date(dates.partition("..")[0])
    last, last_yearly = _date(dates.partition("..")[2] or dates)
    if yearly != last_yearly:
        raise ValueError(f'"{dates}" has a year at one end only')
    if last < first and not yearly:
        raise ValueError(f'"{dates}" ends before it begins')
    return DateHours(first, last, yearly, _WORDS[hours] if hours in _WORDS else _shifts(hours))


def _date(text: str) -> tuple[date, bool]:
    match = _DATE.fullmatch(text)
    year, month, day = match.groups() if match else (None, None, None)
    try:
        found = date(int(year or _LEAP_YEAR), int(month or 0), int(day or 0))
    except ValueError:  # the calendar on the wall has no such day
        raise ValueError(f'"{text}" is no date such as "2026-12-24", or "12-24" for every year') from None
    if found.year not in YEARS:
        raise ValueError(f'"{text}" is not in the years from {YEARS[0]} to {YEARS[-1]}')
    return found, year is None


WEEK = Parsed(parse_week, 'weekdays and hours such as "Mon-Fri 08:00-18:00"')
DATES = Parsed(parse_dates, 'a date and its hours such as "12-24 09:00-12:00" or "2026-12-28..2026-12-31 closed"')
