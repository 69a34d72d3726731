"""How do leads end, and why?"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import SOURCE, TEAM, Family, Field
from processors.funnel import STATUS_NAMES
from processors.questions.base import Question
from processors.record import Lead

OUTCOME = Field("outcome", 0, 2, STATUS_NAMES)
CLOSED = Family(7, "closed", (SOURCE, TEAM, OUTCOME))
REASONS = Family(8, "close_reasons", (SOURCE, Field("reason", B, 10, "reason"), OUTCOME))
_CLOSED: Final = CLOSED.key
_REASONS: Final = REASONS.key


class Outcomes(Question):
    """Leads won, lost and disqualified, at their closing time; a lead has one outcome or none."""

    families = (CLOSED, REASONS)

    def closed(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Count the outcome, by team and by reason."""
        at = lead.closed // MINUTE_MS << MINUTE | lead.source << A | lead.status
        book(cells, at | _CLOSED | lead.closing_team << B, sign)
        book(cells, at | _REASONS | lead.reason << B, sign)
