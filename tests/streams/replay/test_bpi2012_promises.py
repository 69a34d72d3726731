"""The loan applications of the BPI Challenge 2012 against office hours: lead by lead what a plain computation says."""

from __future__ import annotations

import csv
import gzip
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

import holidays
import pytest

from processors.policies import FIRST_CONTACT
from processors.rows import milliseconds
from processors.shard import Shard
from processors.waits import Retelling
from streams.replay import Mapper, load_mapping, open_export
from streams.settings import load
from streams.settings.funnel import funnel_of
from tests.processors.looks import panes

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "bpi2012_events_dev.csv.gz"
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MINUTE_MS = 60_000
WARNING, TARGET = 12 * MINUTE_MS, 15 * MINUTE_MS
RESULTS = {"met": 2396, "warned": 3212, "breached": 3112, "answered_late": 3111}
SETTINGS = {
    "LEADPULSE_CONFIG": str(ROOT / "examples" / "bpi2012-leadpulse.toml"),
    "LEADPULSE_HOURS__CALENDARS": (
        '[{name = "office", zone = "Europe/Amsterdam", week = ["Mon-Fri 08:00-18:00"], holidays = "NL"}]'
    ),
    "LEADPULSE_SLA__POLICIES": '[{name = "quarter", first_contact = "15m", warn_at = 0.8}]',
}


class Application(NamedTuple):
    """What the file says of a lead, ms since 1970; 0 for never."""

    created: int
    contacted: int
    closed: int


class OfficeDays:
    """Dutch office hours, a day at a time: nothing of it is shared with what it is compared with."""

    def __init__(self) -> None:
        free = holidays.country_holidays("NL", years=range(2011, 2014))
        days = [date(2011, 9, 1) + timedelta(days=n) for n in range(500)]
        self._spans = [
            (self._at(day, 8), self._at(day, 18)) for day in days if day.isoweekday() <= 5 and day not in free
        ]

    @staticmethod
    def _at(day: date, hour: int) -> int:
        return milliseconds(datetime.combine(day, time(hour), AMSTERDAM).astimezone(UTC))

    def worked(self, begin: int, end: int) -> int:
        return sum(max(0, min(end, closes) - max(begin, opens)) for opens, closes in self._spans)

    def after(self, begin: int, working: int) -> int:
        """The first moment at which so much has been worked."""
        for opens, closes in self._spans:
            here = max(0, closes - max(begin, opens))
            if here >= working:
                return max(begin, opens) + working
            working -= here
        raise AssertionError("the days do not reach so far")


@pytest.fixture(scope="module")
def applications() -> dict[str, Application]:
    if not DATA.exists():
        pytest.skip(f"the BPI Challenge 2012 file is not there: {DATA}")
    found: dict[str, dict[str, int]] = {}
    with gzip.open(DATA, "rt") as file:
        for row in csv.DictReader(file):
            at, mine = milliseconds(datetime.fromisoformat(row["ts"])), found.setdefault(row["lead_id"], {})
            what = _meaning(row["activity"], row["lifecycle"])
            mine[what] = min(at, mine.get(what, at))
    return {
        lead: Application(*(mine.get(what, 0) for what in ("created", "contacted", "closed")))
        for lead, mine in found.items()
    }


def _meaning(activity: str, lifecycle: str) -> str:
    if activity == "A_SUBMITTED":
        return "created"
    if activity.startswith("W_") and lifecycle == "START":
        return "contacted"
    return "closed" if activity in {"A_APPROVED", "A_DECLINED", "A_CANCELLED"} else "else"


@pytest.fixture(scope="module")
def shard(applications: dict[str, Application]) -> Shard:
    mapping = load_mapping(ROOT / "examples" / "bpi2012.toml")
    mapper = Mapper(mapping, DATA, strict=True)
    shard = Shard(funnel_of(load(environ=SETTINGS)))
    with open_export(DATA, mapping.mapping.file) as rows:
        mapper.check_columns(rows)
        for mapped in mapper.events(rows):
            shard.apply(mapped.event)
    shard.tick(shard.watermark)
    assert len(shard) == len(applications)
    return shard


def outcomes(application: Application, office: OfficeDays) -> Iterator[str]:
    created, contacted, closed = application
    ends = [moment for moment in (contacted, closed) if moment]
    over = max(min(ends), created) if ends else 1 << 60
    warning, deadline = (office.after(created, promised) for promised in (WARNING, TARGET))
    if warning < over:
        yield "warned"
    if deadline < over:
        yield "breached"
    if contacted and (not closed or contacted <= closed):
        yield "answered_late" if deadline < contacted else "met"


def test_each_leads_working_time_to_its_first_contact_is_what_a_count_by_days_says(
    shard: Shard, applications: dict[str, Application]
) -> None:
    office, telling = OfficeDays(), Retelling(shard.funnel, shard.labels)
    compared, over_the_clock_change = 0, 0
    changed = milliseconds(datetime(2011, 10, 30, 1, tzinfo=UTC))
    for lead_id, lead in shard.leads():
        created, contacted, closed = applications[lead_id]
        answer = telling.of(lead).answers.get((FIRST_CONTACT, lead.created))
        if answer is None:
            assert not contacted or (closed and closed < contacted), lead_id
            continue
        business, wall = office.worked(created, contacted), max(0, contacted - created)
        assert answer.split == (0, business, wall - business, business, wall), lead_id
        compared += 1
        over_the_clock_change += created < changed < contacted
    assert compared == RESULTS["met"] + RESULTS["answered_late"]
    assert over_the_clock_change > 10


def test_promises_of_fifteen_working_minutes_end_as_a_plain_computation_says(
    shard: Shard, applications: dict[str, Application]
) -> None:
    office, told = OfficeDays(), Counter[str]()
    for pane in panes(shard).values():
        for key, n in pane.items():
            if key[0] == "promises":
                told[key[4]] += n
    computed = Counter(result for application in applications.values() for result in outcomes(application, office))
    assert told == computed == RESULTS


def test_whoever_is_told_of_single_leads_hears_of_the_same_ones(
    shard: Shard, applications: dict[str, Application]
) -> None:
    office = OfficeDays()
    late = {lead for lead, application in applications.items() if "answered_late" in outcomes(application, office)}
    assert {alert.lead_id for alert in shard.alerts} == late
