"""Do prospects react when we turn to them?"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, A, B, Cells, book
from processors.families import SOURCE, Family, Field
from processors.moments import moment_after
from processors.questions.base import Question, Rules
from processors.record import Lead

RESULTS = ("replied", "silent")
REPLIES = Family(18, "replies", (SOURCE, Field("team", B, 10, "team"), Field("result", 0, 1, RESULTS)))
_KEY: Final = REPLIES.key
_REPLIED: Final = 0
_SILENT: Final = 1


class Replies(Question):
    """Leads that reacted within a time of a person's first attempt, and those that did not, when it has passed.

    Both at that moment, under the team of the attempt: were a reply told when it comes, a young source or a growing
    floor would seem to reply more than it does, since its silent ones are not known yet.
    """

    families = (REPLIES,)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self._within = rules.funnel.follow_up.reply

    def approached(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Book the silence ahead."""
        book(cells, self._cell(lead, t) | _SILENT, sign)

    def reacted(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Put the reaction in the place of the silence, if it came in time."""
        if t - lead.attempted <= self._within:
            cell = self._cell(lead, lead.attempted)
            book(cells, cell | _SILENT, -sign)
            book(cells, cell | _REPLIED, sign)

    def _cell(self, lead: Lead, attempted: int) -> int:
        at = moment_after(attempted, self._within) << MINUTE
        return at | _KEY | lead.source << A | lead.approached << B
