"""What an alert says to people: the name, the labels and the words under which it is told outside.

Another kind of alert is another case in `alarm_of`, and in `is_end` if it ends something.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, tzinfo

from msgspec import Struct

from processors.labels import MISSING
from schemas.alerts import (
    Alert,
    AnsweredLate,
    Breached,
    Escalated,
    LeadAlert,
    Resolved,
    SourceAlert,
    SourceResumed,
    SourceSilent,
    Warned,
)

BEGINNINGS: Mapping[type, str] = {
    Warned: "LeadWaiting",
    Breached: "LeadBreached",
    Escalated: "LeadEscalated",
    SourceSilent: "SourceSilent",
}
"""What begins or goes on -> the name of its alarm."""

_OWED = {"first_attempt": "first attempt", "first_contact": "first contact", "next_response": "answer"}
_ENDS = {
    "answered": "answered in time",
    "closed": "closed without an answer",
    "merged": "merged into another lead",
    "superseded": "no longer waits for this",
}


class Wording(Struct, frozen=True):
    """What the words need to know beside the alert.

    Attributes:
        app: Which application speaks.
        severities: Kind of alert -> severity.
        zone: In which times are given to people.
    """

    app: str
    severities: Mapping[str, str]
    zone: tzinfo


class Alarm(Struct, frozen=True):
    """An alert in the words of those who are called.

    Attributes:
        alert_id: The alert's own id.
        group: Alarms of the same group can be told in one message: team and policy; those of all sources are one.
        labels: Say which alarm it is; two alarms with the same labels are the same one. Empty for an end.
        at: When it began, or when it ended.
        summary: One line for a person.
        notes: Facts beside it.
        link: Where to read more; empty when that is not known.
    """

    alert_id: str
    group: tuple[str, str]
    labels: dict[str, str]
    at: datetime
    summary: str
    notes: dict[str, str]
    link: str


def is_end(alert: Alert) -> bool:
    """Return whether an alert says that something is over."""
    return isinstance(alert, AnsweredLate | Resolved | SourceResumed)


def alarm_of(alert: Alert, wording: Wording) -> Alarm:
    """Put an alert into words."""
    return _of_source(alert, wording) if isinstance(alert, SourceAlert) else _of_lead(alert, wording)


def _of_source(alert: SourceAlert, wording: Wording) -> Alarm:
    last = _clock(alert.last_arrival_at, wording.zone)
    notes = {"last_arrival_at": alert.last_arrival_at.isoformat()}
    if isinstance(alert, SourceSilent):
        silent = span(alert.silent_seconds)
        summary = f"{alert.source} is silent since {last}, for {silent}: {alert.expected_arrivals:.1f} leads expected"
        notes["chance"] = f"{alert.chance:.2g}"
        labels = _common_labels(alert, wording) | {"source": alert.source}
    else:
        over = "sends again" if alert.reason == "arrived" else "is silent for so long that it is taken to be gone"
        summary, labels = f"{alert.source} {over}: its last lead before was {last}", {}
    return Alarm(alert.alert_id, ("sources", "silence"), labels, alert.at, summary, notes, "")


def _of_lead(alert: LeadAlert, wording: Wording) -> Alarm:
    team = alert.team or MISSING["team"]
    return Alarm(
        alert_id=alert.alert_id,
        group=(team, alert.policy),
        labels={} if is_end(alert) else _labels(alert, team, wording),
        at=alert.at,
        summary=_summary(alert, wording.zone),
        notes=_notes(alert),
        link=alert.link,
    )


def _common_labels(alert: Alert, wording: Wording) -> dict[str, str]:
    return {
        "alertname": BEGINNINGS[type(alert)],
        "app": wording.app,
        "severity": wording.severities[str(alert.__struct_config__.tag)],
    }


def _labels(alert: LeadAlert, team: str, wording: Wording) -> dict[str, str]:
    labels = _common_labels(alert, wording) | {
        "team": team,
        "policy": alert.policy,
        "obligation": alert.obligation,
        "source": alert.source or MISSING["source"],
        "lead": alert.lead_id,
    }
    return labels | {"step": str(alert.step)} if isinstance(alert, Escalated) else labels


def _summary(alert: LeadAlert, zone: tzinfo) -> str:
    lead, owed = alert.lead_id, _OWED[alert.obligation]
    began, deadline = _clock(alert.began_at, zone), _clock(alert.deadline, zone)
    match alert:
        case Warned():
            return f"{lead} waits since {began}: {owed} due {deadline}"
        case Breached():
            return f"{lead} waits too long: {owed} was due {deadline}, waits since {began}"
        case Escalated():
            return f"{lead} still waits, escalation {alert.step}: {owed} was due {deadline}, waits since {began}"
        case AnsweredLate():
            late = span((alert.answered_at - alert.deadline).total_seconds())
            return f"{lead} was answered {_clock(alert.answered_at, zone)}, {late} after its deadline"
        case Resolved():
            return f"{lead}: {_ENDS.get(alert.reason, alert.reason)} ({owed} was due {deadline})"


def _notes(alert: LeadAlert) -> dict[str, str]:
    return {
        "owner": alert.owner or "nobody",
        "began_at": alert.began_at.isoformat(),
        "deadline": alert.deadline.isoformat(),
        "clock": alert.clock,
        "routing": span(alert.routing_seconds),
        "human": span(alert.human_seconds),
        "closed": span(alert.closed_seconds),
    }


def _clock(time: datetime, zone: tzinfo) -> str:
    return f"{time.astimezone(zone):%a %H:%M}"


def span(seconds: float) -> str:
    """Return a length of time as people say it, in its two largest units."""
    minutes, rest = divmod(max(0, int(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min" if minutes else f"{rest} s"
