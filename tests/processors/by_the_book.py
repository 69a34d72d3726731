"""The numbers of a stream of events as `docs/semantics.md` words them: each lead read from its beginning, nothing kept.

Written from that page, and `docs/response.md`, and not from the code, slowly and plainly: what the shard tells must be
the same.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from math import ceil
from typing import Any

from processors.funnel import Funnel
from processors.policies import FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE, OBLIGATIONS
from processors.rows import KNOWN_CHANNELS, identity
from schemas.interaction_events import Interaction
from schemas.lead_events import (
    Assigned,
    Created,
    Disqualified,
    Lost,
    Merged,
    OptedOut,
    Reopened,
    Scored,
    StageChanged,
    Won,
)
from tests.processors.waiting_by_the_book import Waiting

Numbers = Counter[tuple[Any, ...]]
"""(minute since 1970, or 0 for now; family; labels; bucket) -> value."""

MINUTE = 60_000
SUM = "sum"
"""The bucket of what was observed, added up."""
OUTCOMES: dict[Any, str] = {Won: "won", Lost: "lost", Disqualified: "disqualified"}
NOT_TOLD = {"follow_up", "unplanned"}
"""Families that say how a lead stands at each moment: they have a model of their own, in test_follow_up.py."""


def numbers(events: Iterable[Any], funnel: Funnel, until: int) -> Numbers:
    """What a stream of events tells, whatever its order, at a time (ms) after all of them."""
    told = Numbers()
    leads: dict[str, list[Any]] = defaultdict(list)
    for event in events:
        leads[event.lead_id].append(event)
    for of_lead in leads.values():
        told.update(Reading(funnel, of_lead).numbers(until))
    return Numbers({key: n for key, n in told.items() if n})


def ms(event: Any) -> int:
    """When an event occurred, ms since 1970."""
    return int(event.occurred_at.timestamp() * 1000 + 0.5)


def once(events: Iterable[Any]) -> list[Any]:
    """Of the events of one id the earliest."""
    first: dict[str, Any] = {}
    for event in sorted(events, key=ms):
        first.setdefault(event.event_id, event)
    return list(first.values())


class Reading:
    """One lead, read from its beginning."""

    def __init__(self, funnel: Funnel, events: Sequence[Any]) -> None:
        self.funnel = funnel
        self.kinds = {stage.name: stage.kind for stage in funnel.stages}
        self.ladder = [stage.name for stage in funnel.stages if stage.kind == "open"]
        self.births = sorted((e for e in events if isinstance(e, Created)), key=lambda e: (ms(e), identity(e.event_id)))
        self.rest = once(e for e in events if not isinstance(e, Created))
        self.told = Numbers()

    def numbers(self, until: int) -> Numbers:
        """What the lead contributes to all numbers."""
        if any(isinstance(event, Merged) for event in self.rest):
            return self.told
        if not self.births:
            self.told[0, "uncreated", 0] += bool(self.rest)
            return self.told
        self._begin(self.births[0])
        for event in self.in_order():
            self._pass_steps(ms(event))
            self._read(event, ms(event))
        self._pass_steps(until + 1)
        self._end()
        return self.told

    def in_order(self) -> list[Any]:
        """All but the creation, in the order in which they are taken."""
        return sorted(self.rest, key=self._order)

    def _order(self, event: Any) -> tuple[int, int, bytes]:
        kinds = (Assigned, StageChanged, Interaction, None, Won, Lost, Disqualified, Reopened, OptedOut)
        closes = isinstance(event, StageChanged) and self.kinds[event.stage] != "open"
        kind = 3 if closes else kinds.index(type(event)) if type(event) in kinds else len(kinds)
        return ms(event), kind, identity(event.event_id)

    def _count(self, at: int, *key: Any, bucket: Any = 0, n: int = 1) -> None:
        self.told[at // MINUTE, *key, bucket] += n

    def _observe(self, at: int, edges: Sequence[int], length: int, *key: Any) -> None:
        length = max(0, length)
        self._count(at, *key, bucket=bisect_left(edges, length))
        self._count(at, *key, bucket=SUM, n=length)

    def _begin(self, birth: Created) -> None:
        self.created = self.entered = ms(birth)
        self.source, self.team = birth.source or "unknown", birth.team or "unassigned"
        self.stage, self.reached = "new", 0
        self.outcome: tuple[int, str, str, str] | None = None  # when, team, what, why
        self.first: dict[str, int] = {}  # kind of response -> when
        self.contact: tuple[int, str] | None = None  # the last one, if a reopening did not come after it
        self.approached = self.replied = False
        self.unwanted: set[str] = set()
        self.score = 0.0
        self.is_scored = False
        self.waiting = Waiting(self.funnel, birth, self.created)
        self._count(self.created, "created", self.source, self.team)

    def _pass_steps(self, until: int) -> None:
        """Let the steps of its promises come, while it is open."""
        for obligation, what, at in () if self.outcome else self.waiting.steps(until):
            self._promise(at, obligation, what)

    def _promise(self, at: int, obligation: int, what: str) -> None:
        policy = self.waiting.policy
        assert policy is not None
        self._count(at, "promises", policy.name, self.team, OBLIGATIONS[obligation], what)

    def _read(self, event: Any, t: int) -> None:
        if isinstance(event, Assigned):
            self.team = event.team or "unassigned"
            self.waiting.assign(t, event.team)
        elif isinstance(event, StageChanged) and self.kinds[event.stage] != "open":
            kind = self.kinds[event.stage]
            self._close(t, kind, "unspecified" if kind == "won" else event.stage)
        elif isinstance(event, StageChanged):
            self._move(t, event.stage)
        elif isinstance(event, Interaction):
            self._touch(t, event)
        elif type(event) in OUTCOMES:
            self._close(t, OUTCOMES[type(event)], getattr(event, "reason", "") or "unspecified")
        elif isinstance(event, Reopened) and self.outcome:
            self.outcome, self.entered, self.contact = None, t, None
            self.waiting.reopen(t)
        elif isinstance(event, OptedOut):
            self.unwanted |= {event.channel} if event.channel else set(KNOWN_CHANNELS)
        elif isinstance(event, Scored):
            self.score, self.is_scored = event.score, True

    def _leave(self, t: int) -> None:
        self._observe(t, self.funnel.stage_edges, t - self.entered, "stage_time", self.source, self.stage)

    def _move(self, t: int, stage: str) -> None:
        if self.outcome or stage == self.stage:
            return
        self._leave(t)
        self._count(t, "moved", self.source, self.stage, stage)
        rank = self.ladder.index(stage) + 1
        for reached in self.ladder[self.reached : rank]:
            self._count(t, "reached", self.source, reached)
        self.stage, self.entered, self.reached = stage, t, max(self.reached, rank)

    def _close(self, t: int, outcome: str, reason: str) -> None:
        if not self.outcome:
            self._leave(t)
        self.outcome = t, self.team, outcome, reason

    # -- interactions ------------------------------------------------------------------------------------------------

    def _kind(self, event: Interaction) -> str:
        if event.actor_kind != "human":
            return "automated"
        written = event.outcome == "attempted" and event.channel in self.funnel.written_channels
        return "contact" if written or event.outcome in self.funnel.contact_outcomes else "attempt"

    def _touch(self, t: int, event: Interaction) -> None:
        if event.direction == "out":
            kind = self._kind(event)
            if self.waiting.asked is not None and kind == "contact":
                self._answer(t, NEXT_RESPONSE)
            for told in ("attempt", "contact") if kind == "contact" else (kind,):
                self._respond(t, told, event)
            if kind == "contact":
                self._collide(t, event.actor)
            self._unwelcome(t, kind, event)
        elif event.actor_kind == "human" and "contact" in self.first:
            self.waiting.ask(t)
        self._react(t, event)

    def _channel(self, event: Interaction) -> str:
        return event.channel if event.channel in KNOWN_CHANNELS else "other"

    def _respond(self, t: int, kind: str, event: Interaction) -> None:
        if kind in self.first:
            return
        self.first[kind] = t
        if t < self.created:
            self._count(t, "skewed", self.source, kind)
        latency, edges = t - self.created, self.funnel.response_edges
        self._observe(t, edges, latency, "response", self.source, self.team, kind)
        if kind == "contact":
            self._observe(t, edges, latency, "response_channel", self.team, self._channel(event))
            self._answer(t, FIRST_CONTACT)
        if kind == "attempt":
            self._answer(t, FIRST_ATTEMPT)
            self.due = ceil((t + self.funnel.follow_up.reply) / MINUTE) * MINUTE
            self.until, self.asking = t + self.funnel.follow_up.reply, self.team
            self.approached = True

    def _answer(self, t: int, obligation: int) -> None:
        """Take what an obligation is about: which clocks ran, and what became of the promise."""
        for family, clock, spent in self.waiting.clocks(t, obligation):
            self._observe(t, self.funnel.response_edges, spent, family, self.source, self.team, clock)
        result = self.waiting.answer(obligation)
        if result and not self.outcome:
            self._promise(t, obligation, result)

    def _collide(self, t: int, actor: str) -> None:
        before = self.contact
        another = before and actor and before[1] and before[1] != actor
        if before and another and t - before[0] <= self.funnel.follow_up.collision:
            self._count(t, "collisions", self.source, self.team)
        if t >= self.created:
            self.contact = t, actor

    def _unwelcome(self, t: int, kind: str, event: Interaction) -> None:
        if self._channel(event) in self.unwanted:
            self._count(t, "contacts_after_close", self.source, self.team, kind, "opted_out")
        elif self.outcome:
            self._count(t, "contacts_after_close", self.source, self.team, kind, self.outcome[2])

    def _react(self, t: int, event: Interaction) -> None:
        talked = event.direction == "in" or event.outcome in {"connected", "replied", "booked", "held"}
        if self.approached and event.actor_kind == "human" and talked and t <= self.until:
            self.replied = True

    # -- as it stands in the end -------------------------------------------------------------------------------------

    def _end(self) -> None:
        if self.approached:
            result = "replied" if self.replied else "silent"
            self._count(self.due, "replies", self.source, self.asking, result)
        if self.is_scored:
            self._count(self.created, "scored", self.source)
            self._count(self.created, "scores", self.source, n=round(self.score * 1000))
        if self.outcome:
            self._ended(*self.outcome)
        else:
            self._count(0, "open", self.source, self.stage)
            if "contact" not in self.first:
                self._count(0, "unanswered", self.source, self.team, self.waiting.band())

    def _ended(self, t: int, team: str, outcome: str, reason: str) -> None:
        self._count(t, "closed", self.source, team, outcome)
        self._count(t, "close_reasons", self.source, reason, outcome)
        edges = self.funnel.cycle_edges
        self._observe(t, edges, t - self.created, "cycle", self.source, outcome, "created")
        if "contact" in self.first and self.first["contact"] <= t:
            self._observe(t, edges, t - self.first["contact"], "cycle", self.source, outcome, "contact")
