"""`leadpulse waiting`: who waits for an answer, live."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from msgspec import UnsetType
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from processors.waiting_card import WaitingCard
from streams.cli.errors import CliError
from streams.cli.invocation import settings_of
from streams.cli.tables import cell, grid, screen
from streams.cli.workers import Asked, ask_worker, worker_at
from streams.web.addresses import waiting_url
from streams.web.waiting_answer import WaitingAnswer, read_answer

app = typer.Typer()

STALE = timedelta(seconds=5)
"""An answer that is further behind than this is said to be."""
BAND_STYLES = {"on_time": "green", "warned": "yellow", "breached": "bold red", "unpromised": "dim"}
_MARGIN = 6  # lines of the screen that are no leads
_MOST = 1000


@app.command()
def waiting(  # noqa: PLR0913  # options, by name
    ctx: typer.Context,
    *,
    team: Annotated[
        str | None, typer.Option(metavar="TEAM", help="Only the leads of this team; `unassigned` for those of none.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, max=_MOST, help="Most leads; otherwise what fits on the screen, or 100.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Print the list once instead of keeping it up to date.")] = False,
    every: Annotated[float, typer.Option(min=0.2, max=60, help="Seconds between two looks.")] = 1.0,
    url: Annotated[
        str, typer.Option(metavar="URL", help="Base address of any worker; otherwise that of the [web] settings.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the worker's answer as it is, once.")] = False,
) -> None:
    """Show who waits for an answer, soonest deadline first, until Ctrl-C.

    A worker is asked over HTTP; any will do, they ask each other. It says so when a part of the leads cannot be told at
    the moment, or the picture is old. Where workers want a token, it is that of the [web] settings. On something that
    is no terminal the list is printed once. The exit code is 69 when no worker answers.

    Examples:
      leadpulse waiting
      leadpulse waiting --team north --once
    """
    worker = worker_at(url, settings_of(ctx).web)
    console = screen()
    if as_json:
        typer.echo(_ask(worker, team, limit or _room(console)).decode())
    elif once or not console.is_terminal:
        console.print(board(look(worker, team, limit or _room(console)), datetime.now(UTC)))
    else:
        _keep_showing(worker, team, limit, every, console)


def _keep_showing(worker: Asked, team: str | None, limit: int | None, every: float, console: Console) -> None:
    """Show the board anew all the time; a worker that is away is waited for once the board stands."""
    shown: RenderableType = board(look(worker, team, limit or _room(console)), datetime.now(UTC))
    with Live(shown, console=console, screen=True, auto_refresh=False) as live:
        while True:
            live.update(shown, refresh=True)
            time.sleep(every)
            try:
                shown = board(look(worker, team, limit or _room(console)), datetime.now(UTC))
            except CliError as error:
                shown = Text(f"{datetime.now(UTC):%H:%M:%S}  {error}", "bold red")


def look(worker: Asked, team: str | None, limit: int) -> WaitingAnswer:
    """Ask a worker who waits.

    Raises:
        CliError: It does not answer, or not with who waits.
    """
    answer = read_answer(_ask(worker, team, limit))
    if answer is None:
        raise CliError("the answer does not say who waits; is that a worker of this version?")
    return answer


def _ask(worker: Asked, team: str | None, limit: int) -> bytes:
    return ask_worker(worker, lambda base: waiting_url(base, limit, team), "who waits")


def _room(console: Console) -> int:
    return max(1, min(_MOST, console.height - _MARGIN)) if console.is_terminal else 100


# -- on the screen --------------------------------------------------------------------------------------------------


def board(answer: WaitingAnswer, now: datetime) -> RenderableType:
    """Return the board: how good the picture is, and the leads.

    Args:
        answer: Of a worker.
        now: The wall clock.
    """
    more = answer.waiting - len(answer.cards)
    below = [Text(f"… {more:,} more", "dim")] if more > 0 else []
    return Group(_heading(answer, now), _table(answer), *below)


def _heading(answer: WaitingAnswer, now: datetime) -> Text:
    heading = Text.assemble((f"{answer.waiting:,} waiting", "bold"))
    if not answer.complete:
        told = len(answer.partitions)
        heading.append(f"   incomplete: {told} partition{'' if told == 1 else 's'} told, others cannot be", "bold red")
    if isinstance(answer.known_until, UnsetType):
        heading.append("   catching up", "yellow")
    elif now - answer.known_until > STALE:
        heading.append(f"   as of {clock(now - answer.known_until)} ago", "bold red")
    return heading


def _table(answer: WaitingAnswer) -> Table:
    columns = ("left", "lead", "team", "owner", "source", "stage", "waits for", "since", "policy", "band")
    table = grid(*columns, right=("left", "since"))
    for card in answer.cards:
        colour = BAND_STYLES.get(card.band, "")
        table.add_row(
            Text(_left(card, answer.now), colour),
            *(cell(text) for text in (card.lead_id, card.team, card.owner, card.source, card.stage)),
            cell(card.obligation.replace("_", " ")),
            clock(answer.now - card.began_at),
            cell(card.policy),
            Text(card.band.replace("_", " "), colour),
        )
    return table


def _left(card: WaitingCard, now: datetime) -> str:
    return "" if isinstance(card.deadline, UnsetType) else clock(card.deadline - now)


def clock(length: timedelta) -> str:
    """Return a length as a clock counts it down: 4:05, 1:00:00, 2d 03:00, and -0:30 when it is over."""
    seconds = int(length.total_seconds() // 1)
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    days, hours, minutes = seconds // 86_400, seconds // 3600 % 24, seconds // 60 % 60
    if days:
        return f"{sign}{days}d {hours:02}:{minutes:02}"
    rest = f"{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"
    return f"{sign}{hours}:{rest}" if hours else f"{sign}{rest}"
