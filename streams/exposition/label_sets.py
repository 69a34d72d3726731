"""One label set: its values in every window, and the lines that tell them."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from itertools import accumulate

from processors.families import Family
from processors.funnel import Funnel
from schemas.signals import WINDOW, by_family
from streams.exposition.labels import bound, pairs

_SIGNALS = by_family()

Lines = tuple[bytes, ...]
"""Sample lines, each ending with a line feed: one text for a count; for a histogram its buckets, count and sum."""


class LabelSet:
    """One label set of a family, over all windows.

    Attributes:
        values: Window -> a count; or the count of each bucket, then the sum of the observed ms. Arrays: there are tens
            of thousands, and their numbers are large.
        partitions: The shards it was seen in.
        lines: What was told last, by whether it was grouped; None when it has to be made again.
    """

    __slots__ = ("_labels", "_shape", "lines", "partitions", "values")

    def __init__(self, shape: Shape, windows: Iterable[str], labels: tuple[str, ...]) -> None:
        self.values = {window: array("q", bytes(8 * shape.size)) for window in windows}
        self.partitions: set[int] = set()
        self.lines: dict[bool, Lines] | None = None
        self._shape, self._labels = shape, shape.pairs(labels)

    def told(self, *, grouped: bool) -> Lines:
        """Return the lines of all windows.

        Args:
            grouped: All lines of one window together, as OpenMetrics wants them: a single text. Otherwise a text each
                for what `Lines` names.
        """
        if self.lines is None:
            self.lines = {}
        lines = self.lines.get(grouped)
        if lines is None:
            told = [self._shape.told(window, self._labels, values) for window, values in self.values.items()]
            if grouped:
                lines = ("".join(["".join(parts) for parts in told]).encode(),)
            else:
                lines = tuple(["".join(column).encode() for column in zip(*told, strict=True)])
            self.lines[grouped] = lines
        return lines


class Shape:
    """What the label sets of a family have in common.

    Args:
        family: The processors' family.
        edges: Upper bounds of its buckets in ms; empty for a count.

    Attributes:
        windowed: Whether it is told per window.
        size: How many values a label set has in each window; the sum stands last.
    """

    def __init__(self, family: Family, edges: tuple[int, ...]) -> None:
        signal = _SIGNALS[family.name]
        self._name, self._scale = signal.name, family.scale
        bounds = [*map(bound, edges), "+Inf"] if family.bucket_bits else []
        # What follows the labels of a bucket's line: shared by all of them, there are a hundred thousand lines.
        self._ends = [f',le="{le}"}} ' for le in bounds]
        self.windowed = signal.windowed
        self._names = signal.labels[1:] if signal.windowed else signal.labels
        self.size = len(self._ends) + 1

    @classmethod
    def of(cls, family: Family, funnel: Funnel) -> Shape:
        """Return a family's shape under a configuration."""
        return cls(family, getattr(funnel, family.edges) if family.edges else ())

    def pairs(self, values: tuple[str, ...]) -> str:
        """Return the label pairs but that of the window."""
        return pairs(self._names, values)

    def told(self, window: str, labels: str, values: Sequence[int]) -> tuple[str, ...]:
        """Return the lines of a window, as `Lines` has them; a histogram with nothing in it tells nothing."""
        name = self._name
        if self.windowed:
            labels = f"{pairs((WINDOW,), (window,))}{',' if labels else ''}{labels}"
        if not self._ends:
            value = values[0] if self._scale == 1 else values[0] / self._scale
            return (f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n",)
        *buckets, total = values
        if not any(buckets):
            return "", "", ""
        counts, begin = list(accumulate(buckets)), f"{name}_bucket{{{labels}"
        lines = "".join([f"{begin}{end}{count}\n" for end, count in zip(self._ends, counts, strict=True)])
        return lines, f"{name}_gcount{{{labels}}} {counts[-1]}\n", f"{name}_gsum{{{labels}}} {total / 1000}\n"
