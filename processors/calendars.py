"""Working time: how much of it lies between two moments, and when so much of it will have passed."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cache
from hashlib import blake2b
from itertools import accumulate
from typing import Final

from msgspec import json

from processors.working_hours import END_MINUTE, CalendarPlan, CalendarSpec, spans

_MINUTE_MS: Final = 60_000
_LONG_AGO: Final = -(1 << 62)

NEVER: Final = END_MINUTE * _MINUTE_MS
"""The end of 2060, in ms since 1970: what never comes is due then."""


class WorkCalendar:
    """When some people work. All times are in ms since 1970.

    There is no working time before 2000 and after 2060. Only the calendar that is always open is so from 1970 on.

    Args:
        spec: Their hours.
    """

    __slots__ = ("_begins", "_worked")

    def __init__(self, spec: CalendarSpec) -> None:
        begins, ends = spans(spec)
        lengths = [(end - begin) * _MINUTE_MS for begin, end in zip(begins, ends, strict=True)]
        # Each span and all working time before it. An empty one before all, so that there is one to every moment.
        self._begins = [_LONG_AGO, *(minute * _MINUTE_MS for minute in begins)]
        self._worked = [0, *accumulate(lengths, initial=0)]

    def working_between(self, begin: int, end: int) -> int:
        """Return how many ms of working time lie in a span of time; 0 when it ends before it begins."""
        if end <= begin:
            return 0
        begins, worked = self._begins, self._worked
        span = bisect_right(begins, begin)
        # min() would be two calls, on the hot path.
        so_far, all_of_it = worked[span - 1] + begin - begins[span - 1], worked[span]
        before = so_far if so_far < all_of_it else all_of_it
        span = bisect_right(begins, end, span)
        so_far, all_of_it = worked[span - 1] + end - begins[span - 1], worked[span]
        return (so_far if so_far < all_of_it else all_of_it) - before

    def _until(self, moment: int) -> int:
        """Return all working time before a moment."""
        span = bisect_right(self._begins, moment)
        return min(self._worked[span - 1] + moment - self._begins[span - 1], self._worked[span])

    def after(self, moment: int, working: int) -> int:
        """Return the first moment, from the given one on, by which so much working time has passed since.

        So it is the given moment itself for no working time, whether people work then or not; and where the time is up
        as people go home, it is that moment and not the next morning.

        Args:
            moment: Where counting begins.
            working: How much has to pass, ms.

        Returns:
            The moment. `NEVER` when there is not so much working time any more.
        """
        if working <= 0:
            return moment
        total = self._until(moment) + working
        if total > self._worked[-1]:
            return max(moment, NEVER)
        span = bisect_left(self._worked, total) - 1
        return self._begins[span] + total - self._worked[span]

    def meaning(self) -> bytes:
        """Return a digest of all working time.

        It tells any change: of the hours, of the holidays that are known, of the rules of the zone.
        """
        return blake2b(json.encode((self._begins, self._worked)), digest_size=16).digest()


@cache
def work_calendar(spec: CalendarSpec) -> WorkCalendar:
    """Return the calendar of a spec; equal ones are built once."""
    return WorkCalendar(spec)


class Calendars:
    """The calendars of a business.

    Args:
        plan: Whose hours are which.
    """

    def __init__(self, plan: CalendarPlan) -> None:
        self._teams = {team: work_calendar(spec) for team, spec in plan.teams.items()}
        self._regions = {region: work_calendar(spec) for region, spec in plan.regions.items()}
        self._default = work_calendar(plan.default)

    def of(self, team: str, region: str) -> WorkCalendar:
        """Return the calendar that counts for a team with a lead from a region."""
        return self._teams.get(team) or self._regions.get(region) or self._default

    def meaning(self) -> bytes:
        """Return a digest of all working time of everybody: other numbers come of another one."""
        parts = [
            sorted((name, calendar.meaning().hex()) for name, calendar in calendars.items())
            for calendars in (self._teams, self._regions, {"": self._default})
        ]
        return blake2b(json.encode(parts), digest_size=16).digest()
