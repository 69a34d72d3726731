"""What a handful of events tells: the numbers of one family, by names, the same for every order of arrival."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from processors.cells import MINUTE
from processors.changelog import Changelog, restore
from processors.funnel import Funnel
from processors.periods import EVERYTHING
from processors.shard import Shard
from tests.processors.events import FUNNEL, T0_MS
from tests.processors.looks import FAMILY_OF, Log, Named, facts, feed, panes, recomputed, totals

FIRST_MINUTE = T0_MS // 60_000
_FAMILIES = {family.name: family for family in FAMILY_OF.values()}


def shard_of(*events: Any, funnel: Funnel = FUNNEL) -> Shard:
    """A shard of these events, after making sure that another order of arrival and a restart give the same."""
    shard, other = feed(Shard(funnel), events), feed(Shard(funnel), reversed(events))
    assert panes(other) == panes(shard) == recomputed(shard)
    assert facts(other) == facts(shard)
    log, back = Log(), Shard(funnel)
    log.commit(Changelog(shard))
    restore(back, log.records.items())
    assert panes(back) == panes(shard)
    return shard


def _all(family: str, events: tuple[Any, ...], funnel: Funnel) -> dict[int, Named]:
    found = panes(shard_of(*events, funnel=funnel))
    return {start: {k[1:]: v for k, v in pane.items() if k[0] == family} for start, pane in found.items()}


def families(*events: Any, funnel: Funnel = FUNNEL) -> set[str]:
    """The families in which these events count anything."""
    return {key[0] for pane in panes(shard_of(*events, funnel=funnel)).values() for key in pane}


def counted(family: str, *events: Any, funnel: Funnel = FUNNEL) -> Named:
    """Label values -> count, at whatever time."""
    out: Named = defaultdict(int)
    for pane in _all(family, events, funnel).values():
        for key, value in pane.items():
            out[key[:-1]] += value
    return dict(out)


def times(family: str, *events: Any, funnel: Funnel = FUNNEL) -> list[int]:
    """At how many minutes after T0 the family counts, one entry a count; of a histogram, an observation."""
    sums = _FAMILIES[family].sum_bucket or None
    counts = [
        (start, n) for start, pane in _all(family, events, funnel).items() for k, n in pane.items() if k[-1] != sums
    ]
    return sorted(start - FIRST_MINUTE for start, n in counts for _ in range(n))


def observed(family: str, *events: Any, funnel: Funnel = FUNNEL) -> dict[tuple[Any, ...], list[float]]:
    """Label values -> the upper edges, in minutes, of the buckets that hold an observation; the last is the sum."""
    kind = _FAMILIES[family]
    edges = [edge / 60_000 for edge in getattr(funnel, kind.edges)] + [float("inf")]
    buckets: dict[tuple[Any, ...], list[float]] = defaultdict(list)
    sums: dict[tuple[Any, ...], float] = defaultdict(float)
    for pane in _all(family, events, funnel).values():
        for (*labels, bucket), value in pane.items():
            if bucket == kind.sum_bucket:
                sums[tuple(labels)] += value / 60_000
            else:
                buckets[tuple(labels)] += [edges[bucket]] * value
    return {labels: [*sorted(found), sums[labels]] for labels, found in buckets.items()}


def live(family: str, *events: Any, funnel: Funnel = FUNNEL) -> Named:
    """Label values -> the gauge now."""
    return {key[:-1]: value for key, value in _all(family, events, funnel).get(0, {}).items()}


def standing(family: str, minutes: float, *events: Any, funnel: Funnel = FUNNEL) -> Named:
    """Label values -> what a family of differences says so many minutes after T0."""
    found = totals(shard_of(*events, funnel=funnel), FIRST_MINUTE + int(minutes))[EVERYTHING]
    return {key[1:-1]: value for key, value in found.items() if key[0] == family}


def oldest(shard: Shard, family: str) -> dict[str, float]:
    """Group -> when its oldest entry began, in minutes after T0."""
    shard.merge()
    kind = _FAMILIES[family]
    names = shard.labels[str(kind.fields[0].names)].names
    found = {names[group]: ages.oldest() for group, ages in shard.ages[kind.number].items()}
    return {name: (start - T0_MS) / 60_000 for name, start in found.items() if start is not None}


def cell_minute(cell: int) -> int:
    """How many minutes after T0 a cell lies."""
    return (cell >> MINUTE) - FIRST_MINUTE
