"""Which minutes a window holds at a given moment."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final

from processors.calendar_days import Days

DAY: Final = 1440
WEEK: Final = 10080
EVERYTHING: Final = "all"
"""The window that holds everything up to now."""
EVER: Final = 1
"""First minute of the window "all"; older panes than any window needs are folded into it."""

PREVIOUS = {"today": "yesterday", "week": "last_week", "month": "last_month", "quarter": "last_quarter"}

Span = tuple[int, int]
"""First minute, and the minute after the last one."""


def window_names(rolling: dict[str, int], calendar: tuple[str, ...]) -> tuple[str, ...]:
    """Return the names of all windows in the order of the boards."""
    return (*rolling, *(name for period in calendar for name in (period, PREVIOUS[period])), EVERYTHING)


def spans(minute: int, days: Days, rolling: dict[str, int], calendar: tuple[str, ...]) -> dict[str, Span]:
    """Return what every window holds at a minute.

    Edges lie on the grain of the panes there: windows over a day begin on a quarter of an hour, windows over a week
    on a local midnight; such a window is longer than its name by less than its grain.

    Args:
        minute: Now, in minutes since 1970; the minute under way belongs to every window.
        days: The local days of the business.
        rolling: Name -> length in minutes.
        calendar: Calendar periods wanted.
    """
    end = minute + 1
    out = {name: (_rolling_start(end, size, days), end) for name, size in rolling.items()}
    for period in calendar:
        this, before = period_starts(period, days.date_of(days.index(minute)))
        start = days.start(days.day_of(this))
        out[period] = (start, end)
        out[PREVIOUS[period]] = (days.start(days.day_of(before)), start)
    out[EVERYTHING] = (EVER, end)
    return out


def _rolling_start(end: int, size: int, days: Days) -> int:
    start = max(EVER, end - size)
    if size > WEEK:
        return days.midnight(start)
    return start - start % 15 if size > DAY else start


def period_starts(period: str, today: date) -> tuple[date, date]:
    """Return the first day of the period that holds `today`, and of the period before; weeks begin on Monday."""
    if period == "today":
        return today, today - timedelta(days=1)
    if period == "week":
        monday = today - timedelta(days=today.weekday())
        return monday, monday - timedelta(days=7)
    months = 1 if period == "month" else 3
    first = today.replace(month=(today.month - 1) // months * months + 1, day=1)
    before = first - timedelta(days=1)
    return first, before.replace(month=(before.month - 1) // months * months + 1, day=1)
