"""How long one lead waits for what, and what becomes of the promises, as `docs/response.md` words it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from processors.calendars import Calendars, WorkCalendar
from processors.funnel import Funnel
from processors.policies import BREACH, FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE, WALL, Facts, Policy
from schemas.lead_events import Created

RESULTS = ("warned", "breached", "escalated")
BANDS = ("on_time", "warned", "breached")


class Waiting:
    """The waits of a lead; it is not told when the lead is closed, and is not asked for steps then."""

    def __init__(self, funnel: Funnel, birth: Created, created: int) -> None:
        self.funnel, self.birth, self.created, self.team = funnel, birth, created, birth.team
        self.calendars = Calendars(funnel.calendars)
        self.hours: list[tuple[int, WorkCalendar]] = [(created, self._calendar())]
        """Since when whose hours count."""
        self.assigned: int | None = None
        self.asked: int | None = None
        self.passed = {FIRST_ATTEMPT: 0, FIRST_CONTACT: 0}
        """What it waits for -> how many steps have passed."""

    def _calendar(self) -> WorkCalendar:
        return self.calendars.of(self.team, self.birth.region)

    @property
    def policy(self) -> Policy | None:
        """The first policy that holds."""
        birth = self.birth
        facts = Facts(birth.source, birth.segment, birth.region, birth.product, self.team, birth.amount or 0)
        return next((policy for policy in self.funnel.policies if policy.holds(facts)), None)

    def assign(self, t: int, team: str) -> None:
        """Give the lead to a team."""
        before = self.policy
        if self.assigned is None:
            self.assigned = t
        self.team = team
        self.hours.append((max(t, self.hours[-1][0]), self._calendar()))
        if self.policy != before:
            self.passed = dict.fromkeys(self.passed, 0)

    def reopen(self, t: int) -> None:
        """Wait again, for the same team."""
        self.hours.append((max(t, self.hours[-1][0]), self._calendar()))

    def ask(self, t: int) -> None:
        """Take what they write after our first contact."""
        if self.asked is None:
            self.asked, self.passed[NEXT_RESPONSE] = t, 0

    # -- clocks --------------------------------------------------------------------------------------------------------

    def worked(self, t: int) -> int:
        """Working time from the creation until `t`."""
        ends = [*(since for since, _ in self.hours[1:]), max(t, self.hours[-1][0])]
        return sum(
            calendar.working_between(since, min(end, t))
            for (since, calendar), end in zip(self.hours, ends, strict=True)
            if since < min(end, t)
        )

    def clocks(self, t: int, obligation: int) -> Iterator[tuple[str, str, int]]:
        """Yield family, clock and time of an answer."""
        if obligation == FIRST_CONTACT:
            wall, business, routed, routing = max(0, t - self.created), self.worked(t), 0, 0
            if self.assigned is not None and self.assigned > self.created:
                routed = self.worked(self.assigned)
                routing = self.assigned - self.created if self.funnel.routing == WALL else routed
            human = business - routed
            told = {"routing": routing, "human": human, "closed": wall - routing - human, "business": business}
            yield from (("response_clocks", clock, spent) for clock, spent in told.items())
        elif obligation == NEXT_RESPONSE and self.asked is not None:
            yield "next_response", "business", self.worked(t) - self.worked(self.asked)
            yield "next_response", "wall", t - self.asked

    # -- promises ------------------------------------------------------------------------------------------------------

    def _due(self, policy: Policy, obligation: int, step: int) -> int | None:
        """When a step comes: when so much time has passed, or has been worked, since the wait began.

        At the latest change of hands, or reopening, when that was before it.
        """
        steps = policy.steps(obligation)
        if step >= len(steps):
            return None
        began = self.asked if obligation == NEXT_RESPONSE else self.created
        assert began is not None
        since, calendar = self.hours[-1]
        if policy.clock == WALL:
            return max(since, began + steps[step])
        return calendar.after(since, self.worked(began) + steps[step] - self.worked(since))

    def steps(self, before: int) -> Iterator[tuple[int, str, int]]:
        """Yield the steps that come before a time: obligation, what it is, when."""
        policy = self.policy
        for obligation in self.passed if policy else ():
            assert policy is not None
            while (due := self._due(policy, obligation, self.passed[obligation])) is not None and due < before:
                yield obligation, RESULTS[min(self.passed[obligation], 2)], due
                self.passed[obligation] += 1

    def answer(self, obligation: int) -> str:
        """End a wait; return what became of the promise, if there was one."""
        passed, policy = self.passed.pop(obligation), self.policy
        if obligation == NEXT_RESPONSE:
            self.asked = None
        if policy is None or not policy.steps(obligation):
            return ""
        return "answered_late" if passed > BREACH else "met"

    def band(self) -> str:
        """How the lead stands with what it still waits for."""
        policy = self.policy
        steps: list[Any] = [passed for o, passed in self.passed.items() if policy and policy.steps(o)]
        return BANDS[min(2, max(steps))] if steps else "unpromised"
