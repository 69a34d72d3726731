"""The clocks of a lead: how much working time it has waited, what it was promised, and when which step of that comes.

Everything is computed from where the fold stands. Nothing here moves a lead.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from processors.calendars import Calendars, WorkCalendar
from processors.funnel import OPEN, Funnel
from processors.labels import LABEL_BITS, Labels
from processors.policies import FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE, OBLIGATIONS, WALL, Facts, Policy
from processors.record import Lead

STEP_BITS: Final = 8
_STEPS: Final = (1 << STEP_BITS) - 1
OBLIGATION_NUMBERS = (FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE)

Waits = tuple[int, ...]
_NOBODYS: Final = -1
_NOTHING: Waits = ()
_ANY_ANSWER: Waits = (FIRST_ATTEMPT, FIRST_CONTACT)
_CONTACT: Waits = (FIRST_CONTACT,)
_NEXT: Waits = (NEXT_RESPONSE,)


class Policies:
    """All policies, in their order: the first that holds is the lead's.

    Args:
        policies: The policies.
    """

    def __init__(self, policies: Sequence[Policy]) -> None:
        self.policies = tuple(policies)
        self._steps = [tuple(policy.steps(obligation) for obligation in range(len(OBLIGATIONS))) for policy in policies]

    def number(self, facts: Facts) -> int | None:
        """Return the number of the policy a lead falls under, None when none holds."""
        return next((n for n, policy in enumerate(self.policies) if policy.holds(facts)), None)

    def steps(self, number: int) -> tuple[tuple[int, ...], ...]:
        """Return the steps of a policy for every obligation, see `Policy.steps`."""
        return self._steps[number]


class Split(NamedTuple):
    """A response taken apart, ms; the first three add up to the wall time.

    Attributes:
        routing: From the creation to the first assignment.
        human: Working time from then on, in the calendar of whoever had the lead.
        closed: The rest: outside of working hours.
        business: All working time since the creation.
        wall: All time since the creation.
    """

    routing: int
    human: int
    closed: int
    business: int
    wall: int


class Promises:
    """What the fold asks about waiting.

    Args:
        funnel: Policies and calendars.
        labels: The shard's label tables.
    """

    def __init__(self, funnel: Funnel, labels: Mapping[str, Labels]) -> None:
        self._funnel, self._labels = funnel, labels
        self.policies = Policies(funnel.policies)
        self._amounts = sorted({policy.min_amount for policy in funnel.policies})
        self._everybodys = 0 if funnel.policies and funnel.policies[0].holds_for_all else None
        self._found: dict[int, int] = {}
        self._plan = Calendars(funnel.calendars)
        self._calendars: dict[tuple[int, int], WorkCalendar] = {}

    # -- which -----------------------------------------------------------------------------------------------------

    def policy(self, lead: Lead) -> int | None:
        """Return the number of the policy that a lead falls under as it stands, None when none does."""
        if self._everybodys is not None:
            return self._everybodys
        amounts = self._amounts
        amount = bisect_right(amounts, lead.amount) if amounts and lead.amount < amounts[-1] else len(amounts)
        # One integer is found faster than a tuple of six.
        place = (amount << LABEL_BITS | lead.team) << LABEL_BITS | lead.product
        key = ((place << LABEL_BITS | lead.region) << LABEL_BITS | lead.segment) << LABEL_BITS | lead.source
        number = self._found.get(key)
        if number is None:
            found = self.policies.number(self._facts(lead))
            number = self._found[key] = _NOBODYS if found is None else found
        return None if number == _NOBODYS else number

    def calendar(self, lead: Lead) -> WorkCalendar:
        """Return the calendar of whoever has the lead: the team's, else the region's, else the default."""
        key = (lead.team, lead.region)
        found = self._calendars.get(key)
        if found is None:
            names = self._labels["team"].text(lead.team), self._labels["region"].text(lead.region)
            found = self._calendars[key] = self._plan.of(*names)
        return found

    def _facts(self, lead: Lead) -> Facts:
        text = {table: self._labels[table].text for table in ("source", "segment", "region", "product", "team")}
        return Facts(
            source=text["source"](lead.source),
            segment=text["segment"](lead.segment),
            region=text["region"](lead.region),
            product=text["product"](lead.product),
            team=text["team"](lead.team),
            amount=lead.amount,
        )

    # -- how long --------------------------------------------------------------------------------------------------

    def worked(self, lead: Lead, t: int) -> int:
        """Return the working time from a lead's creation to `t`, ms."""
        return lead.worked + self.calendar(lead).working_between(lead.since, t)

    def split(self, lead: Lead, t: int) -> Split:
        """Take the time from a lead's creation to `t` apart; all is 0 for a `t` before the creation."""
        wall = max(0, t - lead.created)
        business = min(wall, self.worked(lead, t))
        assigned = lead.assigned and lead.assigned <= t
        routed = min(lead.routed, business) if assigned else 0
        routing = routed
        if assigned and self._funnel.routing == WALL:
            routing = min(wall, max(0, lead.assigned - lead.created))
        human = business - routed
        return Split(routing, human, wall - routing - human, business, wall)

    # -- when ------------------------------------------------------------------------------------------------------

    def waits(self, lead: Lead) -> Waits:
        """Return the obligations that a lead waits for.

        A contact is an attempt too, and only who was contacted can ask again: so these are all there can be.
        """
        return self.unanswered(lead) if lead.status == OPEN else _NOTHING

    def unanswered(self, lead: Lead) -> Waits:
        """Return what a lead waits for, or would if it were open."""
        if lead.contacted:
            return _NEXT if lead.asked else _NOTHING
        return _CONTACT if lead.attempted else _ANY_ANSWER

    def pending(self, lead: Lead, obligation: int) -> bool:
        """Return whether a lead waits for what an obligation is about."""
        return obligation in self.waits(lead)

    def began(self, lead: Lead, obligation: int) -> int:
        """Return when the wait for an obligation began, ms."""
        return lead.asked if obligation == NEXT_RESPONSE else lead.created

    def due(self, lead: Lead, policy: int, obligation: int, step: int) -> int | None:
        """Return when a step of an obligation comes, ms, as long as nothing else happens; None when there is none.

        What had come before the lead was given to its team, or reopened, comes at that moment: it was not promised
        then, or nobody waited.
        """
        steps = self.policies.steps(policy)[obligation]
        if step >= len(steps):
            return None
        if self.policies.policies[policy].clock == WALL:
            due = self.began(lead, obligation) + steps[step]
            return due if due > lead.since else lead.since
        from_creation = steps[step] + (lead.asked_worked if obligation == NEXT_RESPONSE else 0)
        return self.calendar(lead).after(lead.since, max(0, from_creation - lead.worked))


def steps_of(lead: Lead, obligation: int) -> int:
    """Return how many steps of an obligation have passed."""
    return lead.steps >> obligation * STEP_BITS & _STEPS


def with_steps(lead: Lead, obligation: int, count: int) -> int:
    """Return a lead's `steps` with those of one obligation set."""
    shift = obligation * STEP_BITS
    return lead.steps & ~(_STEPS << shift) | count << shift
