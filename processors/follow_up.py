"""What a business decided about keeping in touch with its leads."""

from __future__ import annotations

from msgspec import Struct

from processors.cells import MINUTE_MS

_HOUR, _DAY = 60 * MINUTE_MS, 1440 * MINUTE_MS
# Up to a length (ms) moments are told to so many minutes: to about one per cent of the length. Coarser moments are
# shared by more leads, and the panes of the future stay few.
_GRAINS = ((6 * _HOUR, 1), (4 * _DAY, 15))
_COARSEST = 60


class Band(Struct, frozen=True, kw_only=True):
    """How often is right: open leads outside of it are counted.

    Attributes:
        longest_gap: Longest time without a contact, ms; 0 for no bound.
        most_a_week: Most contacts in seven days; 0 for no bound.
    """

    longest_gap: int = 7 * _DAY
    most_a_week: int = 5


class FollowUp(Struct, frozen=True, kw_only=True):
    """All of it.

    Attributes:
        band: For leads in a stage without a band of its own.
        bands: Stage name -> its own band, as pairs.
        collision: Two people who contact one lead within this time collide, ms; 0 for never.
        reply: How long a lead may take to react before it counts as silent, ms.
    """

    band: Band = Band()
    bands: tuple[tuple[str, Band], ...] = ()
    collision: int = 15 * MINUTE_MS
    reply: int = 7 * _DAY


def moment_after(since: int, length: int) -> int:
    """Return the minute from which on `length` (ms) has passed since `since` (ms): never too early.

    It is rounded up: to a minute; for a length over six hours to a quarter of an hour, over four days to an hour.
    """
    grain = grain_of(length)
    return -(-(since + length) // (grain * MINUTE_MS)) * grain


def grain_of(length: int) -> int:
    """Return to how many minutes moments are told that are `length` ms away."""
    return next((minutes for longest, minutes in _GRAINS if length <= longest), _COARSEST)
