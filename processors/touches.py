"""What an interaction means for the response clocks: attempt, contact and automation are told apart."""

from __future__ import annotations

from functools import cache
from typing import Final

from processors.funnel import Funnel
from processors.rows import ALL_TOUCHES, TOUCH_BITS, Touch, touch_bits

NOTHING: Final = 0
AUTOMATED: Final = 1
ATTEMPT: Final = 2
CONTACT: Final = 3
INBOUND: Final = 4
_TOOK_PART = frozenset({"connected", "replied", "booked", "held"})
TOUCH_MASK: Final = (1 << TOUCH_BITS) - 1


def touch_meanings(funnel: Funnel) -> bytes:
    """Return what each kind of interaction means, indexed by the lower bits of its row's argument.

    Outbound by a bot or an automation: `AUTOMATED`. Outbound by a person: `CONTACT` when its outcome says so, or when
    it is a written message that was sent and did not bounce; otherwise `ATTEMPT`. Inbound by a person: `INBOUND`; by
    a bot or an automation, such as an out-of-office reply: `NOTHING`.
    """
    return _meanings(funnel.contact_outcomes, funnel.written_channels)


@cache
def _meanings(contact_outcomes: frozenset[str], written_channels: frozenset[str]) -> bytes:
    meanings = bytearray(TOUCH_MASK + 1)
    for touch in ALL_TOUCHES:
        meanings[touch_bits(*touch)] = _meaning(contact_outcomes, written_channels, touch)
    return bytes(meanings)


@cache
def reactions() -> bytes:
    """Return whether the lead took part in each kind of interaction, indexed as `touch_meanings`.

    It did when a person of theirs turned to us, or when ours spoke with them, whatever is configured to be a contact.
    """
    took_part = bytearray(TOUCH_MASK + 1)
    for touch in ALL_TOUCHES:
        ours = touch.direction == "out" and touch.outcome in _TOOK_PART
        took_part[touch_bits(*touch)] = touch.actor_kind == "human" and (ours or touch.direction == "in")
    return bytes(took_part)


def _meaning(contact_outcomes: frozenset[str], written_channels: frozenset[str], touch: Touch) -> int:
    if touch.direction == "in":
        return INBOUND if touch.actor_kind == "human" else NOTHING
    if touch.actor_kind != "human":
        return AUTOMATED
    sent = touch.outcome == "attempted" and touch.channel in written_channels
    return CONTACT if sent or touch.outcome in contact_outcomes else ATTEMPT
