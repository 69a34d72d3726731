"""What kinds of numbers there are: how the labels of each sit in the cells."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from processors.cells import FAMILY, A, B


class Field(Struct, frozen=True):
    """One label of a family: where its number sits in the series, and which names the numbers stand for.

    Attributes:
        label: Name of the Prometheus label.
        shift: Lowest bit of the number.
        bits: Width of the number.
        names: A label table of the shard ("source", "team", "reason", "stage"), or the fixed names themselves.
    """

    label: str
    shift: int
    bits: int
    names: str | tuple[str, ...]

    def number(self, series: int) -> int:
        """Return this label's number in a series."""
        return series >> self.shift & (1 << self.bits) - 1


SOURCE = Field("source", A, 10, "source")
TEAM = Field("team", B, 10, "team")


class Family(Struct, frozen=True):
    """One kind of number: a count per label set, or a histogram.

    Attributes:
        number: 1..63, part of every stored key: never reuse one.
        name: What the signal table calls it.
        fields: Its labels.
        bucket_bits: 0 for a count; for a histogram the width of the bucket number in the lowest bits. The highest
            bucket number holds the sum of the observed milliseconds.
        scale: How many of what is counted are told as one.
        edges: The attribute of `Funnel` that holds the upper bounds of the buckets, in milliseconds.
    """

    number: int
    name: str
    fields: tuple[Field, ...]
    bucket_bits: int = 0
    scale: int = 1
    edges: str = ""

    @property
    def key(self) -> int:
        """The family's bits of a cell."""
        return self.number << FAMILY

    @property
    def sum_bucket(self) -> int:
        """The bucket number under which the sum is kept; 0 for a count."""
        return (1 << self.bucket_bits) - 1

    def labels(self, series: int, names: Callable[[str, int], str]) -> tuple[str, ...]:
        """Return the label values of a series.

        Args:
            series: The series; its bucket does not matter.
            names: Looks a number up in a label table of the shard.
        """
        return tuple(
            names(field.names, field.number(series))
            if isinstance(field.names, str)
            else field.names[field.number(series)]
            for field in self.fields
        )
