"""How do leads move through the funnel, and where do they drop out?"""

from __future__ import annotations

from processors.cells import MINUTE, MINUTE_MS, SOURCE, A, B, Cells, Family, Field
from processors.questions.base import Question
from processors.record import Lead

MOVED = Family(2, "moved", (SOURCE, Field("from_stage", B, 10, "stage"), Field("to_stage", 0, 8, "stage")))
REACHED = Family(3, "reached", (SOURCE, Field("stage", B, 10, "stage")))
_MOVED, _REACHED = MOVED.key, REACHED.key


class StageFlow(Question):
    """Every move as it happened; and each stage once per lead when it or a later one is first reached."""

    families = (MOVED, REACHED)

    def moved(self, cells: Cells, lead: Lead, t: int, stage: int, rank: int, sign: int) -> None:
        """Count the move, and the stages that are reached by it for the first time; skipped ones count as reached."""
        at = t // MINUTE_MS << MINUTE | lead.source << A
        cells[at | _MOVED | lead.stage << B | stage] += sign
        if rank > lead.furthest:
            for reached in self.rules.by_rank[lead.furthest + 1 : rank + 1]:
                cells[at | _REACHED | reached << B] += sign
