"""The rows of an export, one at a time: CSV or JSON lines, plain or gzipped. The file is never in memory as a whole."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol, cast

import msgspec
from msgspec import Struct

from streams.replay.mapping import FileForm
from streams.replay.rules import Row

_GZIP = b"\x1f\x8b"
_MAX_LINE = 1 << 20


class _CsvReader(Protocol):
    # What csv.reader gives; it has no public name.
    @property
    def line_num(self) -> int: ...
    def __next__(self) -> list[str]: ...
    def __iter__(self) -> Iterator[list[str]]: ...


class ReadError(RuntimeError):
    """An export that cannot be read any further; the message says where and why."""


class BadLine(Struct, frozen=True):
    """A line that is no row.

    Attributes:
        line: Its number in the file, counted from 1.
        problem: What is wrong with it.
    """

    line: int
    problem: str


class Line(Struct, frozen=True):
    """A row and where it stands.

    Attributes:
        line: Number of its last line in the file, counted from 1.
        row: Its values by column.
    """

    line: int
    row: Row


class Export:
    """An open export.

    Attributes:
        columns: The columns of a CSV file; None when any row may have its own.
        lines: Its rows, and the lines that are none.
        raw: The file on the disk, compressed or not; its position tells how far we are.
    """

    def __init__(self, raw: BinaryIO, columns: tuple[str, ...] | None, lines: Iterator[Line | BadLine]) -> None:
        self.raw = raw
        self.columns = columns
        self.lines = lines


@contextmanager
def open_export(path: Path, form: FileForm) -> Iterator[Export]:
    """Open an export.

    Raises:
        ReadError: When it cannot be opened, has no usable header, or is damaged (then while reading).
    """
    try:
        raw = path.open("rb")
    except OSError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror}") from error
    with raw:
        zipped = raw.peek(2)[:2] == _GZIP
        # Typing: a GzipFile reads bytes like a file does, but typeshed keeps the two apart.
        data = cast(BinaryIO, gzip.GzipFile(fileobj=raw)) if zipped else raw
        if _is_csv(path, form):
            with _text(path, data, form) as text:
                yield _csv(raw, path, text, form)
        else:
            yield Export(raw, None, _watched(path, _json_lines(data)))


def _is_csv(path: Path, form: FileForm) -> bool:
    if form.format != "auto":
        return form.format == "csv"
    endings = path.suffixes[-2:] if path.suffix == ".gz" else path.suffixes[-1:]
    return not any(ending in (".jsonl", ".ndjson", ".json") for ending in endings)


def _text(path: Path, data: BinaryIO, form: FileForm) -> io.TextIOWrapper:
    try:
        # Bytes that are not of the encoding become lone surrogates, which no event may hold: so the one row is
        # refused, with its line, and the others go on.
        return io.TextIOWrapper(data, encoding=form.encoding, errors="surrogateescape", newline="")
    except LookupError as error:
        raise ReadError(f"{path}: unknown encoding {form.encoding!r}") from error


def _csv(raw: BinaryIO, path: Path, text: io.TextIOWrapper, form: FileForm) -> Export:
    reader = csv.reader(text, delimiter=form.delimiter, strict=True)
    columns = _header(path, reader)
    return Export(raw, columns, _watched(path, _rows(reader, columns)))


def _header(path: Path, reader: _CsvReader) -> tuple[str, ...]:
    try:
        columns = tuple(next(reader, ()))
    except (csv.Error, OSError, EOFError, zlib.error, UnicodeError) as error:
        raise ReadError(f"{path}:1: no header: {error}") from error
    if not columns:
        raise ReadError(f"{path}: empty, not even a header")
    if len(set(columns)) < len(columns):
        raise ReadError(f"{path}:1: the header names a column twice")
    return columns


def _rows(reader: _CsvReader, columns: tuple[str, ...]) -> Iterator[Line | BadLine]:
    while True:
        try:
            values = next(reader, None)
        except csv.Error as error:
            yield BadLine(reader.line_num, f"no CSV: {error}")
            continue
        if values is None:
            return
        if len(values) == len(columns):
            yield Line(reader.line_num, dict(zip(columns, values, strict=True)))
        elif values:
            yield BadLine(reader.line_num, f"{len(values)} columns where the header has {len(columns)}")


def _json_lines(data: BinaryIO) -> Iterator[Line | BadLine]:
    line: Line | BadLine
    decode = msgspec.json.Decoder().decode
    number = 0
    while raw := data.readline(_MAX_LINE):
        number += 1
        if len(raw) == _MAX_LINE and not raw.endswith(b"\n"):
            while (rest := data.readline(_MAX_LINE)) and not rest.endswith(b"\n"):
                pass
            yield BadLine(number, f"longer than {_MAX_LINE} bytes")
            continue
        if not raw.strip():
            continue
        try:
            value = decode(raw)
            line = Line(number, _flat(value)) if isinstance(value, dict) else BadLine(number, "no JSON object")
        except (ValueError, RecursionError) as error:
            line = BadLine(number, f"no JSON: {error}")
        yield line


def _flat(row: dict[str, object], prefix: str = "") -> dict[str, object]:
    out: dict[str, object] = {}
    for name, value in row.items():
        if isinstance(value, dict):
            out |= _flat(value, f"{prefix}{name}.")
        else:
            out[prefix + name] = value
    return out


def _watched(path: Path, lines: Iterator[Line | BadLine]) -> Iterator[Line | BadLine]:
    last = 1
    try:
        for line in lines:
            last = line.line
            yield line
    except (OSError, EOFError, zlib.error) as error:
        raise ReadError(f"{path}:{last}: damaged after this line: {error}") from error
