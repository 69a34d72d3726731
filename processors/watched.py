"""A wait that is watched until its deadline."""

from __future__ import annotations

from msgspec import Struct

from processors.calendars import WorkCalendar
from processors.lives import Team


class Watched(Struct, gc=False):
    """A wait whose deadline is near.

    Attributes:
        team: Whose it is now.
        calendar: Their hours.
        began: When the wait began, ms; `deadline`: when the promise will be broken.
        since: Since when the team has been watched with it, ms.
        age: Its age then, in working time, ms; `due_age`: at the deadline.
        learnt: Age up to which its going on has been learnt from, ms.
        opens: From when on it may be forecast, ms.
        made: Forecast for each horizon; None while there is none.
        missed: Horizons whose moment had passed when it came into view.
    """

    team: Team
    calendar: WorkCalendar
    began: int
    deadline: int
    since: int
    age: int
    learnt: int
    due_age: int
    opens: int
    made: list[float | None]
    missed: int

    def age_at(self, t: int) -> int:
        """Return the age at a time, ms."""
        return self.age + self.calendar.working_between(self.since, t)
