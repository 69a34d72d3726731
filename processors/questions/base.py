"""What a question can hear of a lead's moves."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from processors.cells import Cells, Family
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
    """A set of families and the moves they depend on.

    A hook that stays None is never called. Hooks are called with the lead as it was *before* the move (`closed`: as it
    stands, closed), must not change it, and add to `cells` what the move contributes times `sign`.

    Attributes:
        families: The numbers this question answers with.
        created: `(cells, lead, sign)`: the lead was created.
        opened: `(cells, lead, sign)`: the lead is open as it stands; -sign takes it back.
        touched: `(cells, lead, t, meaning, arg, sign)`: first automated, attempted or contacting interaction, at t ms;
            `arg` is the row's.
        waiting: `(cells, lead, sign)`: an open lead waits for its first contact as it stands; -sign takes it back.
        stepped: `(cells, lead, policy, obligation, step, due, sign)`: a step of an obligation came at due ms.
        answered: `(cells, lead, t, obligation, sign)`: what an obligation is about happened at t ms.
        interacted: `(cells, lead, t, arg, sign)`: a closed or opted-out lead was turned to at t ms; `arg` is the row's.
        collided: `(cells, lead, t, sign)`: somebody contacts the lead at t ms shortly after somebody else did.
        approached: `(cells, lead, t, sign)`: a person turned to the lead for the first time, at t ms.
        reacted: `(cells, lead, t, sign)`: the lead reacted for the first time after that, at t ms.
        followed: `(cells, lead, minute, sign)`: from `minute` on an open lead is followed up as it stands; with -sign,
            until `minute`.
        shifted: `(cells, lead, minute, was, sign)`: at `minute` a lead that is followed up came to where it stands now;
            `was` says where it stood.
        unplanned: as `followed`, of what is planned next.
        scored: `(cells, lead, score, sign)`: the lead is given a score, as in its row; it had `lead.scored`.
        moved: `(cells, lead, t, stage, rank, sign)`: an open lead moves to another stage.
        left: `(cells, lead, t, sign)`: an open lead leaves its stage, by a move or by closing.
        closed: `(cells, lead, sign)`: the lead is closed as it stands; -sign takes it back.
    """

    families: ClassVar[tuple[Family, ...]] = ()

    created: Callable[[Cells, Lead, int], None] | None = None
    opened: Callable[[Cells, Lead, int], None] | None = None
    touched: Callable[[Cells, Lead, int, int, int, int], None] | None = None
    waiting: Callable[[Cells, Lead, int], None] | None = None
    stepped: Callable[[Cells, Lead, int, int, int, int, int], None] | None = None
    answered: Callable[[Cells, Lead, int, int, int], None] | None = None
    interacted: Callable[[Cells, Lead, int, int, int], None] | None = None
    collided: Callable[[Cells, Lead, int, int], None] | None = None
    approached: Callable[[Cells, Lead, int, int], None] | None = None
    reacted: Callable[[Cells, Lead, int, int], None] | None = None
    followed: Callable[[Cells, Lead, int, int], None] | None = None
    shifted: Callable[[Cells, Lead, int, Was, int], None] | None = None
    unplanned: Callable[[Cells, Lead, int, int], None] | None = None
    scored: Callable[[Cells, Lead, int, int], None] | None = None
    moved: Callable[[Cells, Lead, int, int, int, int], None] | None = None
    left: Callable[[Cells, Lead, int, int], None] | None = None
    closed: Callable[[Cells, Lead, int], None] | None = None

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
