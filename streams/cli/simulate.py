"""`leadpulse simulate`: a sales floor that does not exist, written to Kafka."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from streams.cli.errors import CliError, ExitCode
from streams.cli.invocation import settings_of
from streams.cli.writing import write
from streams.producing import Message
from streams.settings import Duration, Settings
from streams.simulation import (
    NO_FAULTS,
    Lapse,
    Parameters,
    ParametersError,
    Record,
    Totals,
    history,
    live,
    load_parameters,
)

app = typer.Typer()

_DAY_MS = 86_400_000
_LIVE = "Live"
_HISTORY = "History"


@app.command()
def simulate(  # noqa: PLR0913  # each is an option of the command
    ctx: typer.Context,
    *,
    rate: Annotated[
        float,
        typer.Option(min=0.01, help="Events per second, on average over a week of the floor.", rich_help_panel=_LIVE),
    ] = 20.0,
    time_lapse: Annotated[
        float, typer.Option(min=0.01, help="How many times as fast as real the floor lives.", rich_help_panel=_LIVE)
    ] = 1.0,
    since: Annotated[
        str,
        typer.Option(metavar="TIME", help="Begin this long ago; the past comes at once.", rich_help_panel=_LIVE),
    ] = "0s",
    fast: Annotated[
        bool,
        typer.Option(
            "--as-fast-as-possible", help="Write a history that ends now, and stop.", rich_help_panel=_HISTORY
        ),
    ] = False,
    leads: Annotated[int, typer.Option(min=1, help="How many leads.", rich_help_panel=_HISTORY)] = 1000,
    days: Annotated[float, typer.Option(min=0.001, help="Over how many days.", rich_help_panel=_HISTORY)] = 30.0,
    end: Annotated[
        str, typer.Option(metavar="TIME", help="When it ends, RFC 3339; otherwise now.", rich_help_panel=_HISTORY)
    ] = "",
    floor: Annotated[
        str,
        typer.Option(
            metavar="everyday|hurried|FILE",
            help="Which floor: one with nights and weekends, one in fast motion, or that of a TOML file. "
            "A history is everyday, live is hurried unless said otherwise.",
        ),
    ] = "",
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same floor; otherwise a new one.")] = None,
    silence: Annotated[
        str, typer.Option(metavar="SOURCE@TIME", help="A source that falls silent after this time of the floor.")
    ] = "",
    faults: Annotated[bool, typer.Option(help="Late, doubled and bad records.")] = True,
    seconds: Annotated[float | None, typer.Option(min=0.1, help="Stop after this time.")] = None,
    events: Annotated[int | None, typer.Option(min=1, help="Stop after this many records.")] = None,
    totals: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write what it must add up to into this file, as JSON.")
    ] = None,
) -> None:
    """Write the events of a believable sales floor to Kafka.

    Without more, a floor in fast motion runs live until Ctrl-C. With --as-fast-as-possible a whole history is written:
    --leads of them over --days, with past time stamps.
    """
    settings = settings_of(ctx)
    parameters = _parameters(settings, floor or ("everyday" if fast else "hurried"), faults=faults)
    parameters = _silenced(parameters, silence) if silence else parameters
    seed = secrets.randbits(32) if seed is None else seed
    now = time.time()
    lapse = None if fast else Lapse(int(now * 1000) - _span(since).ms, time_lapse)
    if lapse is None:
        end_ms = _end(end, now)
        records = history(parameters, seed=seed, start=end_ms - int(days * _DAY_MS), end=end_ms, leads=leads)
    else:
        records = live(parameters, seed=seed, rate=rate, lapse=lapse)
    wanted = islice(records, events)
    counted = Totals()
    messages = _messages(counted.watch(wanted) if totals else wanted, settings, lapse, now)
    done = (lambda count: count / events) if events else None
    written = write(settings, messages, title="simulating", seconds=seconds, done=done)
    if totals:
        totals.write_bytes(msgspec.json.format(msgspec.json.encode(counted.summary())) + b"\n")
    typer.echo(f"{written.records:,} records written; seed {seed}")


def _parameters(settings: Settings, floor: str, *, faults: bool) -> Parameters:
    try:
        parameters = load_parameters(floor)
    except ParametersError as error:
        raise CliError(str(error), ExitCode.CONFIGURATION) from error
    stages = tuple(stage.name for stage in settings.funnel.stages if stage.kind == "open")
    if not stages:
        raise CliError("the funnel has no open stage that leads could go through", ExitCode.CONFIGURATION)
    parameters = msgspec.structs.replace(parameters, stages=stages)
    return parameters if faults else msgspec.structs.replace(parameters, faults=NO_FAULTS)


def _silenced(parameters: Parameters, choice: str) -> Parameters:
    name, _, after = choice.rpartition("@")
    names = [source.name for source in parameters.sources]
    if name not in names:
        raise typer.BadParameter(f"{choice!r} names none of the sources {', '.join(names)}; write it like website@5m")
    minutes = _span(after).ms / 60_000
    sources = (
        msgspec.structs.replace(source, silent_after_minutes=minutes) if source.name == name else source
        for source in parameters.sources
    )
    return msgspec.structs.replace(parameters, sources=tuple(sources))


def _span(text: str) -> Duration:
    try:
        return Duration(text)
    except ValueError as error:
        raise typer.BadParameter(f"{error}; write it like 90s or 2h") from error


def _end(text: str, now: float) -> int:
    if not text:
        return int(now * 1000)
    try:
        end = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time such as 2026-11-22T09:00:00Z") from error
    if end.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no zone")
    return int(end.timestamp() * 1000)


def _messages(records: Iterable[Record], settings: Settings, lapse: Lapse | None, now: float) -> Iterator[Message]:
    leads, interactions = settings.topics.leads, settings.topics.interactions
    for record in records:
        due = 0.0 if lapse is None else lapse.wall(record.due) / 1000 - now
        yield Message(due, interactions if record.interaction else leads, record.key, record.value)
