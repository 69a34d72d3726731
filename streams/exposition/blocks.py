"""One label set: its values in every window, and the lines that tell them."""

from __future__ import annotations

from itertools import accumulate

from processors.cells import Family
from processors.funnel import Funnel
from schemas.signals import by_family
from streams.exposition.labels import bound, pairs

_SIGNALS = by_family()

Lines = tuple[bytes, ...]
"""Sample lines, each ending with a line feed: one text for a count; for a histogram its buckets, count and sum."""


class Block:
    """Values of one label set in one window.

    Attributes:
        labels: Its label pairs as text.
        values: A count; or the count of each bucket, then the sum of the observed ms.
    """

    __slots__ = ("labels", "values")

    def __init__(self, labels: str, values: int) -> None:
        self.labels = labels
        self.values = [0] * values


class LabelSet:
    """One label set of a family, over all windows.

    Attributes:
        blocks: Window -> its values.
        partitions: The shards it was seen in.
        lines: What was told last, by whether it was grouped; None when it has to be made again.
    """

    __slots__ = ("_shape", "blocks", "lines", "partitions")

    def __init__(self, shape: Shape, blocks: dict[str, Block]) -> None:
        self.blocks = blocks
        self.partitions: set[int] = set()
        self.lines: dict[bool, Lines] | None = None
        self._shape = shape

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
            told = [self._shape.told(block) for block in self.blocks.values()]
            if grouped:
                lines = ("".join(["".join(parts) for parts in told]).encode(),)
            else:
                lines = tuple(["".join(column).encode() for column in zip(*told, strict=True)])
            self.lines[grouped] = lines
        return lines


class Shape:
    """What the blocks of a family have in common.

    Args:
        family: The processors' family.
        edges: Upper bounds of its buckets in ms; empty for a count.
    """

    def __init__(self, family: Family, edges: tuple[int, ...]) -> None:
        self._signal = _SIGNALS[family.name]
        self._sum = family.sum_bucket
        self._scale = family.scale
        bounds = [*map(bound, edges), "+Inf"] if family.bucket_bits else []
        # What follows the labels of a bucket's line: shared by all of them, there are a hundred thousand lines.
        self._ends = [f',le="{le}"}} ' for le in bounds]
        self.windowed = self._signal.windowed

    @classmethod
    def of(cls, family: Family, funnel: Funnel) -> Shape:
        """Return a family's shape under a configuration."""
        return cls(family, getattr(funnel, family.edges) if family.edges else ())

    def index(self, bucket: int) -> int:
        """Return where a bucket's value stands in a block; the sum stands last."""
        return len(self._ends) if self._sum and bucket == self._sum else bucket

    def block(self, window: str, values: tuple[str, ...]) -> Block:
        """Return an empty block."""
        labels = pairs(self._signal.labels, (window, *values) if self.windowed else values)
        return Block(labels, len(self._ends) + 1)

    def told(self, block: Block) -> tuple[str, ...]:
        """Return the lines of a block, as `Lines` has them; a histogram with nothing in it tells nothing."""
        name, labels = self._signal.name, block.labels
        if not self._ends:
            value = block.values[0] if self._scale == 1 else block.values[0] / self._scale
            return (f"{name}{{{labels}}} {value}\n" if labels else f"{name} {value}\n",)
        *buckets, total = block.values
        if not any(buckets):
            return "", "", ""
        counts, begin = list(accumulate(buckets)), f"{name}_bucket{{{labels}"
        lines = "".join([f"{begin}{end}{count}\n" for end, count in zip(self._ends, counts, strict=True)])
        return lines, f"{name}_gcount{{{labels}}} {counts[-1]}\n", f"{name}_gsum{{{labels}}} {total / 1000}\n"
