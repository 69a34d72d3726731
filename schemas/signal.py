"""What one row of the signal table is, and how its query is made."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

Kind = Literal["gauge", "counter", "histogram", "gauge_histogram", "info"]

WINDOW = "window"
"""The label of every windowed signal."""

RATE_INTERVAL: Final = "$__rate_interval"
"""What boards put the range of a rate in for."""

_TOLD = "by (partition) (leadpulse_partition_ready) == 1"
READY: Final = f"(count(sum {_TOLD} and count {_TOLD}) == max(leadpulse_partitions))"
"""True while every partition is told by exactly one worker that has caught up: sums over workers are whole then, and
only then. Counting what is told is not enough: of three partitions one may be told twice and one not at all."""


class Signal(Struct, frozen=True, kw_only=True):
    """One number.

    Attributes:
        name: Prometheus family, without the suffixes of its samples.
        kind: "gauge_histogram" is a histogram of what is in a window now: its buckets may go down.
        help: What it says, one sentence without a full stop.
        labels: Its labels.
        unit: Base unit that the name ends with, before `_total`; empty for counts of things.
        family: The processors' family behind it; empty for a number about this application.
        panel: Title of its panel; empty when it has none of its own.
        description: What a person may read from it.
        query: PromQL of the panel; `$window` is chosen on the board.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    family: str = ""
    panel: str = ""
    description: str = ""
    query: str = ""

    @property
    def windowed(self) -> bool:
        """Whether it is told per window."""
        return WINDOW in self.labels


def whole(expression: str) -> str:
    """Return the query of a sum over workers that is shown only while it is whole: a gap, never a dent."""
    return guarded(expression, READY)


def guarded(expression: str, guard: str) -> str:
    """Return a query that is shown only while a guard is true."""
    return f"{expression} and on() {guard}"


def covers(name: str) -> str:
    """Return the guard that is true while a signal is told of every partition."""
    return f"(count(count by (partition) ({name})) == max(leadpulse_partitions))"


def with_values(query: str, *, window: str, rate_interval: str) -> str:
    """Return a query with the values that a board would fill in.

    Args:
        query: Of a signal.
        window: For `$window`.
        rate_interval: For `$__rate_interval`: at least four times the scrape interval.
    """
    return query.replace("$window", window).replace(RATE_INTERVAL, rate_interval)
