"""The days of the business: local midnights as minutes since 1970, and the calendar periods made of them."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

FIRST_DAY = date(1999, 12, 30)
_DAYS = (date(2061, 1, 3) - FIRST_DAY).days


@cache
def midnights(zone: str) -> tuple[int, ...]:
    """Return the start of every local day from the end of 1999 to 2061, in minutes since 1970, ascending.

    All of them lie on a quarter of an hour, in every zone of the tz database. Where a clock change skips midnight, a
    day starts at the first minute that exists.
    """
    tz = ZoneInfo(zone)
    days = (FIRST_DAY + timedelta(days=n) for n in range(_DAYS))
    return tuple(_start(day, tz) for day in days)


def _start(day: date, tz: ZoneInfo) -> int:
    # A midnight that a clock change skips is read with the offset before it, which gives the moment of the change: the
    # tests look at every day of every zone. A midnight that comes twice is the first one.
    return int(datetime(day.year, day.month, day.day, tzinfo=tz).timestamp()) // 60


class Days:
    """The local days of a zone.

    Args:
        zone: IANA name.
    """

    def __init__(self, zone: str) -> None:
        self._starts = midnights(zone)

    def index(self, minute: int) -> int:
        """Return the number of the local day that a minute lies in."""
        return max(0, bisect_right(self._starts, minute) - 1)

    def start(self, index: int) -> int:
        """Return the first minute of a local day."""
        return self._starts[max(0, index)]

    def midnight(self, minute: int) -> int:
        """Return the first minute of the local day that a minute lies in."""
        return self._starts[self.index(minute)]

    def date_of(self, index: int) -> date:
        """Return the date of a local day."""
        return FIRST_DAY + timedelta(days=index)

    def day_of(self, day: date) -> int:
        """Return the number of a date."""
        return (day - FIRST_DAY).days
