"""What an interaction means for the response clocks: attempt, contact and automation are told apart."""

from __future__ import annotations

from processors.funnel import Funnel
from processors.rows import TOUCH_BITS, touch_of

NOTHING, AUTOMATED, ATTEMPT, CONTACT = range(4)
TOUCH_MASK = (1 << TOUCH_BITS) - 1


def touch_meanings(funnel: Funnel) -> bytes:
    """Return what each kind of interaction means, indexed by the lower bits of its row's argument.

    Outbound by a bot or an automation: `AUTOMATED`. Outbound by a person: `CONTACT` when its outcome says so, or when
    it is a written message that was sent and did not bounce; otherwise `ATTEMPT`. Inbound: `NOTHING`.
    """
    return bytes(_meaning(funnel, arg) for arg in range(TOUCH_MASK + 1))


def _meaning(funnel: Funnel, arg: int) -> int:
    try:
        touch = touch_of(arg)
    except IndexError:  # bits that no interaction has
        return NOTHING
    if touch.direction == "in":
        return NOTHING
    if touch.actor_kind != "human":
        return AUTOMATED
    sent = touch.outcome == "attempted" and touch.channel in funnel.written_channels
    return CONTACT if sent or touch.outcome in funnel.contact_outcomes else ATTEMPT
