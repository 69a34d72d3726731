"""The mapping of the BPI Challenge 2012 loan applications, held against the real file.

The numbers are counted here from the mapped events, in plain Python that knows nothing of the processors: what a worker
must show after a replay.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import pytest

from schemas.interaction_events import Interaction
from schemas.lead_events import Created, Event, Lost, StageChanged, Won
from streams.replay import Mapper, load_mapping, open_export
from streams.settings import load

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[3]
DATA = ROOT.parent / "shared" / "data" / "bpi2012_events_dev.csv.gz"
SETTINGS = ROOT / "examples" / "bpi2012-leadpulse.toml"


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    if not DATA.exists():
        pytest.skip(f"the BPI Challenge 2012 file is not there: {DATA}")
    return Mapper(load_mapping(ROOT / "examples" / "bpi2012.toml"), DATA, strict=True)


@pytest.fixture(scope="module")
def events(mapper: Mapper) -> list[Event]:
    """All events of the file; the mapping refuses rows that no rule fits, and none is faulty."""
    with open_export(DATA, load_mapping(ROOT / "examples" / "bpi2012.toml").mapping.file) as rows:
        mapper.check_columns(rows)
        return [mapped.event for mapped in mapper.events(rows)]


def test_every_row_is_mapped_or_left_out_on_purpose(mapper: Mapper, events: list[Event]) -> None:
    account = mapper.account
    assert (account.rows, account.faulty, account.unmapped.total()) == (150_256, 0, 0)
    assert account.rows == len(events) + account.ignored
    assert account.out_of_order == 0
    assert len({event.event_id for event in events}) == len(events)


def test_leads_are_created_and_closed_as_the_file_says(events: list[Event]) -> None:
    created = Counter(event.lead_id for event in events if isinstance(event, Created))
    closings = Counter(event.lead_id for event in events if isinstance(event, Won | Lost))
    assert len(created) == created.total() == 7455
    assert closings == created  # each is closed exactly once: none is open
    assert sum(isinstance(event, Won) for event in events) == 1336
    assert Counter(event.reason for event in events if isinstance(event, Lost)) == {
        "A_DECLINED": 4401,
        "A_CANCELLED": 1718,
    }


def test_the_furthest_stages_are_as_known(events: list[Event]) -> None:
    stages = [stage.name for stage in load(SETTINGS).funnel.stages]
    furthest: dict[str, int] = {}
    closed = set()
    for event in sorted(events, key=lambda event: event.occurred_at):
        if isinstance(event, Won | Lost):
            closed.add(event.lead_id)
        elif isinstance(event, StageChanged):
            assert event.lead_id not in closed
            furthest[event.lead_id] = max(furthest.get(event.lead_id, -1), stages.index(event.stage))
    reached = Counter(stages[step] for last in furthest.values() for step in range(last + 1))
    assert reached == {
        "A_PREACCEPTED": 4143,
        "A_ACCEPTED": 2886,
        "A_FINALIZED": 2836,
        "O_SENT": 2836,
        "O_SENT_BACK": 1856,
    }


def test_the_first_contacts_are_as_known(events: list[Event]) -> None:
    latencies = _latencies(events)
    assert len(latencies) == 5507
    shares = {name: 100 * sum(latency <= limit for latency in latencies) / 7455 for name, limit in LIMITS.items()}
    assert shares == {
        "5m": pytest.approx(14.5272, abs=5e-5),
        "1h": pytest.approx(38.5111, abs=5e-5),
        "4h": pytest.approx(51.2408, abs=5e-5),
        "24h": pytest.approx(70.7445, abs=5e-5),
    }


LIMITS = {"5m": 300, "1h": 3600, "4h": 14_400, "24h": 86_400}


def _latencies(events: Iterable[Event]) -> list[float]:
    created: dict[str, datetime] = {}
    contacts: defaultdict[str, list[datetime]] = defaultdict(list)
    for event in events:
        if isinstance(event, Created):
            created[event.lead_id] = event.occurred_at
        elif isinstance(event, Interaction):
            assert (event.direction, event.actor_kind, event.outcome) == ("out", "human", "connected")
            contacts[event.lead_id].append(event.occurred_at)
    return [(min(times) - created[lead]).total_seconds() for lead, times in contacts.items()]


def test_the_settings_of_the_example_have_these_thresholds() -> None:
    settings = load(SETTINGS)
    seconds = {threshold.seconds for threshold in settings.response.thresholds}
    assert set(LIMITS.values()) <= seconds
    assert (settings.worker.clock, settings.funnel.zone) == ("event", "Europe/Amsterdam")
