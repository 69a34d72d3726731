"""Which open leads have been left alone for too long, and which are contacted too often? For whom is nothing planned?

These numbers change while nothing happens, at moments that are known ahead. So they are kept as differences: one more
in the pane of the minute in which it begins, one less in that in which it ends. Their value now is the sum of all
panes up to now: the window `all`.
"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, A, B, Cells, book
from processors.families import Family, Field
from processors.questions.base import Question, Was
from processors.record import Lead

BANDS = ("too_long", "too_many")
_TEAM = Field("team", A, 10, "team")
FOLLOW_UP = Family(48, "follow_up", (_TEAM, Field("stage", B, 10, "stage"), Field("band", 0, 1, BANDS)))
UNPLANNED = Family(49, "unplanned", (_TEAM,))
FIRST_DIFFERENCE: Final = FOLLOW_UP.key
"""Families from here on, up to the ages, are differences: their value is their sum over all time up to now."""

_TOO_LONG: Final = FOLLOW_UP.key
_MANY: Final = 1
_UNPLANNED: Final = UNPLANNED.key


class FollowUpBand(Question):
    """Open leads outside of the contact band of their stage, by the team that has them; in one band or in none."""

    families = (FOLLOW_UP,)

    def followed(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        """Book when the lead will be left alone for too long, and until when it is contacted too often."""
        series, overdue = _TOO_LONG | lead.team << A | lead.stage << B, lead.overdue
        if overdue:
            book(cells, (overdue if overdue > minute else minute) << MINUTE | series, sign)
        if lead.crowded > minute:
            self._crowd(cells, series, minute, lead.crowded, sign)

    def shifted(self, cells: Cells, lead: Lead, minute: int, was: Was, sign: int) -> None:
        """Take back what was booked, and book what is."""
        stage, overdue, crowded = was
        team = _TOO_LONG | lead.team << A
        before, now = team | stage << B, team | lead.stage << B
        if overdue:
            book(cells, (overdue if overdue > minute else minute) << MINUTE | before, -sign)
        if lead.overdue:  # not before `minute`
            book(cells, lead.overdue << MINUTE | now, sign)
        if crowded > minute:
            self._crowd(cells, before, minute, crowded, -sign)
        if lead.crowded:
            self._crowd(cells, now, minute, lead.crowded, sign)

    def _crowd(self, cells: Cells, series: int, since: int, until: int, sign: int) -> None:
        book(cells, since << MINUTE | series | _MANY, sign)
        book(cells, until << MINUTE | series | _MANY, -sign)


class Unplanned(Question):
    """Open leads without a next activity ahead of them, by the team that has them."""

    families = (UNPLANNED,)

    def unplanned(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        """Book when the planned activity, if any, will have passed."""
        planned = lead.planned
        book(cells, (planned if planned > minute else minute) << MINUTE | _UNPLANNED | lead.team << A, sign)
