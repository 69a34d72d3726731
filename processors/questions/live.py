"""What is open right now, and who has not been answered?"""

from __future__ import annotations

from processors.cells import FAMILY_MASK, MINUTE, MINUTE_MS, SOURCE, TEAM, A, B, Cells, Family, Field
from processors.questions.base import Question
from processors.record import Lead
from processors.touches import CONTACT

OPEN_LEADS = Family(10, "open", (SOURCE, Field("stage", B, 10, "stage")))
UNANSWERED = Family(11, "unanswered", (SOURCE, TEAM))
ORPHANS = Family(12, "uncreated", ())
ORPHAN_CELL = ORPHANS.key
"""Counted by the fold: a lead without a creation makes no moves that a question could hear."""

# Ages are no counts: their cells carry a creation time to the millisecond and end in `processors.ages`.
OPEN_AGE = Family(62, "open_age", (SOURCE,))
UNANSWERED_AGE = Family(63, "unanswered_age", (Field("team", A, 10, "team"),))
FIRST_AGE = OPEN_AGE.key

_OPEN, _UNANSWERED, _OPEN_AGE, _UNANSWERED_AGE = OPEN_LEADS.key, UNANSWERED.key, OPEN_AGE.key, UNANSWERED_AGE.key


def is_age(cell: int) -> bool:
    """Return whether a cell is the start of an age."""
    return cell & FAMILY_MASK >= FIRST_AGE


def age_start(cell: int) -> int:
    """Return the creation time in ms that an age cell carries."""
    return (cell >> MINUTE) * MINUTE_MS + (cell & 0xFFFF)


def age_group(cell: int) -> int:
    """Return the number of the group, a source or a team, that an age cell belongs to."""
    return cell >> A & 1023


class Live(Question):
    """Open leads by stage, unanswered ones by team, and since when."""

    families = (OPEN_LEADS, UNANSWERED, ORPHANS, OPEN_AGE, UNANSWERED_AGE)

    def opened(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Count an open lead where it stands."""
        source, t = lead.source << A, lead.created
        cells[_OPEN | source | lead.stage << B] += sign
        cells[t // MINUTE_MS << MINUTE | _OPEN_AGE | source | t % MINUTE_MS] += sign
        if not lead.contacted:
            self._wait(cells, lead, lead.team, sign)

    def touched(self, cells: Cells, lead: Lead, t: int, meaning: int, sign: int) -> None:
        """Take an answered lead from the unanswered ones."""
        if meaning == CONTACT and not lead.status:
            self._wait(cells, lead, lead.team, -sign)

    def assigned(self, cells: Cells, lead: Lead, team: int, sign: int) -> None:
        """Move an unanswered lead to its new team."""
        if team != lead.team and not lead.contacted and not lead.status:
            self._wait(cells, lead, lead.team, -sign)
            self._wait(cells, lead, team, sign)

    def moved(self, cells: Cells, lead: Lead, t: int, stage: int, rank: int, sign: int) -> None:
        """Move an open lead to its new stage."""
        source = lead.source << A
        cells[_OPEN | source | lead.stage << B] -= sign
        cells[_OPEN | source | stage << B] += sign

    def _wait(self, cells: Cells, lead: Lead, team: int, sign: int) -> None:
        t = lead.created
        cells[_UNANSWERED | lead.source << A | team << B] += sign
        cells[t // MINUTE_MS << MINUTE | _UNANSWERED_AGE | team << A | t % MINUTE_MS] += sign
