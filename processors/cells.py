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

from typing import Any, Final

MINUTE_MS: Final = 60_000
MINUTE: Final = 34
FAMILY: Final = 28
A: Final = 18
B: Final = 8
SERIES: Final = (1 << MINUTE) - 1

Numbers = dict[int, int]
"""Series -> value, of one minute or of several together."""


class Cells:
    """What a chunk of events changes, with signs.

    Kept as panes are, minute by minute: so a minute that is new there is copied, not added up.

    Attributes:
        minutes: Minute since 1970 -> the series that changed in it; 0 for the live gauges.
        ages: Whole cells of ages -> by how much they changed; these go into no pane.
    """

    __slots__ = ("_minute", "_numbers", "ages", "minutes")

    def __init__(self) -> None:
        self.minutes: dict[int, Numbers] = {}
        self.ages: dict[int, int] = {}
        self._minute = -1
        self._numbers: Numbers = {}

    def __bool__(self) -> bool:
        """Return whether anything was booked."""
        return bool(self.minutes) or bool(self.ages)

    def of(self, minute: int) -> Numbers:
        """Return the series of a minute, for booking."""
        if minute != self._minute:  # what one event books is nearly all of one minute
            numbers = self.minutes.get(minute)
            if numbers is None:
                numbers = self.minutes[minute] = {}
            self._minute, self._numbers = minute, numbers
        return self._numbers


def book(cells: Cells, cell: int, by: int) -> None:
    """Add to a cell that is no age's."""
    add(cells.of(cell >> MINUTE), cell & SERIES, by)


def add(numbers: dict[int, int], key: Any, by: int) -> None:
    """Add to one of many numbers."""
    # In one place, and no defaultdict: what is added to is new three times in four, and its factory is a call.
    # `Any`: compiled, an `int` is a machine word here, and would become an object once for each of the two look-ups.
    numbers[key] = numbers.get(key, 0) + by
