"""Are the promises kept?"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import TEAM, Family, Field
from processors.policies import BREACH, OBLIGATIONS
from processors.promises import steps_of
from processors.questions.base import Question
from processors.record import Lead

MET: Final = 0
LATE: Final = 1
WARNED: Final = 2
BREACHED: Final = 3
ESCALATED: Final = 4
RESULTS = ("met", "answered_late", "warned", "breached", "escalated")
PROMISES = Family(
    13,
    "promises",
    (Field("policy", A, 10, "policy"), TEAM, Field("obligation", 3, 2, OBLIGATIONS), Field("result", 0, 3, RESULTS)),
)
_KEY: Final = PROMISES.key


class ServiceLevel(Question):
    """Warnings, breaches and escalations at the time they came; answers in time and late at their own.

    The share within the promise is met / (met + breached): a breach counts when its time came, answered or not.
    """

    families = (PROMISES,)

    def stepped(self, cells: Cells, lead: Lead, policy: int, obligation: int, step: int, due: int, sign: int) -> None:
        """Count the step."""
        self._count(cells, lead, policy, obligation, min(ESCALATED, WARNED + step), due, sign)

    def answered(self, cells: Cells, lead: Lead, t: int, obligation: int, sign: int) -> None:
        """Count the answer, in time or late, if one was promised."""
        promises = self.rules.promises
        policy = promises.policy(lead)
        if policy is not None and lead.status == 0 and promises.policies.steps(policy)[obligation]:
            late = steps_of(lead, obligation) > BREACH
            self._count(cells, lead, policy, obligation, LATE if late else MET, t, sign)

    def _count(self, cells: Cells, lead: Lead, policy: int, obligation: int, result: int, at: int, sign: int) -> None:
        name = self.rules.policy_labels[policy]
        book(cells, at // MINUTE_MS << MINUTE | _KEY | name << A | lead.team << B | obligation << 3 | result, sign)
