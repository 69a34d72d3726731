"""Dead letters on the screen: what `leadpulse dlq list` and `show` read and print."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, tzinfo
from heapq import heappush, heappushpop

from msgspec import Struct, structs

from schemas.dead_letters import DeadLetter
from streams.cli.errors import CliError
from streams.cli.letter_lines import line_of
from streams.cli.tables import cell, grid, lines_of, screen
from streams.cli.writing import shown
from streams.dead_letters import LetterLog, Selection, Stored, reading
from streams.settings import Settings
from streams.settings.kafka import kafka_client_options

_NUMBERS = ("partition", "offset")


class Letters(Struct, frozen=True):
    """Which dead letters of which application.

    Attributes:
        settings: The application.
        topics: Topics of dead letters.
        selection: Which ones in them.
    """

    settings: Settings
    topics: tuple[str, ...]
    selection: Selection

    @asynccontextmanager
    async def opened(self, *, new_only: bool = False) -> AsyncIterator[LetterLog]:
        """Give the log of them, with a group that remembers what was seen.

        Raises:
            CliError: There is no topic of dead letters.
            KafkaError: Kafka cannot be reached.
        """
        options = kafka_client_options(self.settings.kafka)
        group = f"{self.settings.app.id}-dlq-replay"
        async with reading(options, self.topics, self.selection, group=group, new_only=new_only) as log:
            if len(log.missing) == len(self.topics):
                raise CliError(f"there is no topic {' or '.join(self.topics)}: has a worker ever run on this Kafka?")
            yield log


async def read(log: LetterLog, title: str, *, bar: bool = True) -> AsyncIterator[Stored]:
    """Yield the letters of a log, with a progress bar."""
    with shown(title, lambda _: log.passed / max(log.total, 1)) as progress:
        number = 0
        async for stored in log.letters():
            number += 1
            if bar:
                progress(number)
            yield stored


class Overview(Struct):
    """The newest of many dead letters, and how many there are.

    Attributes:
        newest: Without their values, which may be large; oldest first.
        counts: Reason -> how many.
        foreign: Records beside them that no leadpulse wrote.
    """

    newest: list[Stored]
    counts: Counter[str]
    foreign: int = 0


async def overview(letters: Letters, limit: int) -> Overview:
    """Look through all letters, and keep the newest."""
    kept: list[tuple[int, int, Stored]] = []
    counts: Counter[str] = Counter()
    async with letters.opened() as log:
        async for stored in read(log, "reading dead letters"):
            counts[stored.letter.reason] += 1
            slim = structs.replace(stored.letter, value=None, headers=(), stacktrace="")
            entry = (stored.at, counts.total(), structs.replace(stored, letter=slim))
            if len(kept) < limit:
                heappush(kept, entry)
            else:
                heappushpop(kept, entry)
    return Overview([stored for _, _, stored in sorted(kept)], counts, log.foreign)


async def write_lines(letters: Letters) -> None:
    """Write all letters to standard output as JSON lines."""
    async with letters.opened() as log:
        async for stored in read(log, "reading dead letters", bar=not sys.stdout.isatty()):
            sys.stdout.buffer.write(line_of(stored))
    sys.stdout.buffer.flush()


async def last(letters: Letters, itself_at: int | None) -> Stored | None:
    """Return the last of the letters; of all that are selected, or the one that lies at an offset itself."""
    found = None
    async with letters.opened() as log:
        async for stored in read(log, "looking for it"):
            if itself_at in (None, stored.offset):
                found = stored
    return found


def place(letter: DeadLetter) -> str:
    """Return where the record of a letter was read from."""
    return f"{letter.topic}[{letter.partition}] offset {letter.offset}"


def print_overview(seen: Overview, zone: tzinfo) -> None:
    """Print a table of the newest, and how many there are."""
    if seen.newest:
        table = grid("dead since", "topic", "partition", "offset", "reason", "field", "key", "message", right=_NUMBERS)
        for stored in seen.newest:
            letter = stored.letter
            table.add_row(
                _time(stored.at, zone),
                cell(letter.topic),
                str(letter.partition),
                str(letter.offset),
                letter.reason,
                cell(letter.field),
                cell(_text(letter.key)),
                cell(letter.message),
            )
        screen().print(table)
    for line in _sums(seen):
        screen().print(line, markup=False)


def _sums(seen: Overview) -> Sequence[str]:
    total = seen.counts.total()
    if not total:
        lines = ["no dead letters"]
    else:
        listed = ", ".join(f"{reason} {number:,}" for reason, number in seen.counts.most_common())
        part = f", the newest {len(seen.newest):,} are shown" if len(seen.newest) < total else ""
        lines = [f"{total:,} dead letter{'s' if total > 1 else ''}{part}: {listed}"]
    if seen.foreign:
        lines.append(f"{seen.foreign:,} records beside them were not written by leadpulse")
    return lines


def print_letter(stored: Stored, zone: tzinfo) -> None:
    """Print all about one letter."""
    letter = stored.letter
    facts = grid("", "")
    facts.show_header = False
    facts.add_row("record", cell(place(letter)))
    facts.add_row(
        "dead letter", cell(f"{stored.topic}[{stored.partition}] offset {stored.offset}, {_time(stored.at, zone)}")
    )
    facts.add_row("reason", cell(letter.reason, "bold"))
    for name, text in (("field", letter.field), ("message", letter.message), ("exception", letter.exception)):
        if text:
            facts.add_row(name, cell(text))
    facts.add_row("key", cell(_text(letter.key)))
    for name, value in letter.headers:
        facts.add_row("header", cell(f"{name}: {_text(value)}"))
    console = screen()
    console.print(facts)
    blocks = {"value": letter.value, "stack trace": letter.stacktrace.encode() or None}
    for title, data in blocks.items():
        if data is not None:
            console.print(f"\n{title}", style="bold")
            for line in lines_of(data):
                console.print(line, markup=False, soft_wrap=True)
    if letter.value is None:
        console.print("\nthe record has no value")


def _text(data: bytes | None) -> str:
    return "(none)" if data is None else data.decode("utf-8", "backslashreplace")


def _time(ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(ms / 1000, zone).strftime("%Y-%m-%d %H:%M:%S")
