"""From what was written to what is meant: values of the fields' types, or every fault with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta, Struct, structs

from streams.settings.durations import Duration
from streams.settings.fields import split_type, toml, type_text
from streams.settings.lines import ValuePath
from streams.settings.rules import Rule, nearest
from streams.settings.secret import Secret

_LONGEST_SHOWN = 80


class Refused(Exception):
    """A value cannot be used.

    Attributes:
        faults: What is wrong, each with the place inside the value.
    """

    def __init__(self, faults: list[tuple[ValuePath, str]]) -> None:
        super().__init__(faults)
        self.faults = faults


_USER = re.compile(r"//[^/\s\"]*@")


def shown(value: object) -> str:
    """Return a value for a message, in TOML and not too long; no address with what may be a password."""
    text = _USER.sub("//…@", toml(value))
    return text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…"


def convert(annotated: Any, value: object, *, from_text: bool, base: Path) -> Any:
    """Return a value as its field holds it.

    Args:
        annotated: The field's type with its annotations.
        value: As read.
        from_text: Whether it comes from a place that has text only, so that "9464" is a number too.
        base: Directory that relative file names start from.

    Raises:
        Refused: The value is not what the field may hold.
    """
    bare, notes = split_type(annotated)
    if get_origin(bare) is tuple:
        return _list(annotated, value, from_text=from_text, base=base)
    if isinstance(bare, type) and issubclass(bare, Struct):
        return _table(bare, value, base=base)
    result = _single(annotated, bare, value, from_text=from_text, base=base)
    for note in notes:
        if isinstance(note, Rule) and (fault := note.problem(result)):
            raise Refused([((), fault)])
    return result


def _list(annotated: Any, value: object, *, from_text: bool, base: Path) -> tuple[Any, ...]:
    if isinstance(value, str) and from_text:
        if value.lstrip().startswith("["):
            value, from_text = _literal(value), False
        else:
            value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, (list, tuple)):
        raise Refused([((), f"must be {type_text(annotated)}, got {shown(value)}")])
    bare, notes = split_type(annotated)
    _check_size(notes, len(value))
    items, faults = [], []
    for position, item in enumerate(value):
        try:
            items.append(convert(get_args(bare)[0], item, from_text=from_text, base=base))
        except Refused as error:
            faults += [((position, *place), fault) for place, fault in error.faults]
    if faults:
        raise Refused(faults)
    return tuple(items)


def _literal(text: str) -> object:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        raise Refused([((), f"not a TOML list: {text[:_LONGEST_SHOWN]}")]) from error


def _check_size(notes: tuple[Any, ...], size: int) -> None:
    for note in notes:
        least, most = (note.min_length or 0, note.max_length) if isinstance(note, Meta) else (0, None)
        if size < least or (most is not None and size > most):
            bounds = f"{least} to {most}" if most else f"at least {least}"
            raise Refused([((), f"must have {bounds} elements, got {size}")])


def _table(kind: type[Struct], value: object, *, base: Path) -> Struct:
    if not isinstance(value, Mapping):
        raise Refused([((), f"must be {type_text(kind)}, got {shown(value)}")])
    hints = get_type_hints(kind, include_extras=True)
    faults: list[tuple[ValuePath, str]] = [
        ((name,), f"unknown key{nearest(str(name), tuple(hints))}") for name in value if name not in hints
    ]
    faults += [((), f'needs a "{f.name}"') for f in structs.fields(kind) if f.required and f.name not in value]
    found = {}
    for name in value.keys() & hints.keys():
        try:
            found[name] = convert(hints[name], value[name], from_text=False, base=base)
        except Refused as error:
            faults += [((name, *place), fault) for place, fault in error.faults]
    if faults:
        raise Refused(faults)
    return kind(**found)


def _single(annotated: Any, bare: Any, value: object, *, from_text: bool, base: Path) -> Any:
    if bare in {Secret, Path} and value == "":
        return None
    try:
        if bare is Duration:
            return Duration(msgspec.convert(value, str))
        if bare is Secret:
            return Secret(_text(value))
        if bare is Path:
            return _file(base / _text(value))
        result = msgspec.convert(value, annotated, strict=not from_text)
        return _text(result) if isinstance(result, str) else result
    except ValueError as error:  # also msgspec.ValidationError
        got = "something else" if bare is Secret else shown(value)
        example = ' such as "20ms", "5m" or "1h30m"' if bare is Duration else ""
        raise Refused([((), f"must be {type_text(annotated)}{example}, got {got}")]) from error


def _text(value: object) -> str:
    text = msgspec.convert(value, str)
    text.encode()  # an environment variable that is not UTF-8 comes as text that cannot be encoded: a ValueError
    return text


def _file(path: Path) -> Path:
    try:
        with path.open("rb"):
            return path
    except FileNotFoundError as error:
        raise Refused([((), f"no such file: {path}")]) from error
    except OSError as error:
        raise Refused([((), f"cannot be read: {path} ({error.strerror})")]) from error
