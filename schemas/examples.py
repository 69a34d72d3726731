"""One example of every event and alert, for the generated documents."""

from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.alerts import Alert, AnsweredLate, alert_id
from schemas.interaction_events import Interaction
from schemas.lead_events import (
    AmountChanged,
    Assigned,
    Created,
    Disqualified,
    Event,
    Lost,
    Merged,
    Reopened,
    Scored,
    StageChanged,
    Won,
)

_LEAD: Final = "L-20417"
_MORNING: Final = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


def _at(minutes: float) -> datetime:
    return _MORNING + timedelta(minutes=minutes)


EVENTS: Final[tuple[Event, ...]] = (
    Created(
        event_id="e-1",
        lead_id=_LEAD,
        occurred_at=_at(0),
        source="web",
        medium="cpc",
        campaign="spring",
        team="north",
        amount=125_000,
        currency="EUR",
    ),
    Assigned(event_id="e-2", lead_id=_LEAD, occurred_at=_at(1), owner="m.okafor", team="north"),
    StageChanged(event_id="e-4", lead_id=_LEAD, occurred_at=_at(13), stage="qualified"),
    AmountChanged(event_id="e-5", lead_id=_LEAD, occurred_at=_at(20), amount=140_000, currency="EUR"),
    Scored(event_id="e-6", lead_id=_LEAD, occurred_at=_at(20), score=0.72),
    Won(event_id="e-7", lead_id=_LEAD, occurred_at=_at(2880)),
    Lost(event_id="e-8", lead_id="L-20418", occurred_at=_at(3000), reason="price", competitor="Example Ltd"),
    Reopened(event_id="e-9", lead_id="L-20418", occurred_at=_at(4320)),
    Disqualified(event_id="e-10", lead_id="L-20419", occurred_at=_at(30), reason="wrong number"),
    Merged(event_id="e-11", lead_id="L-20420", occurred_at=_at(45), into=_LEAD),
    Interaction(
        event_id="e-3",
        lead_id=_LEAD,
        occurred_at=_at(12),
        direction="out",
        channel="call",
        actor="m.okafor",
        outcome="connected",
        duration_seconds=185.0,
        substantive=True,
    ),
)
"""Examples of all events, in the order of their unions."""

ALERTS: Final[tuple[Alert, ...]] = (
    AnsweredLate(
        alert_id=alert_id("answered_late", _LEAD, "e-3"),
        lead_id=_LEAD,
        team="north",
        owner="m.okafor",
        source="web",
        at=_at(12),
        created_at=_at(0),
        answered_at=_at(12),
        target_seconds=300.0,
        latency_seconds=720.0,
    ),
)
"""Examples of all alerts."""
