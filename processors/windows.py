"""The totals of every window of a shard: a reader's cache, brought forward by differences; never state."""

from __future__ import annotations

from collections import defaultdict

from processors.calendar_days import Days
from processors.cells import MINUTE, MINUTE_MS, SERIES, Cells
from processors.funnel import Funnel
from processors.panes import LIVE, Panes
from processors.periods import EVER, Span, spans

NOW = "now"
"""The window of the live gauges."""

Differences = dict[str, dict[int, int]]
"""Window -> series -> by how much its total changed since the last look."""


class Windows:
    """Window totals of one shard.

    A look costs what changed since the last one: the fresh cells, the panes that entered a window and those that left.
    Only the first look, and one that finds a window's old edge inside a pane folded since, adds a window up anew.
    """

    def __init__(self, funnel: Funnel, days: Days, panes: Panes) -> None:
        self._funnel, self._days, self._panes = funnel, days, panes
        self._spans: dict[str, Span] = {}
        self._end = 0
        self.totals: dict[str, Cells] = {}

    def advance(self, now: int) -> Differences:
        """Bring all windows to `now` (ms since 1970; an earlier one than before counts as that)."""
        fresh_cells = self._panes.take_fresh()
        end = max(now // MINUTE_MS + 1, self._end)
        wanted = spans(end - 1, self._days, self._funnel.rolling, self._funnel.calendar)
        wanted[NOW] = (LIVE, EVER)
        fresh = None if fresh_cells is None else [(c >> MINUTE, c & SERIES, v) for c, v in fresh_cells.items() if v]
        out = {name: self._bring(name, span, fresh) for name, span in wanted.items()}
        self._spans, self._end = wanted, end
        return out

    def _bring(self, name: str, span: Span, fresh: list[tuple[int, int, int]] | None) -> dict[int, int]:
        old = self._spans.get(name)
        if old is None or fresh is None or not self._can_move(old, span):
            return self._rebuild(name, span)
        changed: Cells = defaultdict(int)
        for start, series, value in fresh:
            if old[0] <= start < old[1]:
                changed[series] += value
        self._sum(changed, old[1], span[1], 1)
        self._sum(changed, old[0], span[0], -1)
        return self._book(name, changed)

    def _can_move(self, old: Span, new: Span) -> bool:
        """Whether the window moved forward, and its old edges lie between the panes of now."""
        place = self._panes.place
        forward = old[0] <= new[0] < old[1] <= new[1]
        return forward and place(old[0]) == old[0] and place(old[1]) == old[1]

    def _rebuild(self, name: str, span: Span) -> dict[int, int]:
        changed: Cells = defaultdict(int)
        self._sum(changed, *span, 1)
        for series, value in self.totals.get(name, {}).items():
            changed[series] -= value
        return self._book(name, changed)

    def _book(self, name: str, changed: Cells) -> dict[int, int]:
        total = self.totals.setdefault(name, defaultdict(int))
        difference = {series: value for series, value in changed.items() if value}
        for series, value in difference.items():
            total[series] += value
        return difference

    def _sum(self, into: Cells, start: int, end: int, sign: int) -> None:
        for pane in self._panes.between(start, end):
            for series, value in pane.items():
                into[series] += sign * value
