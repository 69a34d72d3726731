from __future__ import annotations

import subprocess
import sys
import tomllib
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from processors.calendars import Calendars
from processors.working_hours import CLOSED, CalendarPlan, CalendarSpec
from streams.settings import Settings, load
from streams.settings.calendars import calendar_plan
from streams.settings.public_holidays import public_holidays

ROOT = Path(__file__).parents[3]
GUIDE = ROOT / "docs" / "calendars.md"


def plan(calendars: str) -> CalendarPlan:
    return calendar_plan(load(environ={"LEADPULSE_HOURS__CALENDARS": calendars}))


def default(rest: str) -> CalendarSpec:
    return plan(f'[{{name = "a", zone = "Europe/Amsterdam", {rest}}}]').default


def test_without_calendars_everybody_works_always() -> None:
    assert calendar_plan(Settings()) == CalendarPlan()


def test_every_team_and_region_has_the_calendar_that_names_it() -> None:
    found = plan(
        '[{name = "a", zone = "UTC", week = ["Mon 08:00-09:00"], teams = ["t", "u"], regions = ["r"]},'
        ' {name = "b", zone = "Asia/Tokyo", week = ["Tue 08:00-09:00"], regions = ["s"]},'
        ' {name = "c", zone = "Asia/Tehran", week = ["Wed 08:00-09:00"]}]'
    )
    assert {team: spec.zone for team, spec in found.teams.items()} == {"t": "UTC", "u": "UTC"}
    assert {region: spec.zone for region, spec in found.regions.items()} == {"r": "UTC", "s": "Asia/Tokyo"}
    assert found.default == CalendarSpec(zone="Asia/Tehran", week=((), (), ((480, 540),), (), (), (), ()))  # type: ignore[arg-type]  # a pair is as good as a Shift


def test_entries_of_one_weekday_add_up() -> None:
    assert default('week = ["Mon-Tue 08:00-12:00", "Tue 13:00-14:00"]').week[:3] == (
        ((480, 720),),
        ((480, 720), (780, 840)),
        (),
    )


def test_of_several_dates_the_last_one_counts_and_all_go_before_public_holidays() -> None:
    spec = default(
        'week = ["Mon-Fri 08:00-12:00"], holidays = "NL", dates = ["2026-12-20..2026-12-31 closed", '
        '"2026-12-30 10:00-11:00", "12-26 usual", "2026-04-27 09:00-10:00", "2026-12-24 usual"]'
    )
    dates = dict(spec.dates)
    assert dates[date(2026, 12, 25)] == CLOSED
    assert dates[date(2026, 12, 30)] == ((600, 660),)
    assert dates[date(2026, 4, 27)] == ((540, 600),)  # King's Day
    assert dates[date(2027, 4, 27)] == CLOSED
    assert not {date(2026, 12, 26), date(2027, 12, 26), date(2026, 12, 24)} & dates.keys()


def test_dutch_office_hours_over_a_clock_change_and_christmas() -> None:
    def at(*when: int) -> int:
        return int(datetime(*when, tzinfo=ZoneInfo("Europe/Amsterdam")).timestamp() * 1000)  # type: ignore[arg-type, misc]  # fields in order

    spec = default('week = ["Mon-Fri 08:00-18:00"], holidays = "NL"')
    work = Calendars(CalendarPlan(default=spec)).of("", "").working_between
    hour = 3_600_000
    assert work(at(2011, 10, 28, 17), at(2011, 10, 31, 9)) == 2 * hour  # Friday to Monday, 65 hours on the wall
    assert work(at(2011, 12, 23, 17), at(2011, 12, 27, 9)) == 2 * hour  # Monday 26 is a holiday
    assert work(at(2011, 1, 1, 0), at(2012, 1, 1, 0)) == (260 - 5) * 10 * hour  # five on weekdays


@pytest.mark.parametrize(
    ("place", "day", "off"),
    [
        ("NL", date(2026, 4, 27), True),
        ("NL", date(2026, 12, 24), False),
        ("DE", date(2026, 1, 6), False),
        ("DE-BY", date(2026, 1, 6), True),
        ("DE-Bayern", date(2026, 1, 6), True),
        ("US-CA", date(2026, 7, 3), True),  # for Saturday the 4th
        ("GB-SCT", date(2060, 11, 30), True),
    ],
)
def test_public_holidays_are_those_of_the_place(place: str, day: date, off: bool) -> None:
    assert (day in public_holidays(place)) == off


def test_public_holidays_are_known_for_every_year() -> None:
    assert {day.year for day in public_holidays("NL")} == set(range(2000, 2061))


def test_holidays_are_loaded_only_when_a_calendar_names_them() -> None:
    script = "import sys, streams.settings as s; s.load(environ={}); print('holidays' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_example_of_the_guide_works(tmp_path: Path) -> None:
    (example,) = (text.partition("```")[0] for text in GUIDE.read_text(encoding="utf-8").split("```toml\n")[1:])
    file = tmp_path / "leadpulse.toml"
    file.write_text(example, encoding="utf-8")
    found = calendar_plan(load(file, environ={}))
    assert len(tomllib.loads(example)["hours"]["calendars"]) == 3
    assert set(found.teams) == {"night"}
    assert set(found.regions) == {"bavaria"}
    christmas = [dict(spec.dates)[date(2026, 12, 25)] for spec in (found.default, found.regions["bavaria"])]
    assert christmas == [CLOSED, CLOSED]
