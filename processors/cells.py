"""The key of a number: which minute, which family, which labels, packed into one integer.

A cell is `minute | family | a | b | c`, from the highest bit down:

    minute since 1970   26 bits   (0: not a moment but a live gauge)
    family               6 bits
    a                   10 bits   nearly always the source
    b                   10 bits   the second label
    c                    8 bits   the third label, or the bucket of a histogram

Sixty bits stay within two digits of a Python integer, and building one is arithmetic: no table of series, no tuple, no
allocation but the integer. What lies below the minute is called a *series*.
"""

from __future__ import annotations

from typing import Final

MINUTE_MS: Final = 60_000
MINUTE: Final = 34
FAMILY: Final = 28
A: Final = 18
B: Final = 8
SERIES: Final = (1 << MINUTE) - 1
FAMILY_MASK: Final = 63 << FAMILY

Cells = dict[int, int]
"""Cell -> value. What a chunk of events changes, with signs."""


def book(cells: Cells, cell: int, by: int) -> None:
    """Add to a cell."""
    # In one place, and no defaultdict: what is added to is new three times in four, and its factory is a call.
    cells[cell] = cells.get(cell, 0) + by
