"""How a lead is followed up: the moves that contacts, plans and time make, told to the questions."""

from __future__ import annotations

from collections.abc import Iterable

from processors.cells import MINUTE_MS, Cells
from processors.contact_bands import ContactBands
from processors.follow_up import FollowUp
from processors.funnel import OPEN
from processors.labels import OTHER, Labels
from processors.questions import Question
from processors.record import Lead
from processors.rows import ALL_CHANNELS, CHANNEL_BITS, REOPENED, SIZE, TOUCH_BITS
from processors.touches import CONTACT, INBOUND, TOUCH_MASK, reactions

_CODE = 7
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
        self._reaction = reactions()
        self._interacted = [q.interacted for q in questions if q.interacted]
        self._collided = [q.collided for q in questions if q.collided]
        self._approached = [q.approached for q in questions if q.approached]
        self._reacted = [q.reacted for q in questions if q.reacted]
        self._followed = [q.followed for q in questions if q.followed]
        self._unplanned = [q.unplanned for q in questions if q.unplanned]

    # -- coming and going ------------------------------------------------------------------------------------------

    def open(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Follow a lead that was created or reopened at `t` ms."""
        self._bands.open(lead, t)
        self.enter(cells, lead, t, sign)

    def enter(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Follow a lead from `t` ms on, where it stands."""
        minute = t // MINUTE_MS
        self.enter_stage(cells, lead, minute, sign)
        lead.planned = max(lead.planned, minute)
        self._tell_plan(cells, lead, minute, sign)

    def leave(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Follow a lead no more from `t` ms on, where it stands."""
        minute = t // MINUTE_MS
        self.leave_stage(cells, lead, minute, sign)
        self._tell_plan(cells, lead, minute, -sign)

    def enter_stage(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        """Measure a lead by the band of its stage from `minute` on."""
        self._bands.stand(lead, minute)
        self._tell(cells, lead, minute, sign)

    def leave_stage(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        """Measure it so no more."""
        self._tell(cells, lead, minute, -sign)

    def _tell(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        if lead.status == OPEN and lead.opted_out != ALL_CHANNELS:
            for followed in self._followed:
                followed(cells, lead, minute, sign)

    def _tell_plan(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        if lead.status == OPEN and lead.opted_out != ALL_CHANNELS:
            for unplanned in self._unplanned:
                unplanned(cells, lead, minute, sign)

    # -- what happens ----------------------------------------------------------------------------------------------

    def interaction(self, cells: Cells, lead: Lead, t: int, meaning: int, arg: int, sign: int) -> None:
        """Take an interaction that means something, after its effect on the first attempt and contact."""
        if meaning == CONTACT:
            self._contact(cells, lead, t, arg >> TOUCH_BITS, sign)
        if meaning != INBOUND and (lead.status or lead.opted_out):
            for interacted in self._interacted:
                interacted(cells, lead, t, arg, sign)
        if lead.attempted and not lead.replied and self._reaction[arg & TOUCH_MASK]:
            for reacted in self._reacted:
                reacted(cells, lead, t, sign)
            lead.replied = t

    def _contact(self, cells: Cells, lead: Lead, t: int, actor: int, sign: int) -> None:
        known = lead.spoke > OTHER and actor > OTHER
        if known and lead.spoke != actor and 0 <= t - lead.quiet <= self._collision:
            for collided in self._collided:
                collided(cells, lead, t, sign)
        self._tell(cells, lead, t // MINUTE_MS, -sign)
        self._bands.contact(lead, t, actor)
        self._tell(cells, lead, t // MINUTE_MS, sign)

    def approach(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Take the first attempt of a person."""
        lead.approached = lead.team
        for approached in self._approached:
            approached(cells, lead, t, sign)

    def plan(self, cells: Cells, lead: Lead, t: int, arg: int, sign: int) -> None:
        """Take what is planned next."""
        minute = t // MINUTE_MS
        self._tell_plan(cells, lead, minute, -sign)
        lead.planned = max(arg >> CHANNEL_BITS, minute, lead.created // MINUTE_MS)
        self._tell_plan(cells, lead, minute, sign)

    def opt_out(self, cells: Cells, lead: Lead, t: int, arg: int, sign: int) -> None:
        """Take note of a channel that is not wanted; 0 for all, else its number and one more."""
        self.leave(cells, lead, t, sign)
        lead.opted_out |= 1 << arg - 1 if arg else ALL_CHANNELS
        self.enter(cells, lead, t, sign)

    def unmoved(self, lead: Lead, t: int, meaning: int, arg: int) -> bool:
        """Return whether an interaction makes no difference here, wherever in the log it is."""
        if self._reaction[arg & TOUCH_MASK] and 0 < lead.attempted <= t and not 0 < lead.replied < t:
            return False
        if meaning == INBOUND:
            return True
        welcome = not lead.status and not lead.opted_out and REOPENED not in lead.log[_CODE::SIZE]
        return welcome and meaning != CONTACT
