"""What is open right now, and who has not been answered?"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, add, book
from processors.families import SOURCE, TEAM, Family, Field
from processors.policies import FIRST_ATTEMPT, FIRST_CONTACT
from processors.promises import steps_of
from processors.questions.base import Question, Rules
from processors.record import Lead

OPEN_LEADS = Family(10, "open", (SOURCE, Field("stage", B, 10, "stage")))
BANDS = ("on_time", "warned", "breached", "unpromised")
ON_TIME: Final = 0
BREACHED: Final = 2
UNPROMISED: Final = 3
_ANY_ANSWER, _CONTACT = (FIRST_ATTEMPT, FIRST_CONTACT), (FIRST_CONTACT,)
UNANSWERED = Family(11, "unanswered", (SOURCE, TEAM, Field("band", 0, 2, BANDS)))
ORPHANS = Family(12, "uncreated", ())
ORPHAN_CELL: Final = ORPHANS.key
"""Counted by the fold: a lead without a creation makes no moves that a question could hear."""

# Ages are no counts: their cells carry a creation time to the millisecond and end in `processors.ages`.
OPEN_AGE = Family(62, "open_age", (SOURCE,))
UNANSWERED_AGE = Family(63, "unanswered_age", (Field("team", A, 10, "team"),))
# How old all of them are: no cells, but made of the start times when somebody asks.
OPEN_AGES = Family(60, "open_ages", OPEN_AGE.fields, bucket_bits=8, edges="cycle_edges")
UNANSWERED_AGES = Family(61, "unanswered_ages", UNANSWERED_AGE.fields, bucket_bits=6, edges="response_edges")
STARTS = {OPEN_AGES: OPEN_AGE, UNANSWERED_AGES: UNANSWERED_AGE}
FIRST_AGE: Final = OPEN_AGES.key

_OPEN: Final = OPEN_LEADS.key
_UNANSWERED: Final = UNANSWERED.key
_OPEN_AGE: Final = OPEN_AGE.key
_UNANSWERED_AGE: Final = UNANSWERED_AGE.key


def age_start(cell: int) -> int:
    """Return the creation time in ms that an age cell carries."""
    return (cell >> MINUTE) * MINUTE_MS + (cell & 0xFFFF)


def age_group(cell: int) -> int:
    """Return the number of the group, a source or a team, that an age cell belongs to."""
    return cell >> A & 1023


class Live(Question):
    """Open leads by stage, unanswered ones by team, and since when."""

    families = (OPEN_LEADS, UNANSWERED, ORPHANS, OPEN_AGES, UNANSWERED_AGES, OPEN_AGE, UNANSWERED_AGE)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        policies = rules.promises.policies
        # Policy -> what it promises to a lead that was not attempted, and to one that was: only what a lead still waits
        # for says how it stands.
        self._promised = [
            tuple([n for n in pending if policies.steps(policy)[n]] for pending in (_ANY_ANSWER, _CONTACT))
            for policy in range(len(policies.policies))
        ]

    def opened(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Count an open lead where it stands."""
        source, t = lead.source << A, lead.created
        book(cells, _OPEN | source | lead.stage << B, sign)
        add(cells.ages, t // MINUTE_MS << MINUTE | _OPEN_AGE | source | t % MINUTE_MS, sign)

    def waiting(self, cells: Cells, lead: Lead, sign: int) -> None:
        """Count an unanswered lead under its team and in its band."""
        t = lead.created
        book(cells, _UNANSWERED | lead.source << A | lead.team << B | self._band(lead), sign)
        add(cells.ages, t // MINUTE_MS << MINUTE | _UNANSWERED_AGE | lead.team << A | t % MINUTE_MS, sign)

    def _band(self, lead: Lead) -> int:
        policy = self.rules.promises.policy(lead)
        if policy is None:
            return UNPROMISED
        promised = self._promised[policy][lead.attempted > 0]
        if not promised:
            return UNPROMISED
        return min(BREACHED, max([steps_of(lead, obligation) for obligation in promised])) if lead.steps else ON_TIME

    def moved(self, cells: Cells, lead: Lead, t: int, stage: int, rank: int, sign: int) -> None:
        """Move an open lead to its new stage."""
        source = lead.source << A
        book(cells, _OPEN | source | lead.stage << B, -sign)
        book(cells, _OPEN | source | stage << B, sign)
