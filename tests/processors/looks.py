"""What tests compare: shards by names, since label numbers depend on the order of arrival."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Generator, Iterable
from typing import Any

from processors.cells import MINUTE, SERIES, Cells
from processors.changelog import Changelog, restore
from processors.families import Family
from processors.fold import Fold
from processors.funnel import Funnel
from processors.history import BIRTH_TABLES, birth_of
from processors.periods import spans
from processors.questions import FAMILIES
from processors.questions.live import OPEN_AGE, UNANSWERED_AGE
from processors.record import Lead
from processors.rows import CLOCK, rows
from processors.shard import Shard
from processors.windows import NOW
from tests.processors.events import FUNNEL

Named = dict[tuple[Any, ...], int]
"""(family, labels, bucket) -> value."""

FAMILY_OF: dict[int, Family] = {family.number: family for family in FAMILIES}


def at_once(slices: Generator[None, None, bool]) -> bool:
    """Do all of what is done in slices; return what comes of it."""
    while True:
        try:
            next(slices)
        except StopIteration as end:
            return bool(end.value)


def feed(shard: Shard, events: Iterable[Any]) -> Shard:
    for event in events:
        shard.apply(event)
    return shard


def named(shard: Shard, series: dict[int, int]) -> Named:
    """Series by names; equal names of different numbers add up, zeros vanish."""
    out: Named = defaultdict(int)
    for number, value in series.items():
        family = FAMILY_OF[number >> 28 & 63]
        labels = family.labels(number, lambda table, n: shard.labels[table].names[n])
        out[family.name, *labels, number & family.sum_bucket] += value
    return {key: value for key, value in out.items() if value}


def panes(shard: Shard) -> dict[int, Named]:
    shard.merge()
    found = {start: named(shard, pane) for start, pane in shard.panes.snapshot().items()}
    return {start: pane for start, pane in found.items() if pane}


def ages(shard: Shard) -> dict[tuple[str, str], dict[int, int]]:
    shard.merge()
    return {
        (family.name, shard.labels[str(family.fields[0].names)].names[group]): dict(entries.counts)
        for family in (OPEN_AGE, UNANSWERED_AGE)
        for group, entries in shard.ages[family.number].items()
        if entries.counts
    }


def facts(shard: Shard) -> dict[str, tuple[Any, ...]]:
    return {lead_id: _facts(shard, lead) for lead_id, lead in shard.leads()}


def _facts(shard: Shard, lead: Lead) -> tuple[Any, ...]:
    def name(table: str, number: int) -> str:
        return shard.labels[table].names[number]

    return (
        [(row.at, row.code, row.ident, shard.history.words(row)) for row in rows(lead.log) if row.code != CLOCK],
        (lead.created, lead.birth, lead.amount, lead.merged_into, lead.notes),
        [name(table, n) for table, n in zip(BIRTH_TABLES, birth_of(lead), strict=True)],
        (name("stage", lead.stage), lead.entered, lead.furthest, lead.status, lead.closed, name("reason", lead.reason)),
        (name("team", lead.closing_team), lead.attempted, lead.contacted, lead.automated, name("team", lead.team)),
        name("actor", lead.owner),
        (lead.assigned, lead.since, lead.worked, lead.routed, lead.asked, lead.asked_worked, lead.steps),
        (lead.quiet, name("actor", lead.spoke), lead.overdue, lead.crowded, lead.planned, lead.opted_out),
        (lead.replied, name("team", lead.approached), lead.recent),
    )


def state(shard: Shard) -> Any:
    return facts(shard), panes(shard), ages(shard)


def contributions(fold: Fold, lead: Lead) -> dict[int, int]:
    """What a lead contributes to all numbers: the definition that everything incremental must equal."""
    cells = Cells()
    fold.recompute(cells, lead)
    return {cell: value for cell, value in flat(cells).items() if value}


def flat(cells: Cells) -> dict[int, int]:
    """Cell -> by how much it changed, of all but the ages."""
    return {
        minute << MINUTE | series: value
        for minute, numbers in cells.minutes.items()
        for series, value in numbers.items()
    }


def recomputed(shard: Shard) -> Any:
    """The panes from the lead records alone, placed as the shard places."""
    out: dict[int, Named] = defaultdict(lambda: defaultdict(int))
    for _, lead in shard.leads():
        for cell, value in contributions(shard.fold, lead).items():
            for key, amount in named(shard, {cell & SERIES: value}).items():
                out[shard.panes.place(cell >> MINUTE)][key] += amount
    found = {start: {k: v for k, v in pane.items() if v} for start, pane in out.items()}
    return {start: pane for start, pane in found.items() if pane}


def brute_force(shard: Shard, minute: int) -> dict[str, Named]:
    """Every window summed up from the lead records, with the panes left out."""
    funnel = shard.funnel
    wanted = spans(minute, shard.panes.days, funnel.rolling, funnel.calendar) | {NOW: (0, 1)}
    out: dict[str, dict[int, int]] = {name: defaultdict(int) for name in wanted}
    for _, lead in shard.leads():
        for cell, value in contributions(shard.fold, lead).items():
            for name, (start, end) in wanted.items():
                if start <= cell >> MINUTE < end:
                    out[name][cell & SERIES] += value
    return {name: named(shard, total) for name, total in out.items()}


def totals(shard: Shard, minute: int) -> dict[str, Named]:
    """Every window as a reader sees it after a look at this minute."""
    shard.merge()
    shard.windows.advance(minute * 60_000)
    return {window: named(shard, total) for window, total in shard.windows.totals.items()}


class Log:
    """A compacted topic: key -> value."""

    def __init__(self) -> None:
        self.records: dict[bytes, bytes] = {}

    def commit(self, changelog: Changelog) -> None:
        for key, value in changelog.flush():
            if value is None:
                self.records.pop(key, None)
            else:
                self.records[key] = value


def kinds(records: list[tuple[bytes, bytes | None]]) -> list[bytes]:
    """The first bytes of the keys of changelog records."""
    return [key[:1] for key, _ in records]


def restored(log: Log, funnel: Funnel = FUNNEL) -> tuple[Shard, Changelog]:
    """A shard as it comes back from a topic, and the changelog that goes on with it."""
    shard = Shard(funnel)
    return shard, restore(shard, log.records.items())
