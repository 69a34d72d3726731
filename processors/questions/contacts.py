"""Which contacts should not have been: of two people at once, and after the lead was closed or asked for silence?"""

from __future__ import annotations

from typing import Final

from processors.cells import MINUTE, MINUTE_MS, A, B, Cells, book
from processors.families import SOURCE, TEAM, Family, Field
from processors.funnel import OPEN, STATUS_NAMES
from processors.questions.base import Question, Rules
from processors.questions.response import KINDS
from processors.record import Lead
from processors.rows import channel_of
from processors.touches import TOUCH_MASK, touch_meanings

COLLISIONS = Family(16, "collisions", (SOURCE, TEAM))
_OPTED_OUT: Final = OPEN
STATES = ("opted_out", *STATUS_NAMES[1:])
"""By status; an open lead can only be here because it opted out."""
AFTER_CLOSE = Family(
    17, "contacts_after_close", (SOURCE, TEAM, Field("kind", 2, 2, KINDS), Field("state", 0, 2, STATES))
)
_COLLISIONS: Final = COLLISIONS.key
_AFTER_CLOSE: Final = AFTER_CLOSE.key


class Collisions(Question):
    """Contacts by another person than the one before, shortly after it; at the time of the second."""

    families = (COLLISIONS,)

    def collided(self, cells: Cells, lead: Lead, t: int, sign: int) -> None:
        """Count the second contact."""
        book(cells, t // MINUTE_MS << MINUTE | _COLLISIONS | lead.source << A | lead.team << B, sign)


class ContactsAfterClose(Question):
    """What went out to leads that are closed, or on a channel that they opted out of; at that time, each time."""

    families = (AFTER_CLOSE,)

    def __init__(self, rules: Rules) -> None:
        super().__init__(rules)
        self._touch = touch_meanings(rules.funnel)

    def interacted(self, cells: Cells, lead: Lead, t: int, arg: int, sign: int) -> None:
        """Count the interaction; that they opted out weighs more than that the lead is closed."""
        if lead.opted_out >> channel_of(arg) & 1:
            state = _OPTED_OUT
        elif lead.status != OPEN:
            state = lead.status
        else:  # another channel is theirs to use
            return
        label = self._touch[arg & TOUCH_MASK] << 2 | state
        book(cells, t // MINUTE_MS << MINUTE | _AFTER_CLOSE | lead.source << A | lead.team << B | label, sign)
