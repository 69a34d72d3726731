"""Where does the time of a response go: routing, people, or the hours when nobody works?"""

from __future__ import annotations

from bisect import bisect_left
from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import SOURCE, TEAM, Family, Field
from processors.policies import FIRST_CONTACT, NEXT_RESPONSE
from processors.questions.base import Question, Rules
from processors.record import Lead

CLOCKS = ("routing", "human", "closed", "business")
RESPONSE_CLOCKS = Family(
    14, "response_clocks", (SOURCE, TEAM, Field("clock", 6, 2, CLOCKS)), bucket_bits=6, edges="response_edges"
)
NEXT = Family(
    15,
    "next_response",
    (SOURCE, TEAM, Field("clock", 6, 1, ("business", "wall"))),
    bucket_bits=6,
    edges="response_edges",
)
_CLOCKS: Final = RESPONSE_CLOCKS.key
_NEXT: Final = NEXT.key
_SUM: Final = RESPONSE_CLOCKS.sum_bucket


class ResponseClocks(Question):
    """The first contact on each clock, and how long they wait when they write again; at the time of the answer."""

    families = (RESPONSE_CLOCKS, NEXT)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self._edges = rules.funnel.response_edges

    def answered(self, cells: Cells, lead: Lead, t: int, obligation: int, sign: int) -> None:
        """Observe the answer."""
        at = t // MINUTE_MS << MINUTE | lead.source << A | lead.team << B
        if obligation == FIRST_CONTACT:
            for clock, spent in enumerate(self.rules.promises.split(lead, t)[:4]):
                self._observe(cells, at | _CLOCKS | clock << 6, spent, sign)
        elif obligation == NEXT_RESPONSE:
            business = max(0, self.rules.promises.worked(lead, t) - lead.asked_worked)
            for clock, spent in enumerate((business, max(0, t - lead.asked))):
                self._observe(cells, at | _NEXT | clock << 6, spent, sign)

    def _observe(self, cells: Cells, series: int, spent: int, sign: int) -> None:
        book(cells, series | bisect_left(self._edges, spent), sign)
        if spent:  # a clock that did not run is the rule: a sum that does not change need not be kept
            book(cells, series | _SUM, sign * spent)
