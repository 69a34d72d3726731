"""How many leads came in?"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import SOURCE, TEAM, Family
from processors.questions.base import Question
from processors.record import Lead

CREATED = Family(1, "created", (SOURCE, TEAM))
_KEY: Final = CREATED.key


class Intake(Question):
    """Leads created, at their creation time, under the source and team they were created with."""

    families = (CREATED,)

    def created(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Count the lead."""
        book(cells, lead.created // MINUTE_MS << MINUTE | _KEY | lead.source << A | lead.home << B, sign)
