"""Alerts for tests: a wait of one lead, step by step."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from schemas.alerts import (
    AnsweredLate,
    Breached,
    Escalated,
    Resolved,
    SourceResumed,
    SourceSilent,
    Warned,
    alert_id,
)

BEGAN = datetime(2026, 3, 2, 8, 15, tzinfo=UTC)
DEADLINE = BEGAN + timedelta(minutes=5)


class Wait:
    """One wait of a lead, that alerts are made about.

    Args:
        lead: The lead's id.
        number: Which wait of the lead; another one is another incident.
        at: When it began; now for tests against a real clock.
        fields: Of the alerts, instead of the usual ones.
    """

    def __init__(self, lead: str = "L-1", number: int = 0, at: datetime = BEGAN, **fields: Any) -> None:
        self.lead, self._about, self._at = lead, f"hot/first_contact/{number}", at
        self._fields: dict[str, Any] = {
            "incident_id": alert_id("incident", lead, self._about),
            "lead_id": lead,
            "team": "north",
            "owner": "ann",
            "source": "web",
            "policy": "hot",
            "obligation": "first_contact",
            "clock": "business",
            "began_at": at,
            "deadline": at + timedelta(minutes=5),
            "routing_seconds": 60.0,
            "human_seconds": 180.0,
            "closed_seconds": 0.0,
            "link": f"http://127.0.0.1:9464/leads/{lead}",
        } | fields

    def _common(self, what: str, minutes: float) -> dict[str, Any]:
        return self._fields | {
            "alert_id": alert_id(what, self.lead, self._about),
            "at": self._at + timedelta(minutes=minutes),
        }

    def warned(self) -> Warned:
        return Warned(**self._common("warned/0", 4))

    def breached(self) -> Breached:
        return Breached(**self._common("breached/1", 5))

    def escalated(self, step: int = 1) -> Escalated:
        return Escalated(**self._common(f"escalated/{step + 1}", 5 + 5 * step), step=step)

    def answered_late(self, minutes: float = 12) -> AnsweredLate:
        return AnsweredLate(**self._common("answered_late", minutes), answered_at=self._at + timedelta(minutes=minutes))

    def resolved(self, reason: str = "answered", minutes: float = 4.5) -> Resolved:
        return Resolved(**self._common("resolved", minutes), reason=reason)


def silent(source: str = "web") -> SourceSilent:
    """A source that fell silent at BEGAN."""
    return SourceSilent(
        **_names("source_silent", source),
        at=BEGAN + timedelta(minutes=25),
        silent_seconds=1500.0,
        expected_arrivals=9.21,
        chance=0.0004,
    )


def resumed(reason: str = "arrived", source: str = "web") -> SourceResumed:
    """The end of that silence."""
    return SourceResumed(**_names("source_resumed", source), at=BEGAN + timedelta(minutes=40), reason=reason)


def _names(kind: str, source: str) -> dict[str, Any]:
    return {
        "alert_id": alert_id(kind, source, "0"),
        "incident_id": alert_id("silence", source, "0"),
        "source": source,
        "last_arrival_at": BEGAN,
    }
