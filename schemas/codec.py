"""JSON bytes to events and back.

The good path is one call of a ready decoder. What it raises on bad input is sorted out afterwards, by `refusal`, and
only then does it cost anything::

    try:
        event = LEAD_DECODER.decode(value)
    except UNREADABLE as cause:
        return refusal(cause, value)

`decode` does that, and checks the two things a decoder cannot: size and the year 1970.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar, get_args

from msgspec import DecodeError, Meta, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from schemas import interaction_events
from schemas.alerts import Alert
from schemas.interaction_events import InteractionEvent
from schemas.lead_events import Event, LeadEvent
from schemas.refusals import Reason, Refusal, quote, refuse

MAX_BYTES = 1 << 20
"""Largest record value in bytes; a larger one is malformed."""

UNREADABLE: Final = (ValueError, RecursionError)
"""What a decoder raises on bad bytes: msgspec's errors and UnicodeDecodeError are ValueErrors."""

E = TypeVar("E", bound=Event)


class _Nobody(Struct, tag_field="type", tag="\x00", gc=False):
    """An event that cannot be sent: its field can have no value.

    msgspec lets `type` be left out where there is but one type to choose from. A union of two makes it required, on
    the interactions topic as on the leads topic, so that a second kind of event can be added without breaking anybody.
    """

    nothing: Annotated[str, Meta(min_length=1, max_length=0)]


LEAD_DECODER: Final[Decoder[LeadEvent]] = Decoder(LeadEvent)
"""Reads one record value of the leads topic."""
INTERACTION_DECODER: Final[Decoder[InteractionEvent]] = Decoder(InteractionEvent | _Nobody)
"""Reads one record value of the interactions topic."""
ALERT_DECODER: Final[Decoder[Alert]] = Decoder(Alert)
"""Reads one record value of the alerts topic."""

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
BEFORE_1970: Final = Refusal(Reason.INVALID, "occurred_at", "lies before 1970-01-01T00:00:00Z")
"""For an event whose time in milliseconds since 1970 is negative."""
TOO_LARGE: Final = Refusal(Reason.MALFORMED, "", f"value is larger than {MAX_BYTES} bytes")
"""For a value longer than MAX_BYTES."""
NO_VALUE: Final = Refusal(Reason.MALFORMED, "", "record has no value")
"""For a record whose value is null or empty."""

_ENCODER: Final = Encoder()
_ANYTHING: Final = Decoder()
_AT = re.compile(r"^(?P<message>.*) - at `\$\.?(?P<field>.*)`$", re.DOTALL)
_MISSING = re.compile(r"^Object missing required field `(?P<field>.*)`$", re.DOTALL)
_NO_OBJECT = "Expected `object`, got "
_CLEARER: Final = {
    "Expected `datetime` with a timezone component": "has no zone: write Z or an offset such as +02:00",
    "Invalid RFC3339 encoded datetime": "is no RFC 3339 time such as 2026-11-22T09:30:00Z",
}
_CHOICES: Final = {
    "direction": interaction_events.Direction,
    "actor_kind": interaction_events.ActorKind,
    "outcome": interaction_events.Outcome,
}


def encode(message: Event | Alert) -> bytes:
    """Write an event or an alert as JSON.

    Nothing is checked: a value out of bounds is refused by whoever reads it.

    Raises:
        UnicodeEncodeError: A text holds a lone surrogate, which UTF-8 cannot carry.
    """
    return _ENCODER.encode(message)


def decode(decoder: Decoder[E], value: bytes | None) -> E | Refusal:
    """Read one record value with the decoder of its topic; whatever it is, nothing is raised."""
    if not value:
        return NO_VALUE
    if len(value) > MAX_BYTES:
        return TOO_LARGE
    try:
        event = decoder.decode(value)
    except UNREADABLE as cause:
        return refusal(cause, value)
    return event if event.occurred_at >= EPOCH else BEFORE_1970


def refusal(cause: Exception, value: bytes) -> Refusal:
    """Say what is wrong with a value, given what its decoder raised.

    A value that is no JSON is malformed even when a wrong field was seen first, so that the reason does not depend
    on the order of the fields.
    """
    if not value:
        return NO_VALUE
    if isinstance(cause, ValidationError):
        return _not_json(value) or _wrong_field(str(cause))
    return _malformed(cause)


def _not_json(value: bytes) -> Refusal | None:
    try:
        _ANYTHING.decode(value)
    except ValidationError:
        return None  # JSON, with a number that no float can hold
    except UNREADABLE as cause:
        return _malformed(cause)
    return None


def _malformed(cause: Exception) -> Refusal:
    if isinstance(cause, UnicodeDecodeError):
        detail = f"text is not UTF-8: {cause.reason}"
    elif isinstance(cause, RecursionError):
        detail = "nested too deeply"
    elif isinstance(cause, DecodeError):
        detail = f"no JSON: {str(cause).removeprefix('JSON is malformed: ')}"
    else:
        raise cause  # not from a decoder: hiding it would blame the sender
    return refuse(Reason.MALFORMED, "", detail)


def _wrong_field(text: str) -> Refusal:
    if missing := _MISSING.match(text):
        return refuse(Reason.INVALID, missing["field"], "is missing")
    if text.startswith(_NO_OBJECT):
        return refuse(Reason.MALFORMED, "", f"no JSON object but {text.removeprefix(_NO_OBJECT)}")
    at = _AT.match(text)
    message, field = (at["message"], at["field"]) if at else (text, "")
    if field == "type" and message.startswith("Invalid value "):
        name = message.removeprefix("Invalid value ")[1:-1]
        return refuse(Reason.UNKNOWN_TYPE, "type", f"no event of this topic is named {quote(name)}")
    return refuse(Reason.INVALID, field, _clearer(field, message))


def _clearer(field: str, message: str) -> str:
    if field == "currency" and "regex" in message:
        return "is no ISO 4217 code: three capital letters, or empty"
    if field in _CHOICES and message.startswith("Invalid enum value"):
        return f"is none of {', '.join(get_args(_CHOICES[field]))}"
    return _CLEARER.get(message, f"{message[:1].lower()}{message[1:]}")
