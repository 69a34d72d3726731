"""What a question can hear of a lead's moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from processors.cells import Cells, Family
from processors.funnel import Funnel
from processors.labels import Labels
from processors.record import Lead


class Rules:
    """What the questions need to know of the funnel, in numbers.

    Args:
        funnel: What the events mean.
        stages: The shard's stage numbers; configured stages must have theirs already.
    """

    def __init__(self, funnel: Funnel, stages: Labels) -> None:
        self.funnel = funnel
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
        touched: `(cells, lead, t, meaning, sign)`: first automated, attempted or contacting interaction, at t ms.
        assigned: `(cells, lead, team, sign)`: goes to a team.
        moved: `(cells, lead, t, stage, rank, sign)`: an open lead moves to another stage.
        left: `(cells, lead, t, sign)`: an open lead leaves its stage, by a move or by closing.
        closed: `(cells, lead, sign)`: the lead is closed as it stands; -sign takes it back.
    """

    families: ClassVar[tuple[Family, ...]] = ()

    created: Callable[[Cells, Lead, int], None] | None = None
    opened: Callable[[Cells, Lead, int], None] | None = None
    touched: Callable[[Cells, Lead, int, int, int], None] | None = None
    assigned: Callable[[Cells, Lead, int, int], None] | None = None
    moved: Callable[[Cells, Lead, int, int, int, int], None] | None = None
    left: Callable[[Cells, Lead, int, int], None] | None = None
    closed: Callable[[Cells, Lead, int], None] | None = None

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
