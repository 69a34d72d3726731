"""What the changelog holds besides leads, labels and panes."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from processors.cells import Numbers


class Delta(Struct, array_like=True):
    """What one commit changed.

    Attributes:
        seq: Number of the commit.
        counts: All counts as of then.
        watermark: Largest event time, ms.
        cells: What changed in each merge: minute -> series -> by how much.
    """

    seq: int
    counts: dict[str, int]
    watermark: int
    cells: Sequence[dict[int, Numbers]]


class Checkpoint(Struct, array_like=True):
    """Where the panes stand.

    Attributes:
        format: `FORMAT` of the writer.
        seq: Last commit that is in the panes.
        counts: All counts as of then.
        watermark: Largest event time, ms.
        edges: Edges of the panes.
        meaning: `Funnel.meaning` that the numbers were made with.
    """

    format: int
    seq: int
    counts: dict[str, int]
    watermark: int
    edges: tuple[int, int, int]
    meaning: bytes
