"""`leadpulse replay`: an export of the past, written to Kafka as events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.errors import CliError, ExitCode
from streams.cli.invocation import settings_of
from streams.cli.writing import shown, write
from streams.replay import (
    Account,
    Export,
    Mapped,
    Mapper,
    MappingError,
    ReadError,
    StrictError,
    at_speed,
    load_mapping,
    open_export,
)
from streams.settings import Settings

app = typer.Typer()

_KINDS_SHOWN = 10
_SLICE = 1000


@app.command()
def replay(  # noqa: PLR0913  # each is an option of the command
    ctx: typer.Context,
    *,
    export: Annotated[Path, typer.Argument(help="The export: CSV or JSON lines, plain or gzipped.")],
    mapping: Annotated[Path, typer.Option("--mapping", "-m", help="Mapping file: what to make of which row.")],
    speed: Annotated[float, typer.Option(min=0, help="Seconds of history per second; 0 is as fast as possible.")] = 0.0,
    limit: Annotated[int | None, typer.Option(min=1, help="Stop after this many events.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be written.")] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Stop at the first faulty row.")] = False,
) -> int:
    """Turn a CSV or JSON-lines export into events and write them to Kafka.

    The same export gives the same event ids each time, so that replaying it again changes nothing. Let the worker run
    on event time: worker.clock = "event".
    """
    settings = settings_of(ctx)
    stopped = False
    with _told():
        file = load_mapping(mapping)
        mapper = Mapper(file, export, strict=strict)
        with open_export(export, file.mapping.file) as rows:
            mapper.check_columns(rows)
            events = islice(mapper.events(rows), limit)
            if dry_run:
                written = _count(events, _part_read(rows, export))
            else:
                written, stopped = _write(settings, events, rows, export, speed)
    _report(mapper.account, written, "would be written" if dry_run else "written")
    return ExitCode.INTERRUPTED if stopped else ExitCode.OK


def _write(settings: Settings, events: Iterator[Mapped], rows: Export, export: Path, speed: float) -> tuple[int, bool]:
    topics = settings.topics
    messages = at_speed(events, topics.leads, topics.interactions, speed)
    end = write(settings, messages, title=f"replaying {export.name}", done=_part_read(rows, export))
    return end.records, end.stopped


def _count(events: Iterator[Mapped], done: Callable[[int], float]) -> int:
    count = 0
    with shown("reading", done) as progress:
        for count, _ in enumerate(events, 1):
            if count % _SLICE == 0:
                progress(count)
    return count


def _part_read(rows: Export, export: Path) -> Callable[[int], float]:
    size = max(1, export.stat().st_size)
    return lambda _: rows.raw.tell() / size


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except MappingError as error:
        raise CliError(str(error), ExitCode.CONFIGURATION) from error
    except (ReadError, StrictError) as error:
        raise CliError(str(error)) from error


def _report(account: Account, written: int, what: str) -> None:
    typer.echo(f"{account.rows:,} rows read, {written:,} events {what}, {account.ignored:,} rows left out")
    for kind, count in account.events.most_common():
        typer.echo(f"  {kind:<14} {count:>10,}")
    if account.out_of_order:
        typer.echo(f"{account.out_of_order:,} events are older than one before them in the file")
    if account.unmapped:
        typer.echo(f"{account.unmapped.total():,} rows fit no rule:", err=True)
        for kind, count in account.unmapped.most_common(_KINDS_SHOWN):
            typer.echo(f"  {count:>10,} x {kind}", err=True)
    if account.faulty:
        typer.echo(f"{account.faulty:,} faulty rows, the first ones:", err=True)
        for problem in account.problems:
            typer.echo(f"  {problem}", err=True)
