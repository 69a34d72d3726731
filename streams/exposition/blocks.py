"""One label set in one window: its values, and the lines that tell them."""

from __future__ import annotations

from itertools import accumulate

from processors.cells import Family
from processors.funnel import Funnel
from schemas.signals import by_family
from streams.exposition.labels import bound, pairs

_SIGNALS = by_family()


class Block:
    """Values and text of one label set in one window.

    Attributes:
        values: A count; or the count of each bucket, then the sum of the observed ms.
        text: Its lines as last told, None when they have to be made again; a histogram has three: buckets, count, sum.
    """

    __slots__ = ("_prefixes", "text", "values")

    def __init__(self, values: int, prefixes: tuple[str, ...]) -> None:
        self.values = [0] * values
        self.text: tuple[str, ...] | None = None
        self._prefixes = prefixes

    @property
    def empty(self) -> bool:
        """Whether nothing is in it."""
        return not any(self.values)

    def lines(self) -> tuple[str, ...]:
        """Return the sample lines, each ending with a line feed: one text, or three for a histogram."""
        if self.text is None:
            self.text = self._made()
        return self.text

    def _made(self) -> tuple[str, ...]:
        prefixes = self._prefixes
        if len(prefixes) == 1:
            return (f"{prefixes[0]}{self.values[0]}\n",)
        *buckets, total = self.values
        counts = list(accumulate(buckets))
        lines = "".join([f"{prefix}{count}\n" for prefix, count in zip(prefixes, counts, strict=False)])
        return lines, f"{prefixes[-2]}{counts[-1]}\n", f"{prefixes[-1]}{total / 1000}\n"


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
