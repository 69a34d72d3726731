"""A TOML file to a frozen struct, for the files that are not the settings; mistakes are told with their line."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

import msgspec
from msgspec import Struct

from streams.settings.lines import line_of, value_lines
from streams.settings.rules import nearest

Place = tuple[str | int, ...]
"""Keys and list positions, from the top of the file."""

T = TypeVar("T", bound=Struct)

_AT = re.compile(r" - at `(?P<path>\$.*)`$")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`")


class TableError(ValueError):
    """A file that cannot be used; the message says which, in which line, and why."""


class Lines:
    """Where everything stands in one file."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines = value_lines(text)

    def message(self, where: Place, what: str) -> str:
        """Say what is wrong with one place of the file."""
        line = line_of(self._lines, where)
        return f"{self._path}:{line}: {what}" if line else f"{self._path}: {what}"


def read_table(path: Path, kind: type[T], tables: Mapping[str, type[Struct]]) -> tuple[T, Lines]:
    """Read a TOML file as a struct that refuses unknown keys.

    Args:
        path: The file.
        kind: What it must be.
        tables: The structs within it, by the key that they stand under.

    Raises:
        TableError: When it cannot be read, is no TOML, or does not fit.
    """
    try:
        text = path.read_text(encoding="utf-8")
        raw = tomllib.loads(text)
    except OSError as error:
        raise TableError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:  # not UTF-8, or not TOML
        raise TableError(f"{path}: no TOML: {error}") from error
    lines = Lines(path, text)
    try:
        return msgspec.convert(raw, kind), lines
    except msgspec.ValidationError as error:
        raise TableError(_explain(lines, str(error), kind, tables)) from error


def _explain(lines: Lines, text: str, kind: type[Struct], tables: Mapping[str, type[Struct]]) -> str:
    where: Place = ()
    if found := _AT.search(text):
        where = tuple(name or int(index) for name, index in _STEP.findall(found["path"]))
        text = text[: found.start()]
    if unknown := _UNKNOWN.fullmatch(text):
        names = [step for step in where if isinstance(step, str)]
        known = tables[names[-1]] if names else kind
        name = unknown["name"]
        return lines.message((*where, name), f'unknown key "{name}"{nearest(name, known.__struct_fields__)}')
    key = "".join(f"[{step + 1}]" if isinstance(step, int) else f".{step}" for step in where).lstrip(".")
    return lines.message(where, f"{key}: {text}" if key else text)
