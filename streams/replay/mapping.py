"""The mapping file: how the rows of an export become events. Every mistake in it is told with its line."""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct, field

from streams.tables import Lines, Place, TableError, read_table

Constant = str | int | float | bool
Wanted = str | tuple[str, ...]


class MappingError(ValueError):
    """A mapping file that cannot be used; the message says which line and why."""


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every table of the file."""


class FileForm(Part, frozen=True):
    """What the export looks like.

    Attributes:
        format: `csv` with a header line, or `jsonl`, one object a line; `auto` goes by the name of the file.
        delimiter: What stands between the columns of a CSV file.
        encoding: How a CSV file is encoded; JSON is always UTF-8.
    """

    format: Literal["auto", "csv", "jsonl"] = "auto"
    delimiter: Annotated[str, Meta(min_length=1, max_length=1)] = ","
    encoding: str = "utf-8-sig"


class TimeForm(Part, frozen=True):
    """When a row happened.

    Attributes:
        column: The column that says it.
        format: `iso`, `unix`, `unix_ms` or a format of `datetime.strptime`.
        zone: IANA zone of times that carry none.
    """

    column: str
    format: str = "iso"
    zone: str = ""


class Rule(Part, frozen=True):
    """What one kind of row becomes.

    Attributes:
        name: How reports call it.
        when: What columns must hold: a text, or a list of which any will do; `*` stands for any characters.
        unless: What columns must not hold.
        first: Whether it takes only the first such row of each lead; later ones go on to the next rules.
        ignore: Whether such rows are left out on purpose.
        event: The type of event it makes.
        fields: The fields of the event: constants, and texts with columns in braces.
        time: The column that says when, in place of the one of all rows; a row that has it empty makes no event.
    """

    name: str = ""
    when: dict[str, Wanted] = field(default_factory=dict)
    unless: dict[str, Wanted] = field(default_factory=dict)
    first: bool = False
    ignore: bool = False
    event: str = ""
    fields: dict[str, Constant] = field(default_factory=dict)
    time: str = ""


class Mapping(Part, frozen=True):
    """A whole mapping file.

    Attributes:
        lead_id: What makes the lead id, such as "{lead_id}".
        event_id: What makes the event id. It must be the same each time the same row is replayed, and no two rows may
            share it, so that a second replay changes nothing.
        time: When a row happened.
        rule: The rules, in the order they are tried.
        file: What the export looks like.
        matches: `first`: a row becomes what the first rule that fits makes of it. `all`: every rule that fits makes an
            event of its own, and its name is added to the event id.
        unmapped: Whether rows without a rule are counted, or refused as faulty.
        amount_scale: Minor units in one unit of the amounts of the export: 100 when it counts in euros and cents.
    """

    lead_id: str
    event_id: str
    time: TimeForm
    rule: Annotated[tuple[Rule, ...], Meta(min_length=1)]
    file: FileForm = FileForm()
    matches: Literal["first", "all"] = "first"
    unmapped: Literal["count", "refuse"] = "count"
    amount_scale: Annotated[int, Meta(ge=1, le=1_000_000)] = 1


_TABLES: dict[str, type[Part]] = {"time": TimeForm, "file": FileForm, "rule": Rule}


class MappingFile:
    """A mapping that was read, and where everything stands in its file.

    Attributes:
        mapping: What the file says.
    """

    def __init__(self, mapping: Mapping, lines: Lines) -> None:
        self.mapping = mapping
        self._lines = lines

    def error(self, where: Place, what: str) -> MappingError:
        """Make an error about one place of the file."""
        of_rule = where[:1] == ("rule",) and len(where) > 1
        rule = f"rule {self.rule_name(int(where[1]))}: " if of_rule else ""
        return MappingError(self._lines.message(where, rule + what))

    def rule_name(self, number: int) -> str:
        """Give the name of a rule, or its number, counted from 1."""
        return self.mapping.rule[number].name or str(number + 1)


def load_mapping(path: Path) -> MappingFile:
    """Read a mapping file and check everything that can be checked without its rules and the export.

    Raises:
        MappingError: When it cannot be read, or says something that makes no sense.
    """
    try:
        file = MappingFile(*read_table(path, Mapping, _TABLES))
    except TableError as error:
        raise MappingError(str(error)) from error
    _check_zone(file)
    return file


def _check_zone(file: MappingFile) -> None:
    zone = file.mapping.time.zone
    try:
        if zone:
            ZoneInfo(zone)
    except (KeyError, OSError, ValueError) as error:
        raise file.error(("time", "zone"), f'unknown time zone "{zone}"') from error
