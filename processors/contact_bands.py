"""Where a lead stands in the contact band of its stage, and until when: left alone for too long, contacted too often.

That time passes makes no event, and needs none: the minute at which a lead will have been left alone for too long is
known as soon as the last contact is. So the fold keeps that minute, and the numbers book it ahead.
"""

from __future__ import annotations

from struct import Struct as Layout
from typing import NamedTuple

from processors.cells import MINUTE_MS
from processors.follow_up import Band, FollowUp
from processors.labels import Labels
from processors.moments import grain_of
from processors.periods import WEEK
from processors.record import Lead

_CONTACT = Layout(">I")
pack_contact, _unpack_from, CONTACT_SIZE = _CONTACT.pack, _CONTACT.unpack_from, _CONTACT.size


class _Bounds(NamedTuple):
    """A band made ready: the longest gap, ms; its grain in minutes and ms; bytes of as many contacts as are right."""

    gap: int
    grain: int
    grain_ms: int
    most: int


def _bounds(band: Band) -> _Bounds:
    grain = grain_of(band.longest_gap)
    return _Bounds(band.longest_gap, grain, grain * MINUTE_MS, band.most_a_week * CONTACT_SIZE)


class ContactBands:
    """Moves what the record of a lead says about contacts. Minutes are counted since 1970.

    Args:
        plan: The bands.
        stages: The shard's stage numbers.
    """

    def __init__(self, plan: FollowUp, stages: Labels) -> None:
        self._plain = _bounds(plan.band)
        self._of_stage = {stages.number(name): _bounds(band) for name, band in plan.bands}
        most = max(bounds.most for bounds in (self._plain, *self._of_stage.values()))
        self.kept = most + CONTACT_SIZE if most else 0
        """How many bytes of the latest contacts are needed."""

    def stand(self, lead: Lead, minute: int) -> None:
        """Say from `minute` on until when a lead is within the band of the stage it is in."""
        gap, grain, grain_ms, most = self._of_stage.get(lead.stage, self._plain)
        overdue = 0
        if gap:
            # `moment_after`, without the call: this is the hot path.
            overdue = max(minute, -(-(lead.quiet + gap) // grain_ms) * grain)
        lead.overdue = overdue
        crowded = 0
        if most and len(lead.recent) > most:
            # There are too many until the last but `most` is a week old.
            crowded = _unpack_from(lead.recent, len(lead.recent) - most - CONTACT_SIZE)[0] + WEEK
            if overdue and crowded > overdue:
                crowded = overdue
            if crowded <= minute:
                crowded = 0
        lead.crowded = crowded
