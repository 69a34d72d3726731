"""Dead letters as JSON lines: to be searched, edited, and put back with `leadpulse dlq replay --from`."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from msgspec import Meta, Raw, Struct, structs
from msgspec.json import Decoder, encode

from schemas.dead_letters import Header
from schemas.refusals import Reason
from streams.cli.errors import CliError
from streams.dead_letters import Stored
from streams.putting_back import Returning

MAX_LINE = 16 << 20
"""Longest line that is read, in bytes: more than the largest record makes in base64."""

_BREAKS = bytes.maketrans(b"\r\n", b"  ")


class Place(Struct, frozen=True):
    """Where a record lies."""

    topic: str
    partition: int
    offset: int


class HeaderLine(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One header: its value as text, in base64 when it is no UTF-8, neither when it is null."""

    name: str
    value: str | None = None
    value_base64: str | None = None


class Line(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One dead letter. For putting it back, topic, partition, key, value and headers count; the rest explains.

    Attributes:
        topic: Topic that the record was read from.
        partition: Partition that it was read from.
        offset: Offset that it was read at.
        at: When it became a dead letter.
        reason: Which kind of fault it is.
        field: The field at fault.
        message: What is wrong.
        exception: Class of the exception behind it.
        stacktrace: Where that was raised.
        dead_letter: Where the dead letter lies.
        key: The record's key; in `key_base64` when it is no UTF-8, in neither when it has none.
        value: The record's value when it is a JSON object or list; in `value_text` when it is another text, in
            `value_base64` when it is no UTF-8, in none of them when it has none.
        headers: The record's headers.
    """

    topic: str
    partition: Annotated[int, Meta(ge=0)]
    offset: int | None = None
    at: datetime | None = None
    reason: Reason | None = None
    field: str = ""
    message: str = ""
    exception: str = ""
    stacktrace: str = ""
    dead_letter: Place | None = None
    key: str | None = None
    key_base64: str | None = None
    value: Raw = Raw()
    value_text: str | None = None
    value_base64: str | None = None
    headers: tuple[HeaderLine, ...] = ()


_LINE = Decoder(Line)
_ANYTHING = Decoder()


def line_of(stored: Stored) -> bytes:
    """Write a dead letter as one line."""
    letter = stored.letter
    key, key_base64 = _apart(letter.key)
    line = Line(
        topic=letter.topic,
        partition=letter.partition,
        offset=letter.offset,
        at=datetime.fromtimestamp(stored.at / 1000, UTC),
        reason=letter.reason,
        field=letter.field,
        message=letter.message,
        exception=letter.exception,
        stacktrace=letter.stacktrace,
        dead_letter=Place(stored.topic, stored.partition, stored.offset),
        key=key,
        key_base64=key_base64,
        headers=tuple(_header_line(header) for header in letter.headers),
    )
    return encode(_with_value(line, letter.value)) + b"\n"


def lines_in(file: Path) -> Iterator[tuple[int, Returning]]:
    """Yield the records of a file of such lines, with the number of each line.

    Raises:
        CliError: A line is not one of ours.
        OSError: The file cannot be read.
    """
    with file.open("rb") as stream:
        number = 0
        while raw := stream.readline(MAX_LINE + 1):
            number += 1
            if raw.strip():
                yield number, _record(raw, f"{file}:{number}")


def _with_value(line: Line, value: bytes | None) -> Line:
    if value is not None and _is_embeddable(value):
        # No text in JSON holds a raw line break: those there are separate things, as blanks do.
        return structs.replace(line, value=Raw(value.translate(_BREAKS)))
    text, base64 = _apart(value)
    return structs.replace(line, value_text=text, value_base64=base64)


def _is_embeddable(value: bytes) -> bool:
    if value.lstrip()[:1] not in (b"{", b"["):
        return False
    try:
        _ANYTHING.decode(value)
    except (ValueError, RecursionError):
        return False
    return True


def _apart(data: bytes | None) -> tuple[str | None, str | None]:
    """Return bytes as text, or else in base64."""
    if data is None:
        return None, None
    try:
        return data.decode(), None
    except UnicodeDecodeError:
        return None, b64encode(data).decode()


def _header_line(header: Header) -> HeaderLine:
    name, data = header
    value, base64 = _apart(data)
    return HeaderLine(name=name, value=value, value_base64=base64)


def _record(raw: bytes, place: str) -> Returning:
    if len(raw) > MAX_LINE:
        raise CliError(f"{place}: longer than {MAX_LINE} bytes")
    try:
        line = _LINE.decode(raw)
        return Returning(
            topic=line.topic,
            partition=line.partition,
            key=_together(line.key, line.key_base64),
            value=_value(line),
            headers=tuple((header.name, _together(header.value, header.value_base64)) for header in line.headers),
        )
    except (ValueError, RecursionError) as error:
        raise CliError(f"{place}: {error}") from error


def _value(line: Line) -> bytes | None:
    embedded = bytes(line.value)
    return embedded if embedded not in (b"", b"null") else _together(line.value_text, line.value_base64)


def _together(text: str | None, base64: str | None) -> bytes | None:
    if text is not None:
        return text.encode()
    return None if base64 is None else b64decode(base64, validate=True)
