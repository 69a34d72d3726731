"""How many leads came in?"""

from __future__ import annotations

from processors.cells import MINUTE, MINUTE_MS, SOURCE, TEAM, A, B, Cells, Family
from processors.questions.base import Question
from processors.record import Lead

CREATED = Family(1, "created", (SOURCE, TEAM))
_KEY = CREATED.key


class Intake(Question):
    """Leads created, at their creation time, under the source and team they were created with."""

    families = (CREATED,)

    def created(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Count the lead."""
        cells[lead.created // MINUTE_MS << MINUTE | _KEY | lead.source << A | lead.home << B] += sign
