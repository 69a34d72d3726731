"""How good are the leads that come in?"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, Cells, book
from processors.families import SOURCE, Family
from processors.questions.base import Question
from processors.record import Lead
from processors.rows import thousandths

SCORED = Family(20, "scored", (SOURCE,))
SCORES = Family(21, "scores", (SOURCE,), scale=1000)
_SCORED: Final = SCORED.key
_SCORES: Final = SCORES.key


class Quality(Question):
    """Leads with a score, and the sum of their latest scores, at their creation: so a source is judged as a whole."""

    families = (SCORED, SCORES)

    def scored(self, cells: Cells, lead: Lead, score: int, sign: int) -> None:
        """Put the new score in the place of the old one."""
        at, gained = lead.created // MINUTE_MS << MINUTE | lead.source << A, thousandths(score)
        if lead.scored:
            gained -= thousandths(lead.scored)
        else:
            book(cells, at | _SCORED, sign)
        book(cells, at | _SCORES, sign * gained)
