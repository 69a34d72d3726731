"""Events to rows: what a lead's log keeps of each event, in numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from zlib import crc32

from msgspec import Struct

from processors.cells import MINUTE_MS
from processors.funnel import Funnel
from processors.labels import Labels
from processors.rows import (
    ACTIVITY,
    ALL_TOUCHES,
    AMOUNT,
    ASSIGNED,
    CHANNEL_BITS,
    DISQUALIFIED,
    EARLIEST_MS,
    END_STAGE,
    INTERACTION,
    LATEST_MS,
    LOST,
    MERGED,
    OPTED_OUT,
    REOPENED,
    SCORE,
    SECOND,
    STAGE,
    TOUCH_BITS,
    WON,
    channel_number,
    milliseconds,
    score_bits,
    touch_bits,
)
from schemas.interaction_events import Interaction
from schemas.lead_events import (
    AmountChanged,
    Assigned,
    Disqualified,
    Lost,
    Merged,
    NextActivitySet,
    OptedOut,
    Reopened,
    Scored,
    StageChanged,
    Won,
)
from schemas.refusals import Reason, Refusal, quote, refuse

CodeAndArg = tuple[int, int]
Encoded = CodeAndArg | Refusal
Note = str


class Encoder:
    """Turns events into code and argument of a row.

    Attributes:
        of: Event class -> its encoder; the creation is not among them, it is no row.
    """

    def __init__(self, funnel: Funnel, labels: Mapping[str, Labels]) -> None:
        self._labels = labels
        self._kinds = {stage.name: stage.kind for stage in funnel.stages}
        self._actor = labels["actor"].number
        self._actors = labels["actor"].numbers
        self._touches: dict[tuple[str, str, str, str], int] = {names: touch_bits(*names) for names in ALL_TOUCHES}
        self.of: dict[type[Struct], Callable[[Any], Encoded]] = {
            Interaction: self._interaction,
            StageChanged: self._stage_changed,
            Assigned: lambda e: (ASSIGNED, labels["team"].number(e.team) | self._actor(e.owner) << SECOND),
            Won: lambda e: (WON, 0),
            Lost: self._lost,
            Disqualified: lambda e: (DISQUALIFIED, labels["reason"].number(e.reason)),
            Reopened: lambda e: (REOPENED, 0),
            AmountChanged: lambda e: (AMOUNT, _digest(f"{e.amount} {e.currency}")),
            Scored: lambda e: (SCORE, score_bits(e.score)),
            Merged: lambda e: (MERGED, _digest(e.into)),
            NextActivitySet: self._next_activity,
            OptedOut: lambda e: (OPTED_OUT, channel_number(e.channel) + 1 if e.channel else 0),
        }

    def _interaction(self, e: Interaction) -> Encoded:
        actor = self._actors.get(e.actor)
        if actor is None:
            actor = self._actor(e.actor)
        touch = self._touches.get((e.direction, e.actor_kind, e.outcome, e.channel))
        if touch is None:  # a channel that is not counted by name
            touch = touch_bits(e.direction, e.actor_kind, e.outcome, e.channel)
        return INTERACTION, touch | actor << TOUCH_BITS

    def _stage_changed(self, e: StageChanged) -> Encoded:
        kind = self._kinds.get(e.stage)
        if kind is None:
            known = ", ".join(self._kinds)
            return refuse(Reason.INVALID, "stage", f"{quote(e.stage)} is not configured; known are {known}")
        return STAGE if kind == "open" else END_STAGE, self._labels["stage"].number(e.stage)

    def _lost(self, e: Lost) -> Encoded:
        reason = self._labels["reason"].number(e.reason)
        return LOST, reason | self._labels["competitor"].number(e.competitor) << SECOND

    def _next_activity(self, e: NextActivitySet) -> Encoded:
        channel = channel_number(e.channel or "other")
        if e.planned_for is None:
            return ACTIVITY, channel
        planned = milliseconds(e.planned_for)
        if not EARLIEST_MS <= planned < LATEST_MS:
            detail = f"{e.planned_for.isoformat()} does not lie between the years 2000 and 2060"
            return refuse(Reason.INVALID, "planned_for", detail)
        return ACTIVITY, -(-planned // MINUTE_MS) << CHANNEL_BITS | channel


def note_of(event: Any) -> Note | None:
    """Return what of an event does not fit its row, None when everything does."""
    kind = type(event)
    if kind is AmountChanged:
        return f"{event.amount} {event.currency}".rstrip()
    return str(event.into) if kind is Merged else None


def _digest(text: str) -> int:
    """Two events that differ only in what does not fit the row must have different rows."""
    return crc32(text.encode())
