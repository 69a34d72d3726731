"""What is promised to leads: which policy a lead falls under, and after how much time what happens."""

from __future__ import annotations

from typing import Final

from msgspec import Struct

FIRST_ATTEMPT: Final = 0
FIRST_CONTACT: Final = 1
NEXT_RESPONSE: Final = 2
OBLIGATIONS = ("first_attempt", "first_contact", "next_response")
"""What a policy may promise, by number."""

BUSINESS: Final = "business"
WALL: Final = "wall"

WARNING: Final = 0
BREACH: Final = 1
"""The first steps of every obligation; the steps after the breach are escalations."""


class Facts(Struct, frozen=True):
    """What a policy may ask of a lead.

    Attributes:
        source: Its source, by name; so are segment, region, product and team.
        amount: Its amount at creation in minor units.
    """

    source: str
    segment: str
    region: str
    product: str
    team: str
    amount: int


class Policy(Struct, frozen=True, kw_only=True):
    """One promise. A condition that is left empty holds for every lead.

    Attributes:
        name: What alarms and numbers call it.
        sources: Sources it is for; so are `segments`, `regions`, `products` and `teams`.
        min_amount: Smallest amount in minor units.
        clock: "business": working time in the calendar of whoever has the lead; "wall": all time.
        targets: Obligation number -> how long it may take, ms; what is not in it is not promised.
        warn_share: The warning comes after this share of the target,
        warn_before: or this long before the breach, ms on the same clock, where that is more than 0.
        escalations: How long after the breach each escalation follows, ms on the same clock, ascending.
    """

    name: str
    sources: frozenset[str] = frozenset()
    segments: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    products: frozenset[str] = frozenset()
    teams: frozenset[str] = frozenset()
    min_amount: int = 0
    clock: str = BUSINESS
    targets: tuple[tuple[int, int], ...] = ()
    warn_share: float = 0.8
    warn_before: int = 0
    escalations: tuple[int, ...] = ()

    def holds(self, facts: Facts) -> bool:
        """Return whether a lead falls under it, were it the only one."""
        asked = (
            (self.sources, facts.source),
            (self.segments, facts.segment),
            (self.regions, facts.region),
            (self.products, facts.product),
            (self.teams, facts.team),
        )
        return facts.amount >= self.min_amount and all(not wanted or value in wanted for wanted, value in asked)

    @property
    def holds_for_all(self) -> bool:
        """Whether there is no lead that does not fall under it."""
        return not (self.sources or self.segments or self.regions or self.products or self.teams or self.min_amount > 0)

    def steps(self, obligation: int) -> tuple[int, ...]:
        """Return after how much time on its clock the warning, the breach and the escalations come, ms.

        Empty for what it does not promise. The warning comes before the breach, be it by a millisecond.
        """
        target = dict(self.targets).get(obligation)
        if target is None:
            return ()
        warning = max(0, target - self.warn_before) if self.warn_before else int(target * self.warn_share)
        warning = min(warning, target - 1)
        return (warning, target, *(target + later for later in self.escalations))


def targets(**promises: int) -> tuple[tuple[int, int], ...]:
    """Return promises by obligation name (ms) in the form `Policy.targets` has."""
    return tuple((OBLIGATIONS.index(name), promised) for name, promised in promises.items())
