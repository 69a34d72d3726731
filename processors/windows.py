"""The totals of every window of a shard: a reader's cache, brought forward by differences; never state."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Final

from processors.calendar_days import Days
from processors.cells import MINUTE_MS, Numbers, add
from processors.funnel import Funnel
from processors.panes import LIVE, Pane, Panes
from processors.periods import EVER, Span, spans

NOW: Final = "now"
"""The window of the live gauges."""

Differences = dict[str, dict[int, int]]
"""Window -> series -> by how much its total changed since the last look."""


class _Parts:
    """Numbers added up between the edges of windows: so each is looked at once, and not once for every window."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._edges = sorted({edge for span in spans for edge in span})
        self._parts: list[Numbers] = [{} for _ in range(len(self._edges) + 1)]

    def add(self, panes: Iterable[tuple[int, Pane]]) -> None:
        """Add panes, or what came into them, each where it begins."""
        for start, pane in panes:
            part = self._parts[bisect_right(self._edges, start)]
            for series, value in pane.items():
                add(part, series, value)

    def within(self, span: Span) -> Iterator[Pane]:
        """Yield what lies in one of the windows."""
        first, end = (bisect_right(self._edges, edge) for edge in span)
        yield from self._parts[first:end]


class Windows:
    """Window totals of one shard.

    A look costs what changed since the last one: the fresh cells, the panes that entered a window and those that left.
    Only the first look, one after very much has changed, and one that finds a window's old edge inside a pane folded
    since, add a window up anew.
    """

    def __init__(self, funnel: Funnel, days: Days, panes: Panes) -> None:
        self._funnel, self._days, self._panes = funnel, days, panes
        self._spans: dict[str, Span] = {}
        self._end = 0
        self.totals: dict[str, Numbers] = {}

    def advance(self, now: int) -> Differences:
        """Bring all windows to `now` (ms since 1970; an earlier one than before counts as that)."""
        fresh = self._panes.take_fresh()
        end = max(now // MINUTE_MS + 1, self._end)
        wanted = spans(end - 1, self._days, self._funnel.rolling, self._funnel.calendar)
        wanted[NOW] = (LIVE, EVER)
        if fresh is None:
            parts = _Parts(wanted.values())
            parts.add(self._panes.all())
            out = {name: self._renew(name, parts.within(span)) for name, span in wanted.items()}
        else:
            parts = _Parts(self._spans.values())
            parts.add(fresh.items())
            out = {name: self._bring(name, span, parts) for name, span in wanted.items()}
        self._spans, self._end = wanted, end
        return out

    def _bring(self, name: str, span: Span, fresh: _Parts) -> dict[int, int]:
        old = self._spans.get(name)
        if old is None or not self._can_move(old, span):
            return self._renew(name, self._panes.between(*span))
        changed: Numbers = {}
        _sum(changed, fresh.within(old), 1)
        _sum(changed, self._panes.between(old[1], span[1]), 1)
        _sum(changed, self._panes.between(old[0], span[0]), -1)
        return self._book(name, changed)

    def _can_move(self, old: Span, new: Span) -> bool:
        """Whether the window moved forward, and its old edges lie between the panes of now."""
        place = self._panes.place
        forward = old[0] <= new[0] < old[1] <= new[1]
        return forward and place(old[0]) == old[0] and place(old[1]) == old[1]

    def _renew(self, name: str, content: Iterable[Pane]) -> dict[int, int]:
        changed: Numbers = {}
        _sum(changed, content, 1)
        _sum(changed, (self.totals.get(name, {}),), -1)
        return self._book(name, changed)

    def _book(self, name: str, changed: Numbers) -> dict[int, int]:
        total = self.totals.setdefault(name, {})
        difference = {series: value for series, value in changed.items() if value}
        for series, value in difference.items():
            add(total, series, value)
        return difference


def _sum(into: Numbers, panes: Iterable[Pane], sign: int) -> None:
    for pane in panes:
        for series, value in pane.items():
            add(into, series, sign * value)
