"""How many promises will be broken in the next minutes?

Each wait whose deadline lies within the horizon is watched from then on; all others cost nothing. A wait breaks its
promise if it goes on until the deadline, so the expected number of breaches is the sum of those chances. What becomes
of the watched waits teaches `processors.service`, and is compared with what was forecast (`processors.score`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Final

from processors.deadlines import Timers
from processors.funnel import MINUTE_MS, OPEN
from processors.lives import Team
from processors.policies import BREACH, FIRST_CONTACT, NEXT_RESPONSE
from processors.promises import OBLIGATION_NUMBERS, Promises, steps_of
from processors.record import Lead
from processors.score import Score
from processors.service import AFTER_ATTEMPT, ATTEMPTED, ENDED, GOES_ON, Service
from processors.watched import Watched

HORIZONS = (15 * MINUTE_MS, 30 * MINUTE_MS)
"""How far ahead breaches are forecast, ms."""
_LONGEST = HORIZONS[-1]
_EARLY: Final = 30_000  # a wait is watched from a little before the first forecast of it, so that none is missed
_PAUSE: Final = 2_000  # ms between two looks at all watched waits
_SLICE: Final = 1_000  # waits in one step of a look: events flow in between
MOST = 100_000
"""Waits watched at once; with more there is no forecast."""

Key = tuple[str, int]
"""Lead id and obligation number."""

Scores = tuple[Score, ...]
"""One for each horizon."""


class Forecasts:
    """The forecasts of one shard.

    Args:
        promises: What the leads were promised.
        service: How fast waits end.
        scores: Where forecasts are scored, one for each horizon.

    Attributes:
        watched: The waits whose deadline is near.
        expected: (team number, number of the horizon) -> expected breaches, as of the last look at all of them; None
            while there is no forecast.
    """

    def __init__(self, promises: Promises, service: Service, scores: Scores) -> None:
        self.watched: dict[Key, Watched] = {}
        self.expected: dict[tuple[int, int], float] | None = None
        self.service = service
        self._promises, self._scores = promises, scores
        self._later = Timers()
        self._reached = 0  # nothing is watched before this is known: what was waiting until then is not
        self._planned_to = 0
        self._sums: dict[tuple[int, int], float] = {}
        self._looking: Iterator[Key] | None = None
        self._look_at, self._next_look = 0, 0
        self._blind_until = 0

    # -- waits come and go ---------------------------------------------------------------------------------------

    def follow(self, lead_id: str, lead: Lead, at: int, *, found: bool = False) -> None:
        """See what a lead waits for, after something about that has changed.

        Args:
            lead_id: The lead.
            lead: Its record.
            at: When it changed, ms.
            found: Whether nothing has changed: it only came into view.
        """
        if not self._reached:
            return
        policy = self._promises.policy(lead) if lead.counts and lead.status == OPEN else None
        for obligation in OBLIGATION_NUMBERS:
            key = lead_id, obligation
            waits = policy is not None and self._promises.pending(lead, obligation)
            deadline = None
            if policy is not None and waits and steps_of(lead, obligation) <= BREACH:
                deadline = self._promises.due(lead, policy, obligation, BREACH)
            wait = self.watched.get(key)
            if wait is not None and deadline != wait.deadline:
                self._leave(key, wait, at, moved=deadline is not None, breached=waits and deadline is None)
                wait = None
            if wait is not None and wait.team != _team(lead, obligation):
                self._turn(wait, lead, obligation, at)
            elif wait is None and deadline is not None:
                self._enter(key, lead, deadline, at, found=found)

    def born(self, lead_id: str, lead: Lead) -> None:
        """Take in a lead whose creation came after its answer: it counts like any other."""
        if not self._reached or not lead.counts:
            return
        policy = self._promises.policy(lead)
        for obligation, answered in enumerate((lead.attempted, lead.contacted)):
            key = lead_id, obligation
            if policy is not None and answered >= lead.created:
                deadline = self._promises.due(lead, policy, obligation, BREACH)
                if deadline is not None:
                    self._enter(key, lead, deadline, lead.created, found=False)
                if key in self.watched:
                    self._leave(key, self.watched[key], answered)

    def _enter(self, key: Key, lead: Lead, deadline: int, at: int, *, found: bool) -> None:
        if deadline <= max(self._reached, at):
            return  # its time has passed: nobody could have forecast it
        if deadline > self._reached + _LONGEST + _EARLY:
            if lead.due <= self._planned_to:  # the plan of the shard does not lead here again in time
                self._later.add(key[0], deadline - _LONGEST - _EARLY)
            return
        if len(self.watched) >= MOST:
            self._blind_until = max(self._blind_until, deadline)
            return
        began, calendar = self._promises.began(lead, key[1]), self._promises.calendar(lead)
        age = max(0, self._promises.worked(lead, at) - self._worked_before(lead, key[1]))
        due_age = age + calendar.working_between(at, deadline)
        missed = sum(1 << number for number, horizon in enumerate(HORIZONS) if found and deadline - horizon < at)
        team, none = _team(lead, key[1]), [None] * len(HORIZONS)
        self.watched[key] = Watched(team, calendar, began, deadline, at, age, age, due_age, at, [*none], missed)

    def _worked_before(self, lead: Lead, obligation: int) -> int:
        """Return the working time of a lead before the age of a wait begins, ms."""
        if obligation == NEXT_RESPONSE:
            return lead.asked_worked
        return self._promises.worked(lead, lead.attempted) if _team(lead, obligation)[1] == AFTER_ATTEMPT else 0

    def _turn(self, wait: Watched, lead: Lead, obligation: int, at: int) -> None:
        """Go on with a wait, until the same deadline, that another team has now or that was attempted in vain."""
        at, team, age = max(at, wait.since), _team(lead, obligation), wait.age_at(at)
        attempted = team[1] != wait.team[1]
        self.service.learn(wait.team, wait.learnt, age, at, ATTEMPTED if attempted else GOES_ON)
        wait.team, wait.calendar = team, self._promises.calendar(lead)
        wait.since, wait.age = at, 0 if attempted else age
        wait.learnt = wait.age
        wait.due_age = wait.age + wait.calendar.working_between(at, wait.deadline)

    def _leave(self, key: Key, wait: Watched, at: int, *, moved: bool = False, breached: bool = False) -> None:
        """Let a wait go that ended, broke its promise (`breached`), or has another deadline now (`moved`)."""
        del self.watched[key]
        if at < wait.since:
            return  # it was over before it was watched, as is known only now
        breached, until = breached or at > wait.deadline, min(at, wait.deadline)
        if breached or not moved:
            self._forecast(wait, until - 1)  # whoever was answered at that very moment was not waiting any more
            for made, score in zip(wait.made, self._scores, strict=True):
                if made is not None:
                    score.add(made, breached=breached)
        outcome = GOES_ON if breached or moved else ENDED
        self.service.learn(wait.team, wait.learnt, wait.age_at(until), until, outcome)

    # -- forecasts -----------------------------------------------------------------------------------------------

    def _go_on(self, wait: Watched) -> None:
        """Learn that a wait goes on: before any of a new floor has ended late, all would seem to end soon."""
        age = wait.age_at(self._reached)
        self.service.learn(wait.team, wait.learnt, age, self._reached, GOES_ON)
        wait.learnt = age

    def _forecast(self, wait: Watched, now: int) -> None:
        """Make the forecasts of a wait whose moment has come: the horizon before the deadline, or its begin."""
        for number, horizon in enumerate(HORIZONS):
            moment = max(wait.opens, wait.deadline - horizon)
            if wait.made[number] is None and moment <= now and not wait.missed >> number & 1:
                wait.made[number] = self._chance(wait, max(moment, wait.since), now)

    def _chance(self, wait: Watched, moment: int, now: int) -> float:
        return self.service.curve(wait.team, now).goes_on(wait.age_at(moment), wait.due_age)

    def tick(self, reached: int, timers: Timers, look: Callable[[str], Lead | None]) -> None:
        """Let time pass.

        Args:
            reached: ms; every event up to then has been applied.
            timers: The plan of the shard: which lead is due when.
            look: Gives a lead's record.
        """
        if reached <= self._reached:
            return
        self._reached = reached
        self._watch(timers, look)
        if self._looking is None and reached >= self._next_look:
            self.service.refresh()
            self._sums = defaultdict(float)
            self._looking, self._look_at = iter(list(self.watched)), reached
        if self._looking is not None and not self._look(islice(self._looking, _SLICE)):
            self.expected = None if self._reached < self._blind_until else dict(self._sums)
            self._looking, self._next_look = None, reached + _PAUSE

    def _watch(self, timers: Timers, look: Callable[[str], Lead | None]) -> None:
        until = self._reached + _LONGEST + _EARLY
        coming = [*timers.between(self._planned_to or self._reached, until), *self._later.take(self._reached)]
        self._planned_to = until
        for lead_id in coming:
            if len(self.watched) >= MOST:
                self._blind_until = until
                break
            if (lead := look(lead_id)) is not None:
                self.follow(lead_id, lead, self._reached, found=True)

    def _look(self, keys: Iterable[Key]) -> int:
        """Look at some waits: what was due, and what is expected; return at how many."""
        count = 0
        for key in keys:
            count += 1
            wait = self.watched.get(key)
            if wait is None:
                continue
            if wait.deadline < self._reached:
                self._leave(key, wait, self._reached)
                continue
            self._forecast(wait, self._reached)
            self._go_on(wait)
            ahead = wait.deadline - self._look_at
            if ahead > 0:
                chance = self._chance(wait, max(self._look_at, wait.since), self._reached)
                for number, horizon in enumerate(HORIZONS):
                    if ahead <= horizon:
                        self._sums[wait.team[0], number] += chance
        return count


def _team(lead: Lead, obligation: int) -> Team:
    return lead.team, AFTER_ATTEMPT if obligation == FIRST_CONTACT and lead.attempted else obligation


def new_scores() -> Scores:
    """Return scores that nothing was added to."""
    return tuple(Score() for _ in HORIZONS)
