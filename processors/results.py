"""What became of an event. Outcomes are values: exceptions are for defects and infrastructure."""

from __future__ import annotations

from msgspec import Struct

from schemas.refusals import Refusal


class Accepted(Struct, frozen=True):
    """The event is part of its lead now."""


class Dropped(Struct, frozen=True):
    """The event changes no number, and that is in order.

    Attributes:
        reason: "duplicate" (its id was known) or "too_late" (its place in the lead's history has been closed).
    """

    reason: str


Result = Accepted | Dropped | Refusal
"""A refusal is an event that cannot be part of any lead: it becomes a dead letter."""

ACCEPTED = Accepted()
DUPLICATE = Dropped("duplicate")
TOO_LATE = Dropped("too_late")
