"""How do leads move through the funnel, and where do they drop out?"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import SOURCE, Family, Field
from processors.questions.base import Question
from processors.record import Lead

MOVED = Family(2, "moved", (SOURCE, Field("from_stage", B, 10, "stage"), Field("to_stage", 0, 8, "stage")))
REACHED = Family(3, "reached", (SOURCE, Field("stage", B, 10, "stage")))
_MOVED: Final = MOVED.key
_REACHED: Final = REACHED.key


class StageFlow(Question):
    """Every move as it happened; and each stage once per lead when it or a later one is first reached."""

    families = (MOVED, REACHED)

    def moved(self, cells: Cells, lead: Lead, t: int, stage: int, rank: int, sign: int) -> None:
        """Count the move, and the stages that are reached by it for the first time; skipped ones count as reached."""
        at = t // MINUTE_MS << MINUTE | lead.source << A
        book(cells, at | _MOVED | lead.stage << B | stage, sign)
        if rank > lead.furthest:
            for reached in self.rules.by_rank[lead.furthest + 1 : rank + 1]:
                book(cells, at | _REACHED | reached << B, sign)
