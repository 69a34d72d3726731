"""What happened to one lead, for people."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from processors.cells import MINUTE_MS
from processors.events import Note
from processors.funnel import STATUS_NAMES
from processors.history import BIRTH_TABLES, birth_of
from processors.record import Lead
from processors.rows import (
    ACTIVITY,
    ASSIGNED,
    CHANNEL_BITS,
    CODE_NAMES,
    DISQUALIFIED,
    END_STAGE,
    EPOCH,
    INTERACTION,
    KNOWN_CHANNELS,
    LOST,
    OPTED_OUT,
    SCORE,
    SECOND,
    STAGE,
    TOUCH_BITS,
    Row,
    rows,
    thousandths,
    touch_of,
)
from processors.shard import Shard


class Timeline(Struct, kw_only=True, omit_defaults=True):
    """One lead: what it is now, and its events in the order they occurred.

    Times are those of the events; empty and missing mean that nothing is known.

    Attributes:
        lead_id: Its id.
        status: "uncreated", "open", "won", "lost", "disqualified" or "merged".
        merged_into: The lead that it is a duplicate of.
        created_at: When it was created, with the facts of its creation in `origin`.
        stage: Stage it is in, and since when (`stage_entered_at`).
        team: Who has it now: team and owner.
        first_attempt_at: First outbound interaction of a person, whatever came of it.
        first_contact_at: First that reached the lead. `first_automated_at`: first by a bot or an automation.
        closed_at: When it was closed, and why (`reason`).
        shortened: Whether older events were dropped from a very long history.
        events: Its events, oldest first.
    """

    lead_id: str
    status: str
    merged_into: str = ""
    created_at: datetime | UnsetType = UNSET
    origin: dict[str, Any] = {}
    stage: str = ""
    stage_entered_at: datetime | UnsetType = UNSET
    team: str = ""
    owner: str = ""
    first_attempt_at: datetime | UnsetType = UNSET
    first_contact_at: datetime | UnsetType = UNSET
    first_automated_at: datetime | UnsetType = UNSET
    closed_at: datetime | UnsetType = UNSET
    reason: str = ""
    shortened: bool = False
    events: list[dict[str, Any]] = []


def timeline(shard: Shard, lead_id: str) -> Timeline | None:
    """Return what is known of a lead, None when nothing is."""
    lead = shard.look(lead_id)
    if lead is None:
        return None
    told = Timeline(
        lead_id=lead_id,
        status=_status(lead),
        merged_into=lead.merged_into,
        shortened=bool(lead.floor),
        events=[_event(shard, row, (lead.notes or {}).get(row.ident)) for row in rows(lead.log)],
    )
    if lead.created:
        told.created_at = _time(lead.created)
        told.origin = _origin(shard, lead)
    if lead.counts:
        _tell_fold(shard, lead, told)
    return told


def _status(lead: Lead) -> str:
    if lead.merged_into:
        return "merged"
    return STATUS_NAMES[lead.status] if lead.created else "uncreated"


def _tell_fold(shard: Shard, lead: Lead, told: Timeline) -> None:
    told.stage = shard.labels["stage"].names[lead.stage]
    told.stage_entered_at = _time(lead.entered)
    told.team, told.owner = shard.labels["team"].text(lead.team), shard.labels["actor"].text(lead.owner)
    told.first_attempt_at = _time(lead.attempted)
    told.first_contact_at = _time(lead.contacted)
    told.first_automated_at = _time(lead.automated)
    told.closed_at = _time(lead.closed)
    told.reason = shard.labels["reason"].text(lead.reason)


def _origin(shard: Shard, lead: Lead) -> dict[str, Any]:
    named = zip(BIRTH_TABLES, birth_of(lead), strict=True)
    origin: dict[str, Any] = {table: shard.labels[table].text(number) for table, number in named if number}
    if lead.amount:
        origin["amount"] = lead.amount
    return origin


def _event(shard: Shard, row: Row, note: Note | None) -> dict[str, Any]:
    told: dict[str, Any] = {"occurred_at": _time(row.at), "type": CODE_NAMES[row.code], **_details(shard, row)}
    if note is not None:
        told["value"] = note
    return told


def _details(shard: Shard, row: Row) -> dict[str, Any]:
    labels = shard.labels
    low, high = row.arg & (1 << SECOND) - 1, row.arg >> SECOND
    if row.code == INTERACTION:
        return {**touch_of(row.arg)._asdict(), **_said(actor=labels["actor"].text(row.arg >> TOUCH_BITS))}
    if row.code in (STAGE, END_STAGE):
        return {"stage": labels["stage"].names[row.arg]}
    if row.code == ASSIGNED:
        return _said(team=labels["team"].text(low), owner=labels["actor"].text(high))
    if row.code in (LOST, DISQUALIFIED):
        return _said(reason=labels["reason"].text(low), competitor=labels["competitor"].text(high))
    if row.code == SCORE:
        return {"value": thousandths(row.arg) / 1000}
    return _asked(row) if row.code in (ACTIVITY, OPTED_OUT) else {}


def _asked(row: Row) -> dict[str, Any]:
    """Tell what was planned, or is not wanted."""
    if row.code == OPTED_OUT:
        return _said(channel=KNOWN_CHANNELS[row.arg - 1] if row.arg else "")
    planned = (row.arg >> CHANNEL_BITS) * MINUTE_MS
    channel = KNOWN_CHANNELS[row.arg & (1 << CHANNEL_BITS) - 1]
    return {"planned_for": _time(planned), "channel": channel} if planned else {"planned_for": None}


def _said(**details: str) -> dict[str, str]:
    return {name: text for name, text in details.items() if text}


def _time(ms: int) -> datetime | UnsetType:
    return EPOCH + timedelta(milliseconds=ms) if ms else UNSET
