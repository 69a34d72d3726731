"""Dead letters: records that were not taken, as they were, with headers that say why.

Key, value and headers of the record are kept, but for the largest: a record that brokers would not take by default as a
dead letter is cut, and says so; its whole is where it was read. The headers added are those of Kafka Connect, so that
tools made for its dead letter queues read ours, and two of our own. A record that was a dead letter before gets new
ones in their place.
"""

import traceback
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

from msgspec import Struct, structs

from schemas.refusals import Reason, Refusal, class_name, message_of, one_line

__all__ = ["DeadLetter", "Header", "Reason", "Record", "dead_letter", "from_record", "headers_of", "original_headers"]

Header = tuple[str, bytes | None]
"""Name and value of one Kafka header; a value may be null."""

CONNECTOR: Final = "leadpulse"
MAX_STACKTRACE: Final = 8192
"""Longest stack trace in a header, in bytes; the end, where it was raised, is what is kept."""
MAX_MESSAGE: Final = 1024
"""Longest exception message in a header, in characters."""
MAX_FRAMES: Final = 32
MAX_WHOLE: Final = 960_000
"""Largest sum of key, value and headers that is kept, in bytes: with what is added, brokers take it by default."""
KEPT_VALUE: Final = 65_536
KEPT_KEY: Final = 1024
"""Bytes that are kept of a larger one."""

CONNECT_PREFIX: Final = "__connect.errors."
OWN_PREFIX: Final = "leadpulse."
_TOPIC = f"{CONNECT_PREFIX}topic"
_PARTITION = f"{CONNECT_PREFIX}partition"
_OFFSET = f"{CONNECT_PREFIX}offset"
_CONNECTOR = f"{CONNECT_PREFIX}connector.name"
_TASK = f"{CONNECT_PREFIX}task.id"
_STAGE = f"{CONNECT_PREFIX}stage"
_WORKER = f"{CONNECT_PREFIX}class.name"
_EXCEPTION = f"{CONNECT_PREFIX}exception.class.name"
_MESSAGE = f"{CONNECT_PREFIX}exception.message"
_STACKTRACE = f"{CONNECT_PREFIX}exception.stacktrace"
_REASON = f"{OWN_PREFIX}reason"
_FIELD = f"{OWN_PREFIX}field"
HEADERS: Final = {
    _TOPIC: "Topic the record was read from.",
    _PARTITION: "Partition it was read from, in decimal.",
    _OFFSET: "Offset it was read at, in decimal.",
    _CONNECTOR: f"Always {CONNECTOR}.",
    _TASK: "The partition again: one partition is one task.",
    _STAGE: "The stage of Kafka Connect that comes nearest to where it failed.",
    _WORKER: "The module that was at work.",
    _EXCEPTION: "Class of the exception behind a processing error; absent when nothing was raised.",
    _MESSAGE: f"What is wrong, in one line of at most {MAX_MESSAGE} characters.",
    _STACKTRACE: f"End of the stack trace, at most {MAX_STACKTRACE} bytes; absent when nothing was raised.",
    _REASON: "Which kind of fault it is, out of a closed set.",
    _FIELD: "The field at fault; absent when it is the record as a whole.",
}
"""Every header that a dead letter adds, with what it says."""
REQUIRED_HEADERS: Final = (_TOPIC, _PARTITION, _OFFSET, _CONNECTOR, _TASK, _STAGE, _WORKER, _MESSAGE, _REASON)
"""The ones that no dead letter goes without."""
REASON_HEADER: Final = _REASON
"""The one that holds the reason."""

# The stages of Kafka Connect that come nearest, and who of us was at work.
_CONVERTING = ("VALUE_CONVERTER", "schemas.codec")
_PLACES: Final = {
    Reason.MALFORMED: _CONVERTING,
    Reason.UNKNOWN_TYPE: _CONVERTING,
    Reason.INVALID: _CONVERTING,
    Reason.KEY_MISMATCH: ("KEY_CONVERTER", "processors.shard"),
    Reason.FUTURE: ("TASK_PUT", "processors.shard"),
    Reason.PROCESSING_ERROR: ("TASK_PUT", "processors.shard"),
}


class Record(Protocol):
    """What a dead letter is made of: a record as the Kafka clients hand it over."""

    @property
    def topic(self) -> str:
        """Topic it was read from."""

    @property
    def partition(self) -> int:
        """Partition it was read from."""

    @property
    def offset(self) -> int:
        """Offset it was read at."""

    @property
    def key(self) -> bytes | None:
        """Key as read."""

    @property
    def value(self) -> bytes | None:
        """Value as read."""

    @property
    def headers(self) -> Sequence[Header]:
        """Headers as read."""


class DeadLetter(Struct, frozen=True):
    """A record that was not taken, and why.

    Attributes:
        topic: Topic it was read from.
        partition: Partition it was read from.
        offset: Offset it was read at.
        key: Its key, as it was.
        value: Its value, as it was.
        headers: Its headers, as they were before it became a dead letter.
        reason: Which kind of fault it is.
        field: The field at fault; empty when it is the record as a whole.
        message: What is wrong, bounded.
        exception: Class of the exception behind it; empty when there was none.
        stacktrace: Where that was raised, bounded; empty when there was none.
    """

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...]
    reason: Reason
    field: str
    message: str
    exception: str = ""
    stacktrace: str = ""


def dead_letter(record: Record, refusal: Refusal, cause: BaseException | None = None) -> DeadLetter:
    """Make the dead letter of a record.

    Args:
        record: The record that was not taken.
        refusal: Why.
        cause: The exception behind a processing error.
    """
    letter = DeadLetter(
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        key=record.key,
        value=record.value,
        headers=original_headers(record.headers),
        reason=refusal.reason,
        field=refusal.field,
        message=refusal.detail if cause is None else one_line(message_of(cause), MAX_MESSAGE),
        exception="" if cause is None else class_name(cause),
        stacktrace="" if cause is None else _stacktrace(cause),
    )
    return _cut(letter)


def _cut(letter: DeadLetter) -> DeadLetter:
    """Return a letter as it may be written: one that is too large loses its headers and most of the rest."""
    key, value = letter.key, letter.value
    size = len(key or b"") + len(value or b"") + sum(len(name) + len(text or b"") for name, text in letter.headers)
    if size <= MAX_WHOLE:
        return letter
    message = one_line(f"cut from {size} bytes, the whole is where it was read; {letter.message}", MAX_MESSAGE)
    key, value = key and key[:KEPT_KEY], value and value[:KEPT_VALUE]
    return structs.replace(letter, key=key, value=value, headers=(), message=message)


def headers_of(letter: DeadLetter) -> list[Header]:
    """List the headers of a dead letter's record: the original ones, then those that say why."""
    stage, worker = _PLACES[letter.reason]
    added = [
        (_TOPIC, letter.topic),
        (_PARTITION, str(letter.partition)),
        (_OFFSET, str(letter.offset)),
        (_CONNECTOR, CONNECTOR),
        (_TASK, str(letter.partition)),
        (_STAGE, stage),
        (_WORKER, worker),
        (_MESSAGE, letter.message),
        (_REASON, letter.reason.value),
        (_FIELD, letter.field),
        (_EXCEPTION, letter.exception),
        (_STACKTRACE, letter.stacktrace),
    ]
    said = [(name, text) for name, text in added if text or name in REQUIRED_HEADERS]
    return [*letter.headers, *((name, text.encode("utf-8", "backslashreplace")) for name, text in said)]


def from_record(key: bytes | None, value: bytes | None, headers: Iterable[Header]) -> DeadLetter | None:
    """Read a dead letter back from its record, or give None when the record was not written by leadpulse."""
    headers = tuple(headers)
    said = {name: (text or b"").decode("utf-8", "replace") for name, text in headers if name in HEADERS}
    try:
        return DeadLetter(
            topic=said[_TOPIC],
            partition=int(said[_PARTITION]),
            offset=int(said[_OFFSET]),
            key=key,
            value=value,
            headers=original_headers(headers),
            reason=Reason(said[_REASON]),
            field=said.get(_FIELD, ""),
            message=said.get(_MESSAGE, ""),
            exception=said.get(_EXCEPTION, ""),
            stacktrace=said.get(_STACKTRACE, ""),
        )
    except (KeyError, ValueError):
        return None


def original_headers(headers: Iterable[Header]) -> tuple[Header, ...]:
    """Leave out what a dead letter adds, so that a record that comes back carries what its producer gave it."""
    return tuple(header for header in headers if header[0] not in HEADERS)


def _stacktrace(cause: BaseException) -> str:
    text = "".join(traceback.format_exception(cause, limit=-MAX_FRAMES)).rstrip()
    raw = text.encode("utf-8", "backslashreplace")
    # A cut may fall inside a character: what is left of it is dropped.
    return raw[-MAX_STACKTRACE:].decode("utf-8", "ignore")
