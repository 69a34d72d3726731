"""`leadpulse lead`: what the workers know of one lead."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import typer
from msgspec import MsgspecError, UnsetType
from msgspec.json import decode
from rich.console import Console
from rich.text import Text

from processors.timeline import Timeline
from schemas.refusals import one_line
from streams.cli.errors import CliError
from streams.cli.invocation import settings_of
from streams.cli.tables import cell, grid, screen
from streams.cli.workers import ask_worker, worker_at
from streams.web.addresses import lead_url

app = typer.Typer()

_LONGEST_ID = 200


@app.command()
def lead(
    ctx: typer.Context,
    lead_id: Annotated[str, typer.Argument(metavar="ID", help="The lead's id, as the events have it.")],
    *,
    url: Annotated[
        str, typer.Option(metavar="URL", help="Base address of any worker; otherwise that of the [web] settings.")
    ] = "",
    as_json: Annotated[bool, typer.Option("--json", help="Print the worker's answer as it is.")] = False,
) -> None:
    """Show what is known of one lead: what it is now, and what happened to it.

    A worker is asked over HTTP; any will do, they ask each other. Where they want a token, it is that of the
    [web] settings. Times are in the zone of the funnel. The exit code is 1 when no event of the lead has been seen, 69
    when no worker can tell, and 78 when the token is not right.

    Examples:
      leadpulse lead L-2041
      leadpulse lead --url http://leadpulse.example:9464 --json L-2041
    """
    settings = settings_of(ctx)
    about = f"lead {one_line(lead_id, _LONGEST_ID)}"
    body = ask_worker(worker_at(url, settings.web), lambda worker: lead_url(worker, lead_id), about)
    if as_json:
        typer.echo(body.decode())
        return
    try:
        told = decode(body, type=Timeline)
    except MsgspecError as error:
        raise CliError(f"the answer is no lead: {error}; is that a worker of this version?") from error
    print_timeline(told, ZoneInfo(settings.funnel.zone), screen())


# -- on the screen --------------------------------------------------------------------------------------------------


def print_timeline(told: Timeline, zone: tzinfo, console: Console) -> None:
    """Print one lead."""
    console.print(Text.assemble(cell(told.lead_id, "bold"), "  ", cell(_standing(told), "bold cyan")))
    facts = grid("", "")
    facts.show_header = False
    for name, text in _facts(told, zone):
        if text:
            facts.add_row(name, cell(text))
    console.print(facts)
    if not told.events:
        return
    console.print()
    table = grid("at", "after", "event", "", right=("after",))
    previous = None if isinstance(told.created_at, UnsetType) else told.created_at
    for event in told.events:
        at = datetime.fromisoformat(event["occurred_at"])
        after = "" if previous is None else _span(at - previous)
        table.add_row(_time(at, zone), after, cell(event["type"]), cell(_details(event)))
        previous = at
    console.print(table)
    if told.shortened:
        console.print("older events were dropped: the history of this lead is very long")


def _standing(told: Timeline) -> str:
    if told.merged_into:
        return f"merged into {told.merged_into}"
    if told.status == "uncreated":
        return "not created: there are events of it, but no `created` among them"
    return told.status + (f": {told.reason}" if told.reason else "")


def _facts(told: Timeline, zone: tzinfo) -> list[tuple[str, str]]:
    origin = ", ".join(f"{name} {value}" for name, value in told.origin.items())
    facts = [("created", _time(told.created_at, zone)), ("origin", origin)]
    stage = f"{told.stage}, since {_time(told.stage_entered_at, zone)}" if told.stage else ""
    facts += [("stage", stage), ("team", told.team), ("owner", told.owner)]
    firsts = {
        "first attempt": told.first_attempt_at,
        "first contact": told.first_contact_at,
        "first automated": told.first_automated_at,
        "closed": told.closed_at,
    }
    return facts + [(name, _since_creation(told, at, zone)) for name, at in firsts.items()]


def _since_creation(told: Timeline, at: datetime | UnsetType, zone: tzinfo) -> str:
    if isinstance(at, UnsetType) or isinstance(told.created_at, UnsetType):
        return _time(at, zone)
    return f"{_time(at, zone)}, {_span(at - told.created_at)} after it was created"


def _details(event: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in event.items() if name not in ("occurred_at", "type"))


def _time(at: datetime | UnsetType, zone: tzinfo) -> str:
    return "" if isinstance(at, UnsetType) else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _span(length: timedelta) -> str:
    """Return a length with its two largest units: 3d 4h, 12m 5s."""
    seconds = round(length.total_seconds())
    sign, seconds = ("-" if seconds < 0 else ""), abs(seconds)
    parts = [(seconds // 86_400, "d"), (seconds // 3600 % 24, "h"), (seconds // 60 % 60, "m"), (seconds % 60, "s")]
    while len(parts) > 1 and not parts[0][0]:
        parts.pop(0)
    return sign + " ".join(f"{number}{unit}" for number, unit in parts[:2])
