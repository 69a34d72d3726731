"""How a lead is followed up: the moves that contacts, plans and time make, told to the questions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from processors.cells import MINUTE_MS, Cells
from processors.contact_bands import ContactBands, pack_contact
from processors.follow_up import FollowUp
from processors.funnel import OPEN
from processors.labels import OTHER, Labels
from processors.questions import Question
from processors.questions.base import hearing
from processors.record import Lead
from processors.rows import ALL_CHANNELS, CHANNEL_BITS, OUTBOUND, REOPENED, SIZE, TOUCH_BITS
from processors.touches import CONTACT, INBOUND, TOUCH_MASK, reactions

_CODE: Final = 7
"""Place of the code in a row."""


class Following:
    """Moves leads for the fold, as far as following up goes.

    A lead that is open, and did not opt out of everything, is followed up: `enter` tells the questions that it is from
    a moment on as it stands, `leave` that it is until then. Both depend on the record and the moment alone, so what is
    left is what was entered.

    Args:
        plan: How often is right.
        stages: The shard's stage numbers.
        questions: Who is told.
    """

    def __init__(self, plan: FollowUp, stages: Labels, questions: Iterable[Question]) -> None:
        questions = list(questions)
        self._bands, self._collision = ContactBands(plan, stages), plan.collision
        self._stand, self._kept = self._bands.stand, self._bands.kept
        self._reaction = reactions()
        self._interacted = hearing(questions, "interacted")
        self._collided = hearing(questions, "collided")
        self._approached = hearing(questions, "approached")
        self._reacted = hearing(questions, "reacted")
        self._followed = hearing(questions, "followed")
        self._shifted = hearing(questions, "shifted")
        self._unplanned = hearing(questions, "unplanned")

    # -- coming and going ------------------------------------------------------------------------------------------

    def open(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Follow a lead that was created or reopened at `t` ms."""
        if t >= lead.quiet:
            lead.quiet, lead.spoke = t, 0
        self.enter(cells, lead, t, sign)

    def enter(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Follow a lead from `t` ms on, where it stands."""
        minute = t // MINUTE_MS
        self._stand(lead, minute)
        lead.planned = max(lead.planned, minute)
        if lead.status == OPEN and lead.opted_out != ALL_CHANNELS:
            self._tell(cells, lead, minute, sign)

    def leave(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Follow a lead no more from `t` ms on, where it stands."""
        if lead.status == OPEN and lead.opted_out != ALL_CHANNELS:
            self._tell(cells, lead, t // MINUTE_MS, -sign)

    def _tell(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        for question in self._followed:
            question.followed(cells, lead, minute, sign)
        for question in self._unplanned:
            question.unplanned(cells, lead, minute, sign)

    # -- what happens ----------------------------------------------------------------------------------------------

    def move(self, cells: Cells, lead: Lead, t: int, stage: int, sign: int) -> None:
        """Take an open lead to another stage, and to the band there."""
        minute, was = t // MINUTE_MS, (lead.stage, lead.overdue, lead.crowded)
        lead.stage, lead.entered = stage, t
        self._stand(lead, minute)
        if lead.opted_out != ALL_CHANNELS:
            for question in self._shifted:
                question.shifted(cells, lead, minute, was, sign)

    def contact(self, cells: Cells, lead: Lead, t: int, arg: int, sign: int) -> None:
        """Take a contact, after its effect on the first attempt and contact."""
        actor, minute = arg >> TOUCH_BITS, t // MINUTE_MS
        if lead.spoke != actor and self._collides(lead, t, actor):
            for question in self._collided:
                question.collided(cells, lead, t, sign)
        if t >= lead.quiet:  # else it was before the creation: waiting for the next one began with that
            lead.quiet, lead.spoke = t, actor
        if self._kept:
            lead.recent = (lead.recent + pack_contact(minute))[-self._kept :]
        was = lead.stage, lead.overdue, lead.crowded
        self._stand(lead, minute)
        moved = (lead.overdue, lead.crowded) != was[1:]
        if moved and lead.status == OPEN and lead.opted_out != ALL_CHANNELS:
            for question in self._shifted:
                question.shifted(cells, lead, minute, was, sign)

    def touch(self, cells: Cells, lead: Lead, t: int, arg: int, sign: int) -> None:
        """Take any interaction of a lead that has not reacted yet, is closed or opted out; after `contact`."""
        if arg & OUTBOUND and (lead.status or lead.opted_out):
            for question in self._interacted:
                question.interacted(cells, lead, t, arg, sign)
        if lead.attempted and not lead.replied and self._reaction[arg & TOUCH_MASK]:
            for question in self._reacted:
                question.reacted(cells, lead, t, sign)
            lead.replied = t

    def approach(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Take the first attempt of a person."""
        lead.approached = lead.team
        for question in self._approached:
            question.approached(cells, lead, t, sign)

    def restore(self, cells: Cells, lead: Lead) -> None:
        """Tell again of the first attempt, and the reaction to it, of a lead whose log was shortened."""
        if lead.attempted:
            for question in self._approached:
                question.approached(cells, lead, lead.attempted, 1)
        if lead.replied:
            for question in self._reacted:
                question.reacted(cells, lead, lead.replied, 1)

    def plan(self, cells: Cells, lead: Lead, t: int, arg: int, sign: int) -> None:
        """Take what is planned next."""
        minute = t // MINUTE_MS
        unplanned = self._unplanned if lead.status == OPEN and lead.opted_out != ALL_CHANNELS else []
        for question in unplanned:
            question.unplanned(cells, lead, minute, -sign)
        lead.planned = max(arg >> CHANNEL_BITS, minute, lead.created // MINUTE_MS)
        for question in unplanned:
            question.unplanned(cells, lead, minute, sign)

    def opt_out(self, cells: Cells, lead: Lead, t: int, arg: int, sign: int) -> None:
        """Take note of a channel that is not wanted; 0 for all, else its number and one more."""
        self.leave(cells, lead, t, sign)
        lead.opted_out |= 1 << arg - 1 if arg else ALL_CHANNELS
        self.enter(cells, lead, t, sign)

    def _collides(self, lead: Lead, t: int, actor: int) -> bool:
        known = lead.spoke > OTHER and actor > OTHER
        return known and 0 <= t - lead.quiet <= self._collision

    def unmoved(self, lead: Lead, t: int, meaning: int, arg: int) -> bool:
        """Return whether an interaction makes no difference here, wherever in the log it is."""
        if self._reaction[arg & TOUCH_MASK] and 0 < lead.attempted <= t and not 0 < lead.replied < t:
            return False
        if meaning == INBOUND:
            return True
        welcome = not lead.status and not lead.opted_out and REOPENED not in lead.log[_CODE::SIZE]
        return welcome and meaning != CONTACT
