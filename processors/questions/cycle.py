"""How long is the sales cycle?"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import SOURCE, Family, Field
from processors.funnel import STATUS_NAMES
from processors.questions.base import Question, Rules
from processors.record import Lead

SINCE = ("created", "contact")
CYCLE = Family(
    9,
    "cycle",
    (SOURCE, Field("outcome", B + 1, 2, STATUS_NAMES), Field("since", B, 1, SINCE)),
    bucket_bits=8,
    edges="cycle_edges",
)
_KEY: Final = CYCLE.key
_SUM: Final = CYCLE.sum_bucket


class SalesCycle(Question):
    """Creation to closing and first contact to closing, at the closing time.

    The second needs a contact before the closing. How long the still open ones have been open is told by `Live`: the
    closed ones alone would make the cycle look short.
    """

    families = (CYCLE,)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self._edges = rules.funnel.cycle_edges

    def closed(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Observe the cycles that end."""
        self._observe(cells, lead, 0, lead.closed - lead.created, sign)
        if lead.contacted and lead.contacted <= lead.closed:
            self._observe(cells, lead, 1, lead.closed - lead.contacted, sign)

    def _observe(self, cells: Cells, lead: Lead, since: int, length: int, sign: int) -> None:
        length = max(0, length)
        at = lead.closed // MINUTE_MS << MINUTE | _KEY | lead.source << A | (lead.status << 1 | since) << B
        book(cells, at | bisect_left(self._edges, length), sign)
        book(cells, at | _SUM, sign * length)
