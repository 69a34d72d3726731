"""Moments that are booked ahead, and how exactly they are told."""

from __future__ import annotations

from typing import Final

from processors.funnel import DAY_MS, HOUR_MS, MINUTE_MS

# Up to a length (ms) moments are told to so many minutes: to about one per cent of the length. Coarser moments are
# shared by more leads, and the panes of the future stay few.
_GRAINS = ((6 * HOUR_MS, 1), (4 * DAY_MS, 15))
_COARSEST: Final = 60


def moment_after(since: int, length: int) -> int:
    """Return the minute from which on `length` (ms) has passed since `since` (ms): never too early.

    It is rounded up: to a minute; for a length over six hours to a quarter of an hour, over four days to an hour.
    """
    grain = grain_of(length)
    return -(-(since + length) // (grain * MINUTE_MS)) * grain


def grain_of(length: int) -> int:
    """Return to how many minutes moments are told that are `length` ms away."""
    for longest, minutes in _GRAINS:
        if length <= longest:
            return minutes
    return _COARSEST
