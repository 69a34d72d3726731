"""The settings as a list of fields: what the loader, the generated reference and the example file go by."""

from __future__ import annotations

import inspect
import json
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin, get_type_hints

from msgspec import Meta, Struct, structs

from streams.settings.durations import Duration
from streams.settings.rules import Rule
from streams.settings.secret import Secret
from streams.settings.sections import Settings

_PLAIN = {
    str: "text",
    int: "an integer",
    float: "a number",
    bool: "true or false",
    Duration: "a duration",
    Path: "a file",
    Secret: "text",
}


class Field(Struct, frozen=True):
    """One setting.

    Attributes:
        section: Name of its section.
        name: Its name there.
        type: Its annotated type.
        default: Its default; `NODEFAULT` when it must be given.
        description: What it means.
    """

    section: str
    name: str
    type: Any
    default: Any
    description: str

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return f"LEADPULSE_{self.section}__{self.name}".upper()


def split_type(annotated: Any) -> tuple[Any, tuple[Any, ...]]:
    """Return the bare type and the annotations of a type; "or nothing" is left out."""
    notes: tuple[Any, ...] = ()
    if get_origin(annotated) is Annotated:
        annotated, *rest = get_args(annotated)
        notes = tuple(rest)
    options = [option for option in get_args(annotated) if option is not type(None)]
    if type(None) in get_args(annotated):
        annotated = options[0]
    return annotated, notes


def _bounds(notes: tuple[Any, ...]) -> str:
    for note in notes:
        if isinstance(note, Meta) and note.ge is not None and note.le is not None:
            return f" from {note.ge} to {note.le}"
        if isinstance(note, Meta) and note.gt is not None and note.lt is not None:
            return f" between {note.gt} and {note.lt}"
        if isinstance(note, Meta) and note.ge is not None:
            return f" of at least {note.ge}"
        if isinstance(note, Meta) and note.max_length is not None:
            return f" of {note.min_length or 0} to {note.max_length} characters"
    return ""


def type_text(annotated: Any) -> str:
    """Return what a value of a type must be, as it completes "must be …"."""
    bare, notes = split_type(annotated)
    for note in notes:
        if isinstance(note, Rule):
            return note.text
    if get_origin(bare) is tuple:
        return f"a list, each {type_text(get_args(bare)[0])}"
    if get_origin(bare) is Literal:
        return "one of " + ", ".join(f'"{option}"' for option in get_args(bare))
    if isinstance(bare, type) and issubclass(bare, Struct):
        *names, last = (f"`{name}`" for name in bare.__struct_fields__)
        return f"a table with {', '.join(names)} and {last}"
    return _PLAIN[bare] + _bounds(notes)


def _descriptions(section: type[Struct]) -> dict[str, str]:
    _, _, attributes = (inspect.getdoc(section) or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    name = ""
    for line in attributes.splitlines():
        if line.startswith("        "):
            found[name] += " " + line.strip()
        elif ":" in line:
            name, _, text = line.strip().partition(": ")
            found[name] = text
    return found


@cache
def sections() -> dict[str, type[Struct]]:
    """Return the types of all sections by name, in order."""
    return get_type_hints(Settings)


def summary(section: str) -> str:
    """Return what a section is about."""
    return inspect.getdoc(sections()[section]).partition("\n\nAttributes:")[0]  # type: ignore[union-attr]  # all have one


@cache
def fields_of(section: str) -> dict[str, Field]:
    """Return the fields of a section by name, in order."""
    return _fields(section, sections()[section])


def table_fields(field: Field) -> dict[str, Field]:
    """Return the fields by name, in order, of the tables that a setting is a list of; nothing for another setting."""
    kind = next(iter(get_args(split_type(field.type)[0])), None)
    if isinstance(kind, type) and issubclass(kind, Struct):
        return _fields(f"{field.section}.{field.name}", kind)
    return {}


def _fields(section: str, kind: type[Struct]) -> dict[str, Field]:
    hints = get_type_hints(kind, include_extras=True)
    texts = _descriptions(kind)
    return {f.name: Field(section, f.name, hints[f.name], f.default, texts[f.name]) for f in structs.fields(kind)}


def toml(value: Any) -> str:
    """Return a value of the settings in TOML, on one line. A secret shows as stars."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, Struct):
        value = structs.asdict(value)
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {toml(item)}" for name, item in value.items()) + "}"
    text = "" if value is None else str(value)
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")  # else TOML escapes as JSON does
