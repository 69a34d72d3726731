"""A checked rule, ready to use: which rows it takes, and the event it makes of one."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, get_args, get_type_hints

import msgspec
from msgspec import Struct

from schemas.interaction_events import Interaction
from schemas.lead_events import Event, LeadEvent
from streams.replay.mapping import Constant, MappingFile, Rule, Wanted
from streams.replay.templates import Template, as_text
from streams.replay.values import Reader, money_reader, read_flag, read_number, time_reader
from streams.settings.rules import nearest

Row = Mapping[str, object]
"""One row of the export by the names of its columns."""

EVENTS: dict[str, type[Event]] = {str(kind.__struct_config__.tag): kind for kind in (*get_args(LeadEvent), Interaction)}
"""The event types by name."""

_NUMBERS: dict[str, Reader] = {
    "score": read_number,
    "duration_seconds": read_number,
    "sentiment": read_number,
    "substantive": read_flag,
    "closing_attempt": read_flag,
}


class BadRow(ValueError):
    """A row that cannot become an event; the message says which column or field, and why."""


class Maker(Struct, frozen=True):
    """A rule made ready.

    Attributes:
        name: How reports call it.
        fits: Whether a row is one of its own, its `first` apart.
        first: Whether it takes only the first such row of each lead.
        kind: The event type it makes; None to leave rows out.
        time_column: The column that says when.
        read_time: Reads that column.
        optional: Whether a row without a time makes no event, in place of being faulty.
        event_id: Makes the event id.
        fields: For each field of the event, what makes its value and what reads it.
    """

    name: str
    fits: Callable[[Row], bool]
    first: bool
    kind: type[Event] | None
    time_column: str
    read_time: Callable[[object], datetime]
    optional: bool
    event_id: Template
    fields: tuple[tuple[str, Template, Reader | None], ...]

    def make(self, row: Row, lead_id: str) -> Event | None:
        """Make the event of a row, or None when the row says that it did not happen.

        Raises:
            BadRow: When the row does not hold what the event needs.
        """
        written = row.get(self.time_column)
        if self.kind is None or (self.optional and written in ("", None)):
            return None
        try:
            time = self.read_time(written)
        except ValueError as error:
            raise BadRow(f'column "{self.time_column}": {error}') from error
        values: dict[str, object] = {
            "type": self.kind.__struct_config__.tag,
            "event_id": self.event_id.text(row),
            "lead_id": lead_id,
            "occurred_at": time,
        }
        for name, template, read in self.fields:
            if (value := _field(name, template, read, row)) is not None:
                values[name] = value
        return _convert(values, self.kind)


def ready(file: MappingFile) -> list[Maker]:
    """Check the rules of a mapping against the events, and make them ready.

    Raises:
        MappingError: When a rule names what does not exist, or leaves out what is needed.
    """
    return [_maker(file, number, rule) for number, rule in enumerate(file.mapping.rule)]


def columns_of(file: MappingFile) -> Iterable[tuple[tuple[str | int, ...], str]]:
    """List every column that a mapping takes, with the place in the file that takes it."""
    mapping = file.mapping
    yield from ((("lead_id",), column) for column in Template(mapping.lead_id).columns)
    yield from ((("event_id",), column) for column in Template(mapping.event_id).columns)
    yield ("time", "column"), mapping.time.column
    for number, rule in enumerate(mapping.rule):
        for table, conditions in (("when", rule.when), ("unless", rule.unless)):
            yield from ((("rule", number, table, column), column) for column in conditions)
        for name, text in rule.fields.items():
            yield from ((("rule", number, "fields", name), column) for column in Template(str(text)).columns)
        if rule.time:
            yield ("rule", number, "time"), rule.time


def template(file: MappingFile, where: tuple[str | int, ...], text: str) -> Template:
    """Read a template of the mapping file.

    Raises:
        MappingError: When its braces do not match.
    """
    try:
        return Template(text)
    except ValueError as error:
        raise file.error(where, f"{where[-1]}: {error}") from error


def _maker(file: MappingFile, number: int, rule: Rule) -> Maker:
    mapping = file.mapping
    kind = _kind(file, number, rule)
    ending = f"-{file.rule_name(number)}" if mapping.matches == "all" else ""
    return Maker(
        name=file.rule_name(number),
        fits=_condition(rule),
        first=rule.first,
        kind=kind,
        time_column=rule.time or mapping.time.column,
        read_time=time_reader(mapping.time.format, mapping.time.zone),
        optional=bool(rule.time),
        event_id=Template(mapping.event_id + ending.replace("{", "{{").replace("}", "}}")),
        fields=() if kind is None else _fields(file, number, rule, kind),
    )


def _kind(file: MappingFile, number: int, rule: Rule) -> type[Event] | None:
    if rule.ignore:
        if rule.event or rule.fields:
            raise file.error(("rule", number, "ignore"), "a rule that ignores rows makes no event")
        return None
    if not rule.event:
        raise file.error(("rule", number), 'needs an "event", or "ignore = true"')
    if rule.event not in EVENTS:
        raise file.error(
            ("rule", number, "event"),
            f'no event type "{rule.event}"{nearest(rule.event, EVENTS)} ({", ".join(EVENTS)})',
        )
    return EVENTS[rule.event]


def _fields(
    file: MappingFile, number: int, rule: Rule, kind: type[Event]
) -> tuple[tuple[str, Template, Reader | None], ...]:
    own = [name for name in kind.__struct_fields__ if name not in Event.__struct_fields__]
    readers: dict[str, Reader] = {
        **_NUMBERS,
        "amount": money_reader(file.mapping.amount_scale),
        "planned_for": time_reader(file.mapping.time.format, file.mapping.time.zone),
    }
    out = []
    for name, text in rule.fields.items():
        where = ("rule", number, "fields", name)
        if name not in own:
            raise file.error(
                where, f'{rule.event} has no field "{name}"{nearest(name, own)} ({", ".join(own) or "none"})'
            )
        made = template(file, where, as_text(text))
        if not made.columns:
            _check_constant(file, where, kind, text, readers.get(name))
        out.append((name, made, readers.get(name)))
    for field in msgspec.structs.fields(kind):
        if field.required and field.name in own and field.name not in rule.fields:
            raise file.error(("rule", number), f'{rule.event} needs the field "{field.name}"')
    return tuple(out)


def _check_constant(
    file: MappingFile, where: tuple[str | int, ...], kind: type[Event], value: Constant, read: Reader | None
) -> None:
    wanted: Any = get_type_hints(kind, include_extras=True)[str(where[-1])]
    try:
        msgspec.convert(read(value) if read else Template(as_text(value)).text({}), wanted)
    except ValueError as error:
        raise file.error(where, f"{where[-1]}: {error}") from error


def _condition(rule: Rule) -> Callable[[Row], bool]:
    wanted = [(column, _pattern(texts)) for column, texts in rule.when.items()]
    unwanted = [(column, _pattern(texts)) for column, texts in rule.unless.items()]

    def fits(row: Row) -> bool:
        return all(holds(as_text(row.get(column))) for column, holds in wanted) and not any(
            holds(as_text(row.get(column))) for column, holds in unwanted
        )

    return fits


def _pattern(wanted: Wanted) -> Callable[[str], bool]:
    texts = (wanted,) if isinstance(wanted, str) else wanted
    if not any("*" in text for text in texts):
        return frozenset(texts).__contains__
    choices = "|".join(".*".join(map(re.escape, text.split("*"))) for text in texts)
    match = re.compile(choices, re.DOTALL).fullmatch
    return lambda text: match(text) is not None


def _field(name: str, made: Template, read: Reader | None, row: Row) -> object:
    value = made.value(row)
    if value in ("", None):
        return None
    if read is None:
        return as_text(value)
    try:
        return read(value)
    except ValueError as error:
        source = f'column "{made.columns[0]}"' if made.columns else f'field "{name}"'
        raise BadRow(f"{source}: {error}") from error


def _convert(values: dict[str, object], kind: type[Event]) -> Event:
    try:
        return msgspec.convert(values, kind)
    except msgspec.ValidationError as error:
        raise BadRow(str(error).replace("Object missing required field", "nothing for the field")) from error
