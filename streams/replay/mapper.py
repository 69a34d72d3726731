"""Rows to events, with an account of everything that did not become one."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from schemas.codec import encode
from schemas.interaction_events import Interaction
from schemas.lead_events import Event
from streams.replay.mapping import MappingFile
from streams.replay.reading import BadLine, Export, Line
from streams.replay.rules import BadRow, Maker, Row, columns_of, ready, template
from streams.replay.templates import as_text
from streams.settings.rules import nearest

_SHOWN = 20
_KNOWN = 10_000


class Mapped(Struct, frozen=True):
    """An event of a row, and the record it travels in.

    Attributes:
        event: The event.
        interaction: Whether it belongs to the interactions topic; otherwise it belongs to the leads topic.
        key: Its record key.
        value: Its record value.
    """

    event: Event
    interaction: bool
    key: bytes
    value: bytes


class StrictError(RuntimeError):
    """A faulty row in a replay that takes none; the message says where and why."""


class Account(Struct):
    """What became of the rows.

    Attributes:
        rows: Rows read.
        events: Events made, by type.
        ignored: Rows left out on purpose.
        unmapped: Rows that no rule fitted, by what they hold in the columns of the rules.
        faulty: Rows that should have become an event and could not.
        problems: The first faulty rows: file, line and what is wrong.
        out_of_order: Events older than one before them in the file.
    """

    rows: int
    events: Counter[str]
    ignored: int
    unmapped: Counter[str]
    faulty: int
    problems: list[str]
    out_of_order: int


class Mapper:
    """Makes events of the rows of one export.

    Attributes:
        account: What became of the rows so far.

    Args:
        file: The mapping.
        path: The export, for messages.
        strict: Whether the first faulty row ends it.

    Raises:
        MappingError: When the mapping makes no sense.
    """

    def __init__(self, file: MappingFile, path: Path, *, strict: bool = False) -> None:
        self.account = Account(0, Counter(), 0, Counter(), 0, [], 0)
        self._file = file
        self._path = path
        self._strict = strict
        self._makers = ready(file)
        self._lead_id = template(file, ("lead_id",), file.mapping.lead_id)
        template(file, ("event_id",), file.mapping.event_id)
        # Names of the leads for which a rule that takes only the first row has had it.
        self._had: list[set[str]] = [set() for _ in self._makers]
        self._telling = list(
            dict.fromkeys(column for rule in file.mapping.rule for column in (*rule.when, *rule.unless))
        )
        self._known: dict[tuple[str, ...], list[tuple[int, Maker]]] = {}
        self._latest = 0.0

    def check_columns(self, export: Export) -> None:
        """Compare the columns that the mapping takes with those that the export has.

        Raises:
            MappingError: When the export lacks one.
        """
        if export.columns is None:
            return
        for where, column in columns_of(self._file):
            if column not in export.columns:
                hint = nearest(column, export.columns) or f"; it has {', '.join(export.columns)}"
                raise self._file.error(where, f'{self._path.name} has no column "{column}"{hint}')

    def events(self, export: Export) -> Iterator[Mapped]:
        """Make the events of all rows, in the order of the file.

        Raises:
            StrictError: When a row is faulty and none may be.
            ReadError: When the export is damaged.
        """
        for line in export.lines:
            self.account.rows += 1
            if isinstance(line, BadLine):
                self._fault(line.line, line.problem)
            else:
                yield from self._row(line)

    def _row(self, line: Line) -> Iterator[Mapped]:
        lead_id = self._lead_id.text(line.row)
        fitted = spoke = False
        for number, maker in self._fitting(line.row):
            if not self._turn(number, maker, lead_id):
                continue
            fitted = True
            try:
                mapped = _make(maker, line.row, lead_id)
            except BadRow as error:
                spoke = True
                self._fault(line.line, f"rule {maker.name}: {error}")
            else:
                if mapped:
                    spoke = True
                    self._count(mapped.event)
                    yield mapped
            if self._file.mapping.matches == "first":
                break
        if not fitted:
            self._unmapped(line)
        self.account.ignored += fitted and not spoke

    def _fitting(self, row: Row) -> list[tuple[int, Maker]]:
        # What the rules look at has few values in most exports, and comparing them is half of all work.
        seen = tuple(as_text(row.get(column)) for column in self._telling)
        fitting = self._known.get(seen)
        if fitting is None:
            if len(self._known) >= _KNOWN:
                self._known.clear()
            fitting = [(number, maker) for number, maker in enumerate(self._makers) if maker.fits(row)]
            self._known[seen] = fitting
        return fitting

    def _turn(self, number: int, maker: Maker, lead_id: str) -> bool:
        if not maker.first:
            return True
        had = self._had[number]
        if lead_id in had:
            return False
        had.add(lead_id)
        return True

    def _count(self, event: Event) -> None:
        time = event.occurred_at.timestamp()
        self.account.events[str(event.__struct_config__.tag)] += 1
        self.account.out_of_order += time < self._latest
        self._latest = max(self._latest, time)

    def _unmapped(self, line: Line) -> None:
        what = self._describe(line.row)
        if self._file.mapping.unmapped == "refuse":
            self._fault(line.line, f"no rule fits: {what}")
        elif what in self.account.unmapped or len(self.account.unmapped) < 10 * _SHOWN:
            self.account.unmapped[what] += 1
        else:
            self.account.unmapped["others"] += 1

    def _describe(self, row: Row) -> str:
        return ", ".join(f"{column}={as_text(row.get(column))[:60]!r}" for column in self._telling) or "any row"

    def _fault(self, line: int, problem: str) -> None:
        message = f"{self._path}:{line}: {problem}"
        if self._strict:
            raise StrictError(message)
        self.account.faulty += 1
        if len(self.account.problems) < _SHOWN:
            self.account.problems.append(message)


def _make(maker: Maker, row: Row, lead_id: str) -> Mapped | None:
    event = maker.make(row, lead_id)
    if event is None:
        return None
    try:
        return Mapped(event, isinstance(event, Interaction), lead_id.encode(), encode(event))
    except UnicodeEncodeError as error:
        raise BadRow("text that is not in the encoding of the file") from error
