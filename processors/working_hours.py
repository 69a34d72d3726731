"""Working hours: what a business says about them, and the minutes at which they begin and end.

A shift is a span of the clock on the wall. Working time is every moment at which that clock shows a time of a shift.
What clock changes do follows from this: an hour that is left out is nobody's, an hour that comes twice counts twice.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from msgspec import Struct, field

_EPOCH = date(1970, 1, 1).toordinal()
_DAY: Final = 1440

FIRST_MINUTE = (date(2000, 1, 1).toordinal() - _EPOCH) * _DAY
"""Calendars begin here, in minutes since 1970."""
END_MINUTE = (date(2061, 1, 1).toordinal() - _EPOCH) * _DAY
"""Calendars end here: there is no working time afterwards."""

# A day more at either side for the zones, and one before for the shift that began then.
_FIRST_DAY: Final = FIRST_MINUTE // _DAY - 2
_END_DAY: Final = END_MINUTE // _DAY + 2
# In no zone are two clock changes of these years closer than six days. The step divides the sixty-one years.
_STEP: Final = 3 * _DAY


class Shift(NamedTuple):
    """A span of the clock on the wall.

    Attributes:
        begin: Minutes after 00:00 of the day it belongs to, less than 1440.
        end: The same of its end; more than `begin`, by at most 1440. Over 1440 it ends on the next day.
    """

    begin: int
    end: int


Shifts = tuple[Shift, ...]

ALL_DAY: Shifts = (Shift(0, _DAY),)
CLOSED: Shifts = ()


class CalendarSpec(Struct, frozen=True, kw_only=True):
    """When people work. The default: always.

    A shift belongs to the day that it begins on, also when it ends on the next one. Shifts may overlap.

    Attributes:
        zone: IANA name of the zone that their clock shows.
        week: Shifts of the seven days, Monday first.
        dates: Days with shifts of their own instead of those of the week, `CLOSED` for a holiday; each day once.
    """

    zone: str = "UTC"
    week: tuple[Shifts, Shifts, Shifts, Shifts, Shifts, Shifts, Shifts] = (ALL_DAY,) * 7
    dates: tuple[tuple[date, Shifts], ...] = ()


ALWAYS = CalendarSpec()


class CalendarPlan(Struct, frozen=True, kw_only=True):
    """Whose hours are which.

    Attributes:
        teams: Team -> its hours.
        regions: Region -> the hours of teams that have none of their own, for leads from there.
        default: The hours of everybody else.
    """

    teams: dict[str, CalendarSpec] = field(default_factory=dict)
    regions: dict[str, CalendarSpec] = field(default_factory=dict)
    default: CalendarSpec = ALWAYS


class Spans(NamedTuple):
    """Spans of time, ascending and apart.

    Attributes:
        begins: Their first minutes.
        ends: The minutes after them.
    """

    begins: list[int]
    ends: list[int]


def spans(spec: CalendarSpec) -> Spans:
    """Return when a calendar is open, in minutes since 1970, from 2000 to the end of 2060.

    The calendar that is always open is so from 1970 on.
    """
    if spec == ALWAYS:
        return Spans([0], [END_MINUTE])
    shown = _shown(spec)
    found = Spans([], [])
    for begin, end, offset in _offsets(spec.zone):
        begins, ends = _within(shown, begin + offset, end + offset)
        if found.ends and begins and found.ends[-1] == begins[0] - offset:
            found.ends.pop()  # this shift goes on over the clock change
            del begins[0]
        found.begins.extend([minute - offset for minute in begins])
        found.ends.extend([minute - offset for minute in ends])
    return found


def _shown(spec: CalendarSpec) -> Spans:
    """Return all shifts, joined, as the clock on the wall shows them, in minutes since it showed 1970."""
    dates = {day.toordinal() - _EPOCH: shifts for day, shifts in spec.dates}
    thursday_first = spec.week[3:] + spec.week[:3]  # as 1970 began
    shifts = [
        (day * _DAY + begin, day * _DAY + end)
        for day in range(_FIRST_DAY, _END_DAY)
        for begin, end in dates.get(day, thursday_first[day % 7])
    ]
    begins, ends, last = [], [], -1
    for begin, end in sorted(shifts):
        if begin > last:
            begins.append(begin)
            ends.append(end)
            last = end
        elif end > last:
            ends[-1] = last = end
    return Spans(begins, ends)


def _within(spans: Spans, low: int, high: int) -> Spans:
    """Return the parts of spans that lie from one minute to before another."""
    first, last = bisect_right(spans.ends, low), bisect_left(spans.begins, high)
    begins, ends = spans.begins[first:last], spans.ends[first:last]
    if begins:
        begins[0], ends[-1] = max(low, begins[0]), min(high, ends[-1])
    return Spans(begins, ends)


@cache
def _offsets(zone: str) -> tuple[tuple[int, int, int], ...]:
    """Return the stretches with one offset to UTC: first minute, the minute after, the offset in minutes."""
    tz = ZoneInfo(zone)
    stretches = []
    begin, offset = FIRST_MINUTE, _offset(tz, FIRST_MINUTE)
    for minute in range(FIRST_MINUTE + _STEP, END_MINUTE + 1, _STEP):
        later = _offset(tz, minute)
        if later != offset:
            change = _change(tz, minute - _STEP, minute)
            stretches.append((begin, change, offset))
            begin, offset = change, later
    return (*stretches, (begin, END_MINUTE, offset))


def _change(tz: ZoneInfo, low: int, high: int) -> int:
    """Return the first minute of the new offset, of which `high` has it and `low` does not."""
    before = _offset(tz, low)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _offset(tz, middle) == before else (low, middle)
    return high


def _offset(tz: ZoneInfo, minute: int) -> int:
    offset = datetime.fromtimestamp(minute * 60, tz).utcoffset() or timedelta()
    return offset.days * _DAY + offset.seconds // 60
