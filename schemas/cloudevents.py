"""CloudEvents 1.0 over Kafka, in binary and in structured mode, to the same events.

An envelope is unwrapped into the JSON that a plain record would have held, and the codec reads that: one set of rules
and one set of refusals for every form. Of the envelope, `id` is the event id, `subject` the lead id, `time` the time
of the event, and the last segment of `type`, a version apart, its type (``com.example.lead.won.v1`` is ``won``).
A field of that meaning in the data wins: it was written in our words. The envelope's `source` names the system that
sent the event, not the source of the lead, and is not read.
"""

import binascii
import re
from collections.abc import Sequence
from typing import Final

from msgspec import Raw
from msgspec.json import Decoder, encode

from schemas import codec
from schemas.codec import MAX_BYTES, NO_VALUE, TOO_LARGE, UNREADABLE, E, refusal
from schemas.dead_letters import Header
from schemas.refusals import Reason, Refusal, quote, refuse

Members = dict[str, Raw]
"""A JSON object whose values were not looked into yet."""

STRUCTURED: Final = "application/cloudevents+json"
"""Media type of the one structured format that is read."""
SPECVERSION: Final = "1.0"

_ANY_FORMAT: Final = "application/cloudevents"
_PREFIX: Final = "ce_"
_MARK: Final = "ce_specversion"
_TELLING: Final = frozenset(("content-type", _MARK))
_REQUIRED: Final = ("specversion", "id", "source", "type")
_FIELDS: Final = {"id": "event_id", "subject": "lead_id", "time": "occurred_at", "type": "type"}
_ATTRIBUTES: Final = {field: attribute for attribute, field in _FIELDS.items()}
_VERSION: Final = re.compile(r"\.v\d+(\.\d+)*$")
_JSON: Final = re.compile(r"(application|text)/([a-z0-9.-]+\+)?json\s*(;.*)?", re.IGNORECASE | re.DOTALL)
_NULL: Final = b"null"
_NO_DATA: Final = b"{}"
_MEMBERS: Final = Decoder(Members)
_TEXT: Final = Decoder(str)


class _RefusedError(Exception):
    """Ends the unwrapping of an envelope; never leaves this module."""

    def __init__(self, reason: Reason, field: str, detail: str) -> None:
        super().__init__(detail)
        self.refusal = refuse(reason, field, detail)


def decode_record(decoder: Decoder[E], value: bytes | None, headers: Sequence[Header]) -> E | Refusal:
    """Read one record, plain or CloudEvent, with the decoder of its topic; whatever it is, nothing is raised.

    For a record without headers, which is plain, the price is one look.
    """
    for name, _ in headers:  # not any(…): the common record has no headers, and then even a generator costs
        if name.lower() in _TELLING:
            return _read(decoder, value, {name.lower(): text for name, text in headers})
    return codec.decode(decoder, value)


def _read(decoder: Decoder[E], value: bytes | None, named: dict[str, bytes | None]) -> E | Refusal:
    media_type = (named.get("content-type") or b"").decode("utf-8", "replace").strip().lower()
    structured = media_type.startswith(_ANY_FORMAT)
    if not structured and _MARK not in named:
        return codec.decode(decoder, value)
    if value and len(value) > MAX_BYTES:
        return TOO_LARGE
    try:
        attributes, data = _structured(media_type, value) if structured else _binary(media_type, named, value)
        return _unwrapped(decoder, attributes, data)
    except _RefusedError as refused:
        return refused.refusal


def _structured(media_type: str, value: bytes | None) -> tuple[Members, bytes]:
    """Take a structured envelope apart into its attributes and its data, as JSON."""
    if media_type.partition(";")[0].strip() != STRUCTURED:
        raise _RefusedError(Reason.MALFORMED, "content-type", f"{quote(media_type)} is not read, {STRUCTURED} is")
    if not value:
        raise _RefusedError(NO_VALUE.reason, NO_VALUE.field, NO_VALUE.detail)
    members = {name: raw for name, raw in _members("", value).items() if bytes(raw) != _NULL}
    data, packed = members.pop("data", None), members.pop("data_base64", None)
    if packed is None:
        return members, _NO_DATA if data is None else bytes(data)
    if data is not None:
        raise _RefusedError(Reason.INVALID, "data_base64", "excludes data, and both are there")
    try:
        return members, binascii.a2b_base64(_text("data_base64", packed), strict_mode=True)
    except ValueError:
        raise _RefusedError(Reason.INVALID, "data_base64", "is no base64") from None


def _binary(media_type: str, named: dict[str, bytes | None], value: bytes | None) -> tuple[Members, bytes]:
    """Collect the attributes of a binary envelope from the headers; the data is the value."""
    attributes: Members = {}
    for name, text in named.items():
        if text is not None and name.startswith(_PREFIX):
            try:
                attributes[name.removeprefix(_PREFIX)] = Raw(encode(text.decode()))
            except UnicodeDecodeError as cause:
                raise _RefusedError(Reason.MALFORMED, name, f"header is not UTF-8: {cause.reason}") from None
    if media_type:
        attributes["datacontenttype"] = Raw(encode(media_type))
    return attributes, value or _NO_DATA


def _unwrapped(decoder: Decoder[E], attributes: Members, data: bytes) -> E | Refusal:
    texts = {name: _text(name, attributes.get(name)) for name in _REQUIRED}
    if texts["specversion"] != SPECVERSION:
        raise _RefusedError(Reason.INVALID, "specversion", f"is {quote(texts['specversion'])}, {SPECVERSION} is read")
    if "datacontenttype" in attributes and not _JSON.fullmatch(_text("datacontenttype", attributes["datacontenttype"])):
        raise _RefusedError(Reason.INVALID, "datacontenttype", "is no JSON media type")
    kind = _VERSION.sub("", texts["type"]).rpartition(".")[2]
    fields = {field: attributes[name] for name, field in _FIELDS.items() if name in attributes}
    said = _members("data", data)
    outcome = codec.decode(decoder, encode(fields | {"type": kind} | said))
    if isinstance(outcome, Refusal) and outcome.field in _ATTRIBUTES and outcome.field not in said:
        hint = f"{outcome.detail} (CloudEvents attribute {_ATTRIBUTES[outcome.field]})"
        return refuse(outcome.reason, outcome.field, hint)
    return outcome


def _members(field: str, value: bytes) -> Members:
    try:
        return _MEMBERS.decode(value)
    except UNREADABLE as cause:
        why = refusal(cause, value)
        raise _RefusedError(why.reason, field, why.detail) from None


def _text(name: str, raw: Raw | None) -> str:
    """Read an attribute that must be there and must be a text."""
    if raw is None:
        raise _RefusedError(Reason.INVALID, name, "is missing, a CloudEvent has it")
    try:
        text = _TEXT.decode(raw)
    except UNREADABLE as cause:
        why = refusal(cause, bytes(raw))
        raise _RefusedError(why.reason, name, why.detail) from None
    if not text:
        raise _RefusedError(Reason.INVALID, name, "is empty, a CloudEvent has it")
    return text
