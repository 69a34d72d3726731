"""The working calendars of the settings as the processors take them."""

from __future__ import annotations

from datetime import date

from processors.labels import plain
from processors.working_hours import ALWAYS, CLOSED, CalendarPlan, CalendarSpec, Shifts
from streams.settings.business import Calendar
from streams.settings.hours import parse_dates, parse_week
from streams.settings.public_holidays import public_holidays
from streams.settings.sections import Settings


def calendar_plan(settings: Settings) -> CalendarPlan:
    """Return whose working hours are which."""
    specs = [(calendar, _spec(calendar)) for calendar in settings.hours.calendars]
    return CalendarPlan(
        teams={plain("team", team): spec for calendar, spec in specs for team in calendar.teams},
        regions={plain("region", region): spec for calendar, spec in specs for region in calendar.regions},
        default=next((spec for calendar, spec in specs if calendar.is_default), ALWAYS),
    )


def _spec(calendar: Calendar) -> CalendarSpec:
    week: list[Shifts] = [CLOSED] * 7
    for text in calendar.week:
        for day in parse_week(text).days:
            week[day] += parse_week(text).shifts
    monday, tuesday, wednesday, thursday, friday, saturday, sunday = week
    return CalendarSpec(
        zone=calendar.zone,
        week=(monday, tuesday, wednesday, thursday, friday, saturday, sunday),
        dates=tuple(sorted(_dates(calendar).items())),
    )


def _dates(calendar: Calendar) -> dict[date, Shifts]:
    holidays = public_holidays(calendar.holidays) if calendar.holidays else []
    dates = dict.fromkeys(holidays, CLOSED)
    for text in calendar.dates:
        hours = parse_dates(text)
        for day in hours.days():
            if hours.shifts is None:
                dates.pop(day, None)
            else:
                dates[day] = hours.shifts
    return dates
