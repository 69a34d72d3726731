"""Why a record was not taken: a closed set of reasons, and one bounded value that says which, where and what.

A refusal is an outcome, not an exception: bad input is expected, is counted by reason and goes to the dead letters.
Every text in it is cut and free of control characters, so that it may be logged and put into a header as it is.
"""

from enum import StrEnum

from msgspec import Struct

MAX_FIELD = 64
"""Longest field path in a refusal, in characters."""
MAX_DETAIL = 300
"""Longest detail of a refusal, in characters."""
_MAX_QUOTE = 60


class Reason(StrEnum):
    """Why a record became a dead letter. A label value: the set is closed."""

    MALFORMED = "malformed"
    """No JSON object in UTF-8, no value at all, or too large."""
    UNKNOWN_TYPE = "unknown_type"
    """JSON, but no event of this topic."""
    INVALID = "invalid"
    """A known event with a field that is missing, of the wrong type or out of bounds."""
    KEY_MISMATCH = "key_mismatch"
    """The record key is not the lead id, so the record lies in a partition that is not the lead's."""
    FUTURE = "future"
    """It occurred later than the clock allows."""
    PROCESSING_ERROR = "processing_error"
    """It is good and we failed: a defect of leadpulse."""


class Refusal(Struct, frozen=True):
    """The verdict on one record.

    Attributes:
        reason: Which kind of fault it is.
        field: The field at fault, as a path without the leading ``$.``; empty when it is the record as a whole.
        detail: What is wrong, in one line.
    """

    reason: Reason
    field: str
    detail: str


def refuse(reason: Reason, field: str, detail: str) -> Refusal:
    """Make a refusal whose texts are bounded and printable."""
    return Refusal(reason, one_line(field, MAX_FIELD), one_line(detail, MAX_DETAIL))


def key_mismatch(key: bytes | None, lead_id: str) -> Refusal:
    """Refuse a record that lies under another key than its lead id."""
    found = "no key" if key is None else f"key {quote(key.decode('utf-8', 'backslashreplace'))}"
    return refuse(Reason.KEY_MISMATCH, "lead_id", f"record has {found}, the lead id is {quote(lead_id)}")


def processing_error(cause: BaseException) -> Refusal:
    """Refuse a good record that a defect of ours kept from being applied."""
    return refuse(Reason.PROCESSING_ERROR, "", f"{class_name(cause)}: {message_of(cause)}")


def class_name(cause: BaseException) -> str:
    """Name the class of an exception as Python prints it: with its module, unless it is built in."""
    kind = type(cause)
    return kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"


def message_of(cause: BaseException) -> str:
    """Read the message of an exception, whose own ``__str__`` may be what is broken."""
    try:
        return str(cause)
    except Exception:  # whatever it raises, the record must still reach the dead letters
        return "(no message: its __str__ raises)"


def quote(text: str) -> str:
    """Quote a text that came from outside, cut to a length that keeps the sentence around it readable."""
    return repr(text if len(text) <= _MAX_QUOTE else text[:_MAX_QUOTE] + "…")


def one_line(text: str, limit: int) -> str:
    """Cut to `limit` characters and write control characters and surrogates as escapes."""
    text = text[:limit]
    if text.isprintable():
        return text
    escaped = "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
    return escaped[:limit]
