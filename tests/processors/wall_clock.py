"""Working time by brute force: every minute is looked up on the clock on the wall."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import accumulate
from zoneinfo import ZoneInfo

from processors.calendars import WorkCalendar
from processors.working_hours import CalendarSpec, Shift, Shifts

MINUTE_MS = 60_000


def minute(text: str) -> int:
    """Return the minutes from 1970 to a time, UTC when it says nothing else."""
    moment = datetime.fromisoformat(text)
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()) // 60


def moment(text: str) -> int:
    return minute(text) * MINUTE_MS


def shift(text: str) -> Shift:
    begin, end = (int(part[:2]) * 60 + int(part[3:]) for part in text.split("-"))
    return Shift(begin, end if end > begin else end + 1440)


def shifts(*texts: str) -> Shifts:
    return tuple(shift(text) for text in texts)


def office(zone: str, *texts: str, **dates: Shifts) -> CalendarSpec:
    """Return a calendar of Monday to Friday; other days as d2026_12_24=…"""
    day = shifts(*texts)
    own = {date.fromisoformat(name[1:].replace("_", "-")): hours for name, hours in dates.items()}
    return CalendarSpec(zone=zone, week=(day, day, day, day, day, (), ()), dates=tuple(sorted(own.items())))


def is_open(calendar: WorkCalendar, moment: int) -> bool:
    """Whether a calendar says that a moment is working time."""
    return calendar.working_between(moment, moment + 1) == 1


def is_working(spec: CalendarSpec, minute: int) -> bool:
    wall = datetime.fromtimestamp(minute * 60, ZoneInfo(spec.zone))
    now = wall.hour * 60 + wall.minute
    own, today = dict(spec.dates), wall.date()
    yesterday = today - timedelta(days=1)
    return any(
        begin <= now + passed < end
        for day, passed in ((today, 0), (yesterday, 1440))
        for begin, end in own.get(day, spec.week[day.weekday()])
    )


class Counted:
    """The working minutes of a stretch, each looked up.

    Args:
        spec: The calendar.
        first: First minute.
        count: How many minutes.
    """

    def __init__(self, spec: CalendarSpec, first: int, count: int) -> None:
        self.first = first
        self.works: Sequence[bool] = [is_working(spec, first + n) for n in range(count)]
        self._before = list(accumulate(self.works, initial=0))

    def until(self, moment: int) -> int:
        """Return the ms worked from the first minute to a moment of the stretch."""
        minutes, rest = divmod(moment - self.first * MINUTE_MS, MINUTE_MS)
        return self._before[minutes] * MINUTE_MS + (rest if rest and self.works[minutes] else 0)

    def between(self, begin: int, end: int) -> int:
        return self.until(end) - self.until(begin)
