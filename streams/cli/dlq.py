"""`leadpulse dlq`: what was refused and why, and back with it once it is acceptable."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from schemas.refusals import Reason
from streams.cli import letters
from streams.cli.asking import ask
from streams.cli.errors import CliError, ExitCode
from streams.cli.invocation import settings_of
from streams.cli.letter_lines import lines_in
from streams.cli.letters import Letters
from streams.cli.putting_back import Account, Labelled, Wishes, put_back
from streams.cli.writing import shown
from streams.dead_letters import Selection
from streams.putting_back import returning
from streams.settings import Duration, Settings

app = typer.Typer(help="List, show and put back dead letters.", no_args_is_help=True)

_WHICH = "Which ones"

Topic = Annotated[
    str, typer.Option(metavar="NAME", help="Read from this topic, or lying in this one.", rich_help_panel=_WHICH)
]
Partition = Annotated[int | None, typer.Option(min=0, help="Read from this partition.", rich_help_panel=_WHICH)]
Offset = Annotated[int | None, typer.Option(min=0, help="Read at this offset.", rich_help_panel=_WHICH)]
Reasons = Annotated[
    list[Reason] | None,
    typer.Option(
        "--reason",
        metavar="REASON",
        help=f"Dead for this reason; may be repeated: {', '.join(Reason)}.",
        rich_help_panel=_WHICH,
    ),
]
Since = Annotated[
    str,
    typer.Option(metavar="TIME", help="Dead since then: RFC 3339, or how long ago (2h).", rich_help_panel=_WHICH),
]


@app.command("list")
def list_letters(  # noqa: PLR0913  # each is an option of the command
    ctx: typer.Context,
    *,
    topic: Topic = "",
    partition: Partition = None,
    offset: Offset = None,
    reason: Reasons = None,
    since: Since = "",
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Show only the newest of them.")] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write all of them, whole, as JSON lines; see replay --from.")
    ] = False,
) -> None:
    """List dead letters: where each was read from, and what is wrong with it.

    Examples:
      leadpulse dlq list --since 24h
      leadpulse dlq list --reason invalid --json > letters.jsonl
    """
    settings = settings_of(ctx)
    wanted = Letters(settings, _topics(settings, topic), _selection(partition, offset, reason, since))
    if as_json:
        ask(settings, letters.write_lines(wanted))
    else:
        letters.print_overview(ask(settings, letters.overview(wanted, limit)), ZoneInfo(settings.funnel.zone))


@app.command()
def show(
    ctx: typer.Context,
    topic: Annotated[str, typer.Argument(help="Topic the record was read from, or the one its dead letter lies in.")],
    partition: Annotated[int, typer.Argument(min=0, help="Partition there.")],
    offset: Annotated[int, typer.Argument(min=0, help="Offset there.")],
) -> None:
    """Show one dead letter whole: what is wrong, the record, its headers, and the stack trace if there is one.

    The place is that of the record, as `dlq list` prints it, or that of the dead letter itself: the name of the topic
    tells which one is meant.

    Examples:
      leadpulse dlq show leads.v1 2 1841
      leadpulse dlq show leads.v1.dlq 2 17
    """
    settings = settings_of(ctx)
    topics = _topics(settings, topic)
    itself = topic in topics
    wanted = Letters(settings, topics, Selection(partition=partition, offset=None if itself else offset))
    found = ask(settings, letters.last(wanted, offset if itself else None))
    if found is None:
        what = "lies at" if itself else "was read from"
        raise CliError(f"no dead letter {what} {topic}[{partition}] offset {offset}")
    letters.print_letter(found, ZoneInfo(settings.funnel.zone))


@app.command()
def replay(  # noqa: PLR0913  # each is an option of the command
    ctx: typer.Context,
    *,
    topic: Topic = "",
    partition: Partition = None,
    offset: Offset = None,
    reason: Reasons = None,
    since: Since = "",
    new: Annotated[
        bool, typer.Option("--new", help="Only those after the last replay of all.", rich_help_panel=_WHICH)
    ] = False,
    file: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Put back the lines of this file, mended by you.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing; say what would be put back.")] = False,
    rekey: Annotated[
        bool,
        typer.Option("--rekey", help="Put a record with a wrong key under its lead id, in the partition of that."),
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Put back even what will fail again.")] = False,
) -> int:
    """Put dead letters back into the topic and partition they came from, with the key and headers they had.

    Each is judged first, by the rules that a worker with these settings has now; what would fail again stays where it
    is, and the exit code is then 1. Dead letters are never deleted, and putting one back twice does no harm: workers
    know an event by its event id. A replay without a selection remembers how far it came, for --new: in a consumer
    group named like the application, with the ending -dlq-replay.

    To mend records, write them to a file, edit what is wrong, and put the lines back.

    Examples:
      leadpulse dlq replay --dry-run
      leadpulse dlq replay --reason unknown_type --since 2h
      leadpulse dlq list --reason invalid --json > letters.jsonl
      leadpulse dlq replay --from letters.jsonl
    """
    settings = settings_of(ctx)
    wanted = Letters(settings, _topics(settings, topic), _selection(partition, offset, reason, since))
    wishes = Wishes(rekey=rekey, force=force, dry_run=dry_run, edited=file is not None)
    if file is None:
        account = ask(settings, _replay(wanted, wishes, new_only=new))
    elif topic or new or not wanted.selection.is_all:
        raise typer.BadParameter("--from takes all lines of its file: no selection goes with it")
    else:
        account = ask(settings, put_back(settings, _lines(file), wishes))
    return _report(account, wishes)


async def _replay(wanted: Letters, wishes: Wishes, *, new_only: bool) -> Account:
    async with wanted.opened(new_only=new_only) as log:

        async def records() -> AsyncIterator[Labelled]:
            async for stored in letters.read(log, "putting back"):
                yield letters.place(stored.letter), returning(stored.letter)

        account = await put_back(wanted.settings, records(), wishes)
        if wanted.selection.is_all and not wishes.dry_run:
            await log.mark_seen()
    return account


async def _lines(file: Path) -> AsyncIterator[Labelled]:
    with shown("putting back", None) as progress:
        for number, record in lines_in(file):
            progress(number)
            yield f"{file}:{number}", record


def _report(account: Account, wishes: Wishes) -> ExitCode:
    """Say what was done; the exit code tells whether it was all."""
    would = "would be " if wishes.dry_run else ""
    topics = "".join(f", {name} {number:,}" for name, number in account.back.most_common())
    typer.echo(f"{account.back.total():,} {would}put back{topics}")
    if account.forced:
        typer.echo(f"{account.forced:,} of them will fail again")
    if not account.refused:
        return ExitCode.OK
    reasons = ", ".join(f"{reason} {number:,}" for reason, number in account.refused.most_common())
    typer.echo(f"{account.refused.total():,} would fail again and stay: {reasons}", err=True)
    for example in account.examples:
        typer.echo(f"  {example}", err=True)
    if account.refused.total() > len(account.examples):
        typer.echo(f"  and {account.refused.total() - len(account.examples):,} more", err=True)
    if Reason.KEY_MISMATCH in account.refused and not wishes.rekey:
        typer.echo("  --rekey puts a record under its lead id", err=True)
    return ExitCode.FAILURE


# -- what the options mean ------------------------------------------------------------------------------------------


def _topics(settings: Settings, named: str) -> tuple[str, ...]:
    """Return the topics of dead letters that a name stands for; it may be that of an input."""
    topics = settings.topics
    known = {name: topics.dead_letters(name) for name in (topics.leads, topics.interactions)}
    if not named:
        return tuple(known.values())
    chosen = known.get(named, named)
    if chosen not in known.values():
        raise typer.BadParameter(f"{named!r} is none of {', '.join((*known, *known.values()))}")
    return (chosen,)


def _selection(partition: int | None, offset: int | None, reasons: list[Reason] | None, since: str) -> Selection:
    return Selection(
        partition=partition,
        offset=offset,
        reasons=frozenset(reasons or ()),
        since=_moment(since, time.time()) if since else None,
    )


def _moment(text: str, now: float) -> int:
    """Return a time, or one so long ago, in ms since 1970."""
    try:
        return int(now * 1000) - Duration(text).ms
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no time such as 2026-11-22T09:00:00Z or 2h") from error
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} has no zone")
    return int(moment.timestamp() * 1000)
