"""How long do leads stay in a stage?"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import SOURCE, Family, Field
from processors.questions.base import Question, Rules
from processors.record import Lead

STAGE_TIME = Family(4, "stage_time", (SOURCE, Field("stage", B, 10, "stage")), bucket_bits=8, edges="stage_edges")
_KEY: Final = STAGE_TIME.key
_SUM: Final = STAGE_TIME.sum_bucket


class TimeInStage(Question):
    """The time from entering a stage to leaving it, counted when it is left; the first stage is entered at creation."""

    families = (STAGE_TIME,)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self._edges = rules.funnel.stage_edges

    def left(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Observe the stay that ends."""
        spent = t - lead.entered if t > lead.entered else 0
        at = t // MINUTE_MS << MINUTE | _KEY | lead.source << A | lead.stage << B
        book(cells, at | bisect_left(self._edges, spent), sign)
        book(cells, at | _SUM, sign * spent)
