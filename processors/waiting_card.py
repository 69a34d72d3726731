"""What is told of a lead that waits."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, Struct, UnsetType


class WaitingCard(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One waiting lead, for boards, bots and CRMs; nothing personal but who has to answer.

    Attributes:
        lead_id: Its id.
        partition: The partition that it is in.
        team: Who has it: team, as the boards call it, and owner, empty for none.
        owner: See team.
        source: Where it came from.
        stage: Stage it is in.
        obligation: What it waits for: "first_attempt", "first_contact" or "next_response". Of two promises, the one
            that is broken first.
        band: "on_time", "warned", "breached", or "unpromised" when nothing was promised.
        policy: The policy it falls under; empty for none.
        clock: On which clock the promise runs, "business" or "wall"; empty when nothing is promised.
        began_at: When the wait began.
        deadline: When the promise is or was broken, as things stand; missing when nothing is promised.
        announced: How many steps of the promise the alerts have told: 1 the warning, 2 the breach too, and one more
            for each escalation.
        as_of: Up to when the clocks below are read.
        routing_seconds: Time from the creation to the assignment so far.
        human_seconds: Working time since then so far.
        closed_seconds: The rest of the time since the creation so far.
    """

    lead_id: str
    partition: int
    team: str
    owner: str = ""
    source: str
    stage: str
    obligation: str
    band: str
    policy: str = ""
    clock: str = ""
    began_at: datetime
    deadline: datetime | UnsetType = UNSET
    announced: int = 0
    as_of: datetime
    routing_seconds: float
    human_seconds: float
    closed_seconds: float
