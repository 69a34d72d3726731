"""What is open right now, and who has not been answered?"""

from __future__ import annotations

from processors.cells import FAMILY_MASK, MINUTE, MINUTE_MS, SOURCE, TEAM, A, B, Cells, Family, Field
from processors.policies import FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE
from processors.promises import steps_of
from processors.questions.base import Question, Rules
from processors.record import Lead

OPEN_LEADS = Family(10, "open", (SOURCE, Field("stage", B, 10, "stage")))
BANDS = ("on_time", "warned", "breached", "unpromised")
ON_TIME, BREACHED, UNPROMISED = 0, 2, 3
UNANSWERED = Family(11, "unanswered", (SOURCE, TEAM, Field("band", 0, 2, BANDS)))
ORPHANS = Family(12, "uncreated", ())
ORPHAN_CELL = ORPHANS.key
"""Counted by the fold: a lead without a creation makes no moves that a question could hear."""

# Ages are no counts: their cells carry a creation time to the millisecond and end in `processors.ages`.
OPEN_AGE = Family(62, "open_age", (SOURCE,))
UNANSWERED_AGE = Family(63, "unanswered_age", (Field("team", A, 10, "team"),))
FIRST_AGE = OPEN_AGE.key

_OPEN, _UNANSWERED, _OPEN_AGE, _UNANSWERED_AGE = OPEN_LEADS.key, UNANSWERED.key, OPEN_AGE.key, UNANSWERED_AGE.key


def is_age(cell: int) -> bool:
    """Return whether a cell is the start of an age."""
    return cell & FAMILY_MASK >= FIRST_AGE


def age_start(cell: int) -> int:
    """Return the creation time in ms that an age cell carries."""
    return (cell >> MINUTE) * MINUTE_MS + (cell & 0xFFFF)


def age_group(cell: int) -> int:
    """Return the number of the group, a source or a team, that an age cell belongs to."""
    return cell >> A & 1023


class Live(Question):
    """Open leads by stage, unanswered ones by team, and since when."""

    families = (OPEN_LEADS, UNANSWERED, ORPHANS, OPEN_AGE, UNANSWERED_AGE)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        policies = rules.promises.policies
        self._answer_promised = [
            any(policies.steps(number)[:NEXT_RESPONSE]) for number in range(len(policies.policies))
        ]

    def opened(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Count an open lead where it stands."""
        source, t = lead.source << A, lead.created
        cells[_OPEN | source | lead.stage << B] += sign
        cells[t // MINUTE_MS << MINUTE | _OPEN_AGE | source | t % MINUTE_MS] += sign

    def waiting(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Count an unanswered lead under its team and in its band."""
        t = lead.created
        cells[_UNANSWERED | lead.source << A | lead.team << B | self._band(lead)] += sign
        cells[t // MINUTE_MS << MINUTE | _UNANSWERED_AGE | lead.team << A | t % MINUTE_MS] += sign

    def _band(self, lead: Lead) -> int:
        policy = self.rules.promises.policy(lead)
        if policy is None or not self._answer_promised[policy]:
            return UNPROMISED
        if not lead.steps:
            return ON_TIME
        return min(BREACHED, max(steps_of(lead, FIRST_ATTEMPT), steps_of(lead, FIRST_CONTACT)))

    def moved(self, cells: Cells, lead: Lead, t: int, stage: int, rank: int, sign: int) -> None:
        """Move an open lead to its new stage."""
        source = lead.source << A
        cells[_OPEN | source | lead.stage << B] -= sign
        cells[_OPEN | source | stage << B] += sign
