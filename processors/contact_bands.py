"""Where a lead stands in the contact band of its stage, and until when: left alone for too long, contacted too often.

That time passes makes no event, and needs none: the minute at which a lead will have been left alone for too long is
known as soon as the last contact is. So the fold keeps that minute, and the numbers book it ahead.
"""

from __future__ import annotations

from struct import Struct as Layout

from processors.cells import MINUTE_MS
from processors.follow_up import Band, FollowUp, moment_after
from processors.labels import Labels
from processors.periods import WEEK
from processors.record import Lead

_CONTACT = Layout(">I")
_pack, _SIZE = _CONTACT.pack, _CONTACT.size


class ContactBands:
    """Moves what the record of a lead says about contacts. Minutes are counted since 1970.

    Args:
        plan: The bands.
        stages: The shard's stage numbers.
    """

    def __init__(self, plan: FollowUp, stages: Labels) -> None:
        self._band = plan.band
        self._bands = {stages.number(name): band for name, band in plan.bands}
        most = max(band.most_a_week for band in (plan.band, *self._bands.values()))
        self._kept = (most + 1) * _SIZE if most else 0

    def open(self, lead: Lead, t: int) -> None:
        """Begin to count: a lead was created or reopened at `t` ms."""
        if t > lead.quiet:
            lead.quiet, lead.spoke = t, 0
        self.stand(lead, t // MINUTE_MS)

    def contact(self, lead: Lead, t: int, actor: int) -> None:
        """Take note that a person reached the lead at `t` ms."""
        minute = t // MINUTE_MS
        if t >= lead.quiet:  # else it was before the creation: waiting for the next one began with that
            lead.quiet, lead.spoke = t, actor
        if self._kept:
            lead.recent = (lead.recent + _pack(minute))[-self._kept :]
        self.stand(lead, minute)

    def stand(self, lead: Lead, minute: int) -> None:
        """Say from `minute` on until when a lead is within the band of the stage it is in."""
        band = self._bands.get(lead.stage, self._band)
        gap, most = band.longest_gap, band.most_a_week
        overdue = 0
        if gap:
            overdue = moment_after(lead.quiet, gap)
            if overdue < minute:
                overdue = minute
        lead.overdue = overdue
        lead.crowded = self._crowded(lead, most, minute) if most and len(lead.recent) > most * _SIZE else 0

    def _crowded(self, lead: Lead, most: int, minute: int) -> int:
        """Return until when there are more than `most` contacts in a week: until the last but `most` is a week old."""
        (contact,) = _CONTACT.unpack_from(lead.recent, len(lead.recent) - (most + 1) * _SIZE)
        until: int = contact + WEEK
        if lead.overdue:
            until = min(until, lead.overdue)
        return until if until > minute else 0
