"""Up to when everything is known: the time that deadlines may be judged at."""

from collections.abc import Iterable, Mapping

from faust.types import TP

from streams.engine.watch import Observed

KEPT = 64
"""Observations that wait to be reached; of more, every other is dropped: far behind, time goes on in larger steps."""


class Reached:
    """The wall time up to which a partition has applied all its inputs.

    The end of an input was observed at some time; when everything before that end has been applied, then everything
    that was on the log at that time has been. On an idle input that holds at once.
    """

    def __init__(self, number: int, topics: Iterable[str]) -> None:
        self._waiting: dict[TP, list[Observed]] = {TP(topic, number): [] for topic in topics}
        self._at: dict[TP, int] = {}
        self._last: dict[TP, int] = {}

    def observe(self, ends: Mapping[TP, Observed]) -> None:
        """Take note of where the inputs end."""
        for tp, waiting in self._waiting.items():
            end = ends.get(tp)
            last = self._last.get(tp, -1)
            if end is None or end.at == last:
                continue
            if end.at < last:  # the clock was ahead and was put back: what it had said was never reached
                waiting.clear()
                self._at.pop(tp, None)
            self._last[tp] = end.at
            waiting.append(end)
            if len(waiting) > KEPT:
                del waiting[1::2]  # the next to be reached stays: however long the backlog, it comes nearer

    def time(self, applied: Mapping[str, int]) -> int | None:
        """Return the time in ms, given the next offset to apply of each input; None while it is not known."""
        for tp, waiting in self._waiting.items():
            while waiting and waiting[0].offset <= applied.get(tp.topic, 0):
                self._at[tp] = waiting.pop(0).at
        return min(self._at.values()) if len(self._at) == len(self._waiting) else None
