"""A business that promises: several policies, calendars in two zones, and a clock for the tests to let run."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec import structs

from processors.changelog import Changelog, restore
from processors.deadlines import TICK_MS
from processors.funnel import DAY_MS, HOUR_MS, MINUTE_MS, Funnel
from processors.policies import WALL, Policy, targets
from processors.rows import milliseconds
from processors.shard import Shard
from processors.working_hours import CLOSED, CalendarPlan, CalendarSpec, Shift
from schemas.alerts import LeadAlert
from tests.processors.events import FUNNEL, T0_MS
from tests.processors.looks import Log

_SPLIT_DAY = (Shift(8 * 60, 12 * 60), Shift(13 * 60, 18 * 60))
_NIGHT = (Shift(22 * 60, 30 * 60),)
DUTCH = CalendarSpec(zone="Europe/Amsterdam", week=(*(_SPLIT_DAY,) * 5, CLOSED, CLOSED))
NEW_YORK = CalendarSpec(zone="America/New_York", week=(*(_NIGHT,) * 5, CLOSED, CLOSED))

POLICIES = (
    Policy(
        name="big",
        min_amount=5,
        clock=WALL,
        targets=targets(first_attempt=2 * MINUTE_MS, first_contact=10 * MINUTE_MS, next_response=30 * MINUTE_MS),
        warn_share=0.5,
        escalations=(5 * MINUTE_MS, HOUR_MS),
    ),
    Policy(
        name="ads",
        sources=frozenset({"ads"}),
        targets=targets(first_contact=3 * HOUR_MS, next_response=HOUR_MS),
        escalations=(8 * HOUR_MS,),
    ),
    Policy(name="south", teams=frozenset({"s"}), targets=targets(first_attempt=HOUR_MS, first_contact=8 * HOUR_MS)),
)
EVERYBODY = Policy(name="everybody", clock=WALL, targets=targets(first_contact=DAY_MS, next_response=MINUTE_MS))
CALENDARS = CalendarPlan(teams={"n": DUTCH, "s": NEW_YORK})

PROMISED: Funnel = structs.replace(FUNNEL, policies=POLICIES, calendars=CALENDARS)
"""Some leads are promised nothing."""
FUNNELS: tuple[Funnel, ...] = (
    PROMISED,
    structs.replace(PROMISED, policies=(*POLICIES, EVERYBODY), routing="business"),
    structs.replace(PROMISED, policies=(EVERYBODY,)),
    structs.replace(PROMISED, policies=(structs.replace(EVERYBODY, name="large", min_amount=1),)),
)

LATER = T0_MS + 60 * DAY_MS
"""Long after all events of the streams: every step of every promise has come."""


class Story:
    """Events as they happen, with a clock that fires each timer at its time, before the next event.

    Args:
        funnel: What the events mean.
        events: In any order; they are told in the order of their times.
        restart_before: Numbers of the events before which the shard is stored and read back.
    """

    def __init__(self, funnel: Funnel, events: Iterable[Any], restart_before: Iterable[int] = ()) -> None:
        self.shard = Shard(funnel)
        self._changelog, self._log = Changelog(self.shard, checkpoint_every=4, slots=8), Log()
        self.alerts: list[LeadAlert] = []
        self._now = 0
        restarts = set(restart_before)
        for number, event in enumerate(sorted(events, key=lambda event: event.occurred_at)):
            if number in restarts:
                self._restart()
            self.wait_until(milliseconds(event.occurred_at) - 1)
            self.shard.apply(event)
            self._hear()
        self.wait_until(LATER)

    def wait_until(self, now: int) -> None:
        """Let each timer fire at its time, up to the grain of the timers."""
        while (due := min((lead.due for _, lead in self.shard.leads() if lead.due), default=now)) < now:
            fires = max(due + TICK_MS, self._now + 1)
            if fires >= now:
                break
            self._tick(fires)
        self._tick(now)

    def _tick(self, now: int) -> None:
        self._now = now
        self.shard.tick(now)
        self._hear()

    def _restart(self) -> None:
        self._log.commit(self._changelog)
        self.shard = Shard(self.shard.funnel)
        self._changelog = restore(self.shard, self._log.records.items())

    def _hear(self) -> None:
        self.alerts += self.shard.alerts
        self.shard.alerts.clear()
