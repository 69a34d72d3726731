"""What the boards take from the configuration of the worker."""

from __future__ import annotations

from msgspec import Struct


class Terms(Struct, frozen=True, kw_only=True):
    """What the business promises and how it is cut, as the worker is told.

    Attributes:
        answer_warning: After how many seconds of waiting for the first contact a lead is close to its deadline.
        answer_target: How long a lead may wait for the first contact, in seconds. Of several policies, the one that
            allows most: who waits longer is late whatever was promised.
        stages: Open stages of the funnel, in order, without the one before the first.
        rolling: Names of the windows that end now.
        calendar: Names of the windows that began with a day, week, month or quarter of the business.
    """

    answer_warning: float
    answer_target: float
    stages: tuple[str, ...]
    rolling: tuple[str, ...]
    calendar: tuple[str, ...]

    @property
    def windows(self) -> tuple[str, ...]:
        """All windows that can be chosen on a board, calendar ones first."""
        periods = [window for name in self.calendar for window in (name, before(name))]
        return (*periods, *self.rolling, "all")


def before(window: str) -> str:
    """Return the name of the calendar window before one."""
    return "yesterday" if window == "today" else f"last_{window}"
