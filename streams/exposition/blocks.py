"""One label set: its values in every window, and the lines that tell them."""

from __future__ import annotations

from itertools import accumulate

from processors.cells import Family
from processors.funnel import Funnel
from schemas.signals import by_family
from streams.exposition.labels import bound, pairs

_SIGNALS = by_family()

Lines = tuple[str, ...]
"""Sample lines, each ending with a line feed: one text for a count; for a histogram its buckets, count and sum."""


class Block:
    """Values and text of one label set in one window.

    Attributes:
        values: A count; or the count of each bucket, then the sum of the observed ms.
        lines: What was told last, None when it has to be made again; a histogram with nothing in it tells nothing.
    """

    __slots__ = ("_prefixes", "lines", "values")

    def __init__(self, values: int, prefixes: tuple[str, ...]) -> None:
        self.values = [0] * values
        self.lines: Lines | None = None
        self._prefixes = prefixes

    def told(self) -> Lines:
        """Return its lines."""
        if self.lines is None:
            self.lines = self._made()
        return self.lines

    def _made(self) -> Lines:
        prefixes = self._prefixes
        if len(prefixes) == 1:
            return (f"{prefixes[0]}{self.values[0]}\n",)
        *buckets, total = self.values
        if not any(buckets):
            return "", "", ""
        counts = list(accumulate(buckets))
        lines = "".join([f"{prefix}{count}\n" for prefix, count in zip(prefixes, counts, strict=False)])
        return lines, f"{prefixes[-2]}{counts[-1]}\n", f"{prefixes[-1]}{total / 1000}\n"


class LabelSet:
    """One label set of a family, over all windows.

    Attributes:
        blocks: Window -> its values and text.
        partitions: The shards it was seen in.
        lines: What was told last, by whether it was grouped; None when it has to be made again.
    """

    __slots__ = ("blocks", "lines", "partitions")

    def __init__(self, blocks: dict[str, Block]) -> None:
        self.blocks = blocks
        self.partitions: set[int] = set()
        self.lines: dict[bool, Lines] | None = None

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
            told = [block.told() for block in self.blocks.values()]
            if grouped:
                lines = ("".join(["".join(parts) for parts in told]),)
            else:
                lines = tuple(["".join(column) for column in zip(*told, strict=True)])
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
        self._bounds = [*map(bound, edges), "+Inf"] if family.bucket_bits else []
        self.windowed = self._signal.windowed

    @classmethod
    def of(cls, family: Family, funnel: Funnel) -> Shape:
        """Return a family's shape under a configuration."""
        return cls(family, getattr(funnel, family.edges) if family.edges else ())

    def index(self, bucket: int) -> int:
        """Return where a bucket's value stands in a block; the sum stands last."""
        return len(self._bounds) if self._sum and bucket == self._sum else bucket

    def block(self, window: str, values: tuple[str, ...]) -> Block:
        """Return an empty block."""
        name = self._signal.name
        labels = pairs(self._signal.labels, (window, *values) if self.windowed else values)
        if not self._bounds:
            return Block(1, (f"{name}{{{labels}}} " if labels else f"{name} ",))
        buckets = tuple(f'{name}_bucket{{{labels},le="{le}"}} ' for le in self._bounds)
        return Block(len(self._bounds) + 1, (*buckets, f"{name}_gcount{{{labels}}} ", f"{name}_gsum{{{labels}}} "))
