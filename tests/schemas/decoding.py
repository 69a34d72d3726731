"""Values of the two input topics, read as leadpulse reads them."""

from __future__ import annotations

from schemas.codec import INTERACTION_DECODER, LEAD_DECODER, decode
from schemas.interaction_events import InteractionEvent
from schemas.lead_events import LeadEvent
from schemas.refusals import Refusal


def decode_lead(value: bytes | None) -> LeadEvent | Refusal:
    return decode(LEAD_DECODER, value)


def decode_interaction(value: bytes | None) -> InteractionEvent | Refusal:
    return decode(INTERACTION_DECODER, value)
