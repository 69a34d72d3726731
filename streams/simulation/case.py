"""One lead while it is being played: who it is, who has it, what time it is for it, and how its events are made."""

from collections.abc import Callable
from datetime import datetime
from itertools import accumulate
from math import exp
from random import Random
from typing import NamedTuple

from schemas.interaction_events import Direction, Interaction, Outcome
from schemas.lead_events import Assigned, Created, LeadEvent, NextActivitySet
from streams.simulation.parameters import Journey, Parameters, Source
from streams.simulation.people import Agent, Crew, hire

SECOND = 1_000
MINUTE = 60_000
HOUR = 3_600_000

AnyEvent = LeadEvent | Interaction


class Step(NamedTuple):
    """Something that happens: the event, and the floor time at which its source system sends it, in Unix ms."""

    time: int
    event: AnyEvent


class Floor:
    """The sales floor that all leads share.

    Attributes:
        clock: Turns floor time, in Unix milliseconds, into the time stamp that an event carries.
        start: When it opened, in Unix milliseconds.
    """

    def __init__(self, parameters: Parameters, rng: Random, clock: Callable[[int], datetime], start: int = 0) -> None:
        self.start = start
        self.parameters = parameters
        self.rng = rng
        self.clock = clock
        self._crews = hire(parameters, rng)
        self._crew_weights = list(accumulate(crew.team.weight for crew in self._crews))
        self._source_weights = list(accumulate(source.weight for source in parameters.sources))

    def draw_source(self) -> Source:
        """Choose where the next lead comes from."""
        return self.rng.choices(self.parameters.sources, cum_weights=self._source_weights)[0]

    def draw_crew(self) -> Crew:
        """Choose the team that a lead goes to."""
        return self.rng.choices(self._crews, cum_weights=self._crew_weights)[0]


class Case:
    """One lead of the floor.

    Attributes:
        now: Floor time up to which the lead has been played, in Unix milliseconds.
        created: Floor time of its creation.
        agent: Who has it; somebody from the start, so that a lead is never without working hours.
    """

    def __init__(self, floor: Floor, time: int) -> None:
        self.rng = floor.rng
        self.parameters = floor.parameters
        self.source = floor.draw_source()
        self.crew = floor.draw_crew()
        self.agent: Agent = self.crew.pick(self.rng, time)
        self.id = f"{self.rng.getrandbits(64):016x}"
        self.created = self.now = time
        self.amount = int(self.source.amount * exp(self.rng.gauss(0, 0.6)))
        self._floor = floor
        self._events = 0

    @property
    def journey(self) -> Journey:
        """The habits of the floor."""
        return self.parameters.journey

    def chance(self, share: float) -> bool:
        """Toss a coin that shows heads with this probability."""
        return self.rng.random() < share

    def around(self, median: float, spread: float = 0.9) -> float:
        """Draw a duration: log-normal, many short ones and a few very long ones."""
        return median * exp(self.rng.gauss(0, spread))

    def wait(self, ms: float) -> None:
        """Let time go by."""
        self.now += max(1, int(ms))

    def work(self, ms: float) -> None:
        """Let the working time of whoever has the lead go by; slow people need more of it."""
        done = self.agent.hours.after(self.now, ms * self.agent.pace)
        self.now = max(self.now + 1, done)

    def stamp(self, skew: int = 0) -> tuple[str, str, datetime]:
        """Give the fields that every event has, for an event that happens now."""
        self._events += 1
        return f"{self.id}-{self._events}", self.id, self._floor.clock(self.now + skew)

    @property
    def is_sent(self) -> bool:
        """Whether its source sends it; a source may be silent."""
        return not self.source.is_silent((self.created - self._floor.start) / MINUTE)

    def step(self, event: AnyEvent) -> Step:
        """Send an event."""
        return Step(self.now, event)

    def arrive(self) -> Step:
        """The lead comes in."""
        source = self.source
        campaigns = source.campaigns
        campaign = campaigns[int(self.rng.random() * len(campaigns))]
        event_id, lead_id, at = self.stamp()
        return self.step(
            Created(
                event_id,
                lead_id,
                at,
                source=source.name,
                medium=source.medium,
                campaign=campaign,
                team=self.crew.team.name,
                amount=self.amount,
                currency=self.parameters.currency,
            )
        )

    def hand_over(self) -> Step:
        """Give the lead to somebody of its team."""
        self.agent = self.crew.pick(self.rng, self.now)
        event_id, lead_id, at = self.stamp()
        return self.step(Assigned(event_id, lead_id, at, owner=self.agent.name, team=self.crew.team.name))

    def plan(self, channel: str, ms: float) -> Step:
        """Set the next activity to when so much working time will have gone by."""
        due = self.agent.hours.after(self.now, ms * self.agent.pace)
        event_id, lead_id, at = self.stamp()
        planned_for = self._floor.clock(max(self.now + 1, int(due)))
        return self.step(NextActivitySet(event_id, lead_id, at, planned_for=planned_for, channel=channel))

    def borrow(self) -> None:
        """Let somebody else of the team act in place of whoever has the lead."""
        self.agent = self.crew.pick(self.rng, self.now)

    def touch(
        self,
        direction: Direction,
        channel: str,
        outcome: Outcome,
        *,
        seconds: float | None = None,
        closing: bool = False,
    ) -> Step:
        """Have the agent and the prospect talk, or try to."""
        ours = direction == "out"
        event_id, lead_id, at = self.stamp(self.agent.skew if ours else 0)
        mood = None if ours else round(min(1.0, max(-1.0, self.rng.gauss(0.2, 0.4))), 2)
        return self.step(
            Interaction(
                event_id,
                lead_id,
                at,
                direction=direction,
                channel=channel,
                actor=self.agent.name if ours else "",
                outcome=outcome,
                duration_seconds=seconds,
                substantive=None if mood is None else mood > 0,
                sentiment=mood,
                closing_attempt=closing,
            )
        )
