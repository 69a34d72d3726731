"""What a business decided about keeping in touch with its leads."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

from processors.cells import MINUTE_MS

_DAY: Final = 1440 * MINUTE_MS


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
