"""What a question can hear of a lead's moves."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from processors.cells import Cells
from processors.families import Family
from processors.funnel import Funnel
from processors.labels import Labels
from processors.promises import Promises
from processors.record import Lead

Was = tuple[int, int, int]
"""Of a lead as it was: `stage`, `overdue`, `crowded`."""


class Rules:
    """What the questions need to know of the funnel, in numbers.

    Args:
        funnel: What the events mean.
        stages: The shard's stage numbers; configured stages must have theirs already.
        promises: The clocks of the leads.
        policies: Label numbers of the policies.
    """

    def __init__(self, funnel: Funnel, stages: Labels, promises: Promises, policies: Sequence[int]) -> None:
        self.funnel = funnel
        self.promises = promises
        self.policy_labels = policies
        """Policy number -> its label number."""
        self.by_rank = [0, *(stages.number(stage.name) for stage in funnel.stages if stage.kind == "open")]
        """Rank -> stage number; rank 0 is the lead before its first move."""
        self._ranks = {number: rank for rank, number in enumerate(self.by_rank)}

    def rank(self, stage: int) -> int:
        """Return a stage's place in the funnel, 0 for one that is no longer configured."""
        return self._ranks.get(stage, 0)


class Question:
    """A set of families and the moves they depend on: the hooks that a question overrides, the others are not called.

    Hooks are called with the lead as it was *before* the move (`closed`: as it stands, closed), must not change it, and
    add to `cells` what the move contributes times `sign`.

    Attributes:
        families: The numbers this question answers with.
    """

    families: ClassVar[tuple[Family, ...]] = ()

    def __init__(self, rules: Rules) -> None:
        self.rules = rules

    def created(self, cells: Cells, lead: Lead, sign: int) -> None:
        """The lead was created."""

    def opened(self, cells: Cells, lead: Lead, sign: int) -> None:
        """The lead is open as it stands; -sign takes it back."""

    def touched(self, cells: Cells, lead: Lead, t: int, meaning: int, arg: int, sign: int) -> None:
        """First automated, attempted or contacting interaction, at t ms; `arg` is the row's."""

    def waiting(self, cells: Cells, lead: Lead, sign: int) -> None:
        """An open lead waits for its first contact as it stands; -sign takes it back."""

    def stepped(self, cells: Cells, lead: Lead, policy: int, obligation: int, step: int, due: int, sign: int) -> None:
        """A step of an obligation came at due ms."""

    def answered(self, cells: Cells, lead: Lead, t: int, obligation: int, sign: int) -> None:
        """What an obligation is about happened at t ms."""

    def interacted(self, cells: Cells, lead: Lead, t: int, arg: int, sign: int) -> None:
        """A closed or opted-out lead was turned to at t ms; `arg` is the row's."""

    def collided(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Somebody contacts the lead at t ms shortly after somebody else did."""

    def approached(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """A person turned to the lead for the first time, at t ms."""

    def reacted(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """The lead reacted for the first time after that, at t ms."""

    def followed(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        """An open lead is followed up as it stands: from `minute` on; with -sign, until `minute`."""

    def shifted(self, cells: Cells, lead: Lead, minute: int, was: Was, sign: int) -> None:
        """A lead that is followed up came at `minute` to where it stands now; `was` says where it stood."""

    def unplanned(self, cells: Cells, lead: Lead, minute: int, sign: int) -> None:
        """As `followed`, of what is planned next."""

    def scored(self, cells: Cells, lead: Lead, score: int, sign: int) -> None:
        """The lead is given a score, as in its row; it had `lead.scored`."""

    def moved(self, cells: Cells, lead: Lead, t: int, stage: int, rank: int, sign: int) -> None:
        """An open lead moves to another stage, at t ms."""

    def left(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """An open lead leaves its stage, by a move or by closing, at t ms."""

    def closed(self, cells: Cells, lead: Lead, sign: int) -> None:
        """The lead is closed as it stands; -sign takes it back."""


def hearing(questions: Iterable[Question], hook: str) -> list[Question]:
    """Return the questions that override a hook."""
    silent = getattr(Question, hook)
    return [question for question in questions if getattr(type(question), hook) is not silent]
