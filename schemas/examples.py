"""One example of every event and alert, for the generated documents."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

from schemas.alerts import (
    Alert,
    AnsweredLate,
    Breached,
    Escalated,
    Resolved,
    SourceResumed,
    SourceSilent,
    Warned,
    alert_id,
)
from schemas.interaction_events import Interaction
from schemas.lead_events import (
    AmountChanged,
    Assigned,
    Created,
    Disqualified,
    Event,
    Lost,
    Merged,
    NextActivitySet,
    OptedOut,
    Reopened,
    Scored,
    StageChanged,
    Won,
)

_LEAD: Final = "L-20417"
_MORNING: Final = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)


_LAST: Final = str(int(_MORNING.timestamp() * 1000))


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
    NextActivitySet(event_id="e-12", lead_id=_LEAD, occurred_at=_at(14), planned_for=_at(1500), channel="meeting"),
    OptedOut(event_id="e-13", lead_id="L-20418", occurred_at=_at(3010), channel="email"),
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

_WAIT = f"hot/first_contact/{_LEAD}"
_PROMISED: Final[dict[str, Any]] = {
    "incident_id": alert_id("incident", _LEAD, _WAIT),
    "lead_id": _LEAD,
    "team": "north",
    "owner": "m.okafor",
    "source": "web",
    "policy": "hot",
    "obligation": "first_contact",
    "clock": "business",
    "began_at": _at(0),
    "deadline": _at(5),
    "routing_seconds": 60.0,
    "closed_seconds": 0.0,
}

ALERTS: Final[tuple[Alert, ...]] = (
    Warned(alert_id=alert_id("warned/0", _LEAD, _WAIT), at=_at(4), human_seconds=180.0, **_PROMISED),
    Breached(alert_id=alert_id("breached/1", _LEAD, _WAIT), at=_at(5), human_seconds=240.0, **_PROMISED),
    Escalated(alert_id=alert_id("escalated/2", _LEAD, _WAIT), at=_at(10), human_seconds=540.0, step=1, **_PROMISED),
    AnsweredLate(
        alert_id=alert_id("answered_late", _LEAD, _WAIT),
        at=_at(12),
        human_seconds=660.0,
        answered_at=_at(12),
        **_PROMISED,
    ),
    Resolved(
        alert_id=alert_id("resolved", _LEAD, _WAIT), at=_at(3), human_seconds=120.0, reason="answered", **_PROMISED
    ),
    SourceSilent(
        alert_id=alert_id("source_silent", "web", _LAST),
        incident_id=alert_id("silence", "web", _LAST),
        source="web",
        last_arrival_at=_at(0),
        at=_at(95),
        silent_seconds=5700.0,
        expected_arrivals=12.4,
        chance=0.0004,
    ),
    SourceResumed(
        alert_id=alert_id("source_resumed", "web", _LAST),
        incident_id=alert_id("silence", "web", _LAST),
        source="web",
        last_arrival_at=_at(0),
        at=_at(130),
        reason="arrived",
    ),
)
"""Examples of all alerts."""
