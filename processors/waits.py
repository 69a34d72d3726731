"""What became of a lead's waits, told again from its record: which step came when, and how a wait ended.

The record keeps where a wait stands, not how it came there: a lead may have gone to a team with other hours since. So
whoever announces has the fold tell the record once more, and thereby says what the numbers say.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from processors.cells import Cells
from processors.fold import Fold
from processors.funnel import OPEN, Funnel
from processors.labels import Labels
from processors.policies import BREACH
from processors.promises import Split
from processors.questions.base import Question, Rules
from processors.record import Lead


class Broken(NamedTuple):
    """A promise that was broken: the number of its policy, and its deadline, ms."""

    policy: int
    deadline: int


class Answer(NamedTuple):
    """How a wait of an open lead ended.

    Attributes:
        at: When, ms.
        split: Where the time had gone.
        broken: The promise that was broken by then; None when it was kept, or there was none.
    """

    at: int
    split: Split
    broken: Broken | None


class Waits(Question):
    """Takes note of all steps and answers of one lead.

    Attributes:
        steps: (policy, obligation, begin of the wait, step) -> when the step came, ms.
        answers: (obligation, begin of the wait) -> its end.
        open_since: When the lead was created or last reopened, ms.
    """

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self.steps: dict[tuple[int, int, int, int], int] = {}
        self.answers: dict[tuple[int, int], Answer] = {}
        self.open_since = 0

    def opened(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Take note that the lead is open."""
        if sign > 0:
            self.open_since = lead.entered

    def stepped(self, cells: Cells, lead: Lead, policy: int, obligation: int, step: int, due: int, sign: int) -> None:
        """Take note of a step."""
        self.steps[policy, obligation, self.rules.promises.began(lead, obligation), step] = due

    def answered(self, cells: Cells, lead: Lead, t: int, obligation: int, sign: int) -> None:
        """Take note of an answer."""
        promises = self.rules.promises
        if lead.status == OPEN:
            policy, began = promises.policy(lead), promises.began(lead, obligation)
            deadline = self.steps.get((policy, obligation, began, BREACH)) if policy is not None else None
            broken = None if policy is None or deadline is None else Broken(policy, deadline)
            self.answers[obligation, began] = Answer(t, promises.split(lead, t), broken)


class Retelling:
    """Has leads told again.

    Args:
        funnel: What the events mean.
        labels: The shard's label tables.
    """

    def __init__(self, funnel: Funnel, labels: Mapping[str, Labels]) -> None:
        self._fold = Fold(funnel, labels, (Waits,))
        self._waits = next(question for question in self._fold.questions if isinstance(question, Waits))

    def unmerged(self, lead: Lead) -> Lead:
        """Return how a lead would stand, had it not been merged: a merged one stands nowhere."""
        other = lead.copy()
        other.merged_into = ""
        self._fold.recompute(Cells(), other)
        return other

    def of(self, lead: Lead) -> Waits:
        """Return what became of a lead's waits, as far back as its log reaches; good until the next call."""
        self._waits.steps.clear()
        self._waits.answers.clear()
        self._waits.open_since = 0
        self._fold.recompute(Cells(), lead.copy())
        return self._waits
