"""Do prospects react when we turn to them?"""

from __future__ import annotations

from processors.cells import MINUTE, MINUTE_MS, SOURCE, A, B, Cells, Family, Field
from processors.follow_up import moment_after
from processors.questions.base import Question, Rules
from processors.record import Lead

RESULTS = ("replied", "silent")
REPLIES = Family(18, "replies", (SOURCE, Field("team", B, 10, "team"), Field("result", 0, 1, RESULTS)))
_REPLIED, _SILENT = REPLIES.key, REPLIES.key | 1


class Replies(Question):
    """Leads that reacted within a time of a person's first attempt, when they did; the others, when it has passed.

    Both under the team of that attempt. So replied / (replied + silent) is right in every window, however young.
    """

    families = (REPLIES,)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self._within = rules.funnel.follow_up.reply

    def approached(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Book the silence ahead."""
        self._silent(cells, lead, t, sign)

    def reacted(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Count the reaction and take the silence back, if it came in time."""
        if t - lead.attempted <= self._within:
            self._silent(cells, lead, lead.attempted, -sign)
            cells[t // MINUTE_MS << MINUTE | _REPLIED | lead.source << A | lead.approached << B] += sign

    def _silent(self, cells: Cells, lead: Lead, attempted: int, sign: int) -> None:
        at = moment_after(attempted, self._within) << MINUTE
        cells[at | _SILENT | lead.source << A | lead.approached << B] += sign
