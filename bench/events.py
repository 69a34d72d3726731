"""A synthetic sales floor for measuring: leads of 17 events each, from a seed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple
from uuid import uuid4

from processors.funnel import Funnel, Stage
from schemas.codec import encode
from schemas.interaction_events import Interaction
from schemas.lead_events import Assigned, Created, Event, Lost, StageChanged, Won

EVENTS_A_LEAD = 17
STAGES = ("contacted", "qualified", "proposal", "negotiation")
FUNNEL = Funnel(stages=tuple(Stage(name) for name in STAGES), zone="Europe/Amsterdam")
SOURCES, TEAMS, REASONS, ACTORS = 12, 4, 6, 40
DAYS = 5.0
"""Creations are spread evenly over this many days; a lead then lives for about two."""

_STAGE_AT = {4: STAGES[0], 7: STAGES[1], 10: STAGES[2], 13: STAGES[3]}
_LAST = EVENTS_A_LEAD - 1
_EARLY = 3  # the first events follow each other within minutes, the others within hours
_GAP, _LONG_GAP = 40.0, 14_400.0
_JITTER = 5.0


class Raw(NamedTuple):
    """An event as it arrives.

    Attributes:
        arrival: When it arrives, s since 1970: up to five seconds from when it occurred.
        interaction: Whether it belongs to the interactions topic.
        key: Key of its record.
        value: Value of its record.
    """

    arrival: float
    interaction: bool
    key: bytes
    value: bytes


def lead(rng: Random, number: int, begin: float, lead_id: str = "") -> Iterator[Event]:
    """Yield the events of one lead in the order in which they occur; `begin` in s since 1970."""
    t, lead_id = begin, lead_id or new_id(rng)
    for n in range(EVENTS_A_LEAD):
        common = (new_id(rng), lead_id, _moment(t))
        if n == 0:
            amount = rng.randrange(10**6)
            source, team = f"source-{number % SOURCES}", f"team-{number % TEAMS}"
            yield Created(*common, source=source, team=team, amount=amount, currency="EUR")
        elif n == 1:
            yield Assigned(*common, owner=f"agent-{number % ACTORS}", team=f"team-{rng.randrange(TEAMS)}")
        elif n == _LAST:
            yield Won(*common) if number % 5 == 0 else Lost(*common, reason=f"reason-{number % REASONS}")
        elif n in _STAGE_AT:
            yield StageChanged(*common, stage=_STAGE_AT[n])
        else:
            yield _interaction(rng, common, number)
        t += rng.expovariate(1 / (_GAP if n < _EARLY else _LONG_GAP))


def _interaction(rng: Random, common: tuple[str, str, datetime], number: int) -> Interaction:
    outward, human = rng.random() < 0.5, rng.random() < 0.8
    return Interaction(
        *common,
        direction="out" if outward else "in",
        channel="call",
        actor_kind="human" if human else "bot",
        actor=f"agent-{number % ACTORS}" if human else "helper",
        outcome="connected",
    )


def new_id(rng: Random) -> str:
    """Return an id of 32 hexadecimal digits, as a UUID has."""
    return f"{rng.getrandbits(128):032x}"


def _moment(t: float) -> datetime:
    return datetime.fromtimestamp(round(t, 3), UTC)


def floor(leads: int, *, end: datetime | None = None, seed: int = 1) -> list[Raw]:
    """Return the events of many leads in the order of their arrival.

    Args:
        leads: How many.
        end: When the last lead is created; the events after it are left out. None: 2026-03-07, and nothing left out.
        seed: The same seed, the same events.
    """
    rng = Random(seed)  # noqa: S311  # not for secrets
    last = (end or datetime(2026, 3, 7, tzinfo=UTC)).timestamp()
    limit = float("inf") if end is None else last - _JITTER
    out = []
    for number in range(leads):
        for event in lead(rng, number, last - rng.random() * timedelta(days=DAYS).total_seconds()):
            occurred = event.occurred_at.timestamp()
            if occurred >= limit:
                break
            arrival = occurred + rng.uniform(-_JITTER, _JITTER)
            out.append(Raw(arrival, type(event) is Interaction, event.lead_id.encode(), encode(event)))
    out.sort()
    return out


class Live:
    """Events that occur now, one after the other: new leads, and what happens to leads known already.

    Args:
        known: Ids of leads that exist.
        seed: The same seed, the same choices; ids are new in every run.
    """

    _KEPT = 5000

    def __init__(self, known: Sequence[str] = (), seed: int = 1) -> None:
        self._rng = Random(seed)  # noqa: S311  # not for secrets
        self._known = list(known)
        self._count = 0

    def __iter__(self) -> Iterator[Raw]:
        """Yield events for ever; each occurs when it is asked for."""
        rng, known = self._rng, self._known
        while True:
            now = time.time()
            self._count += 1
            new = not known or rng.random() < 1 / EVENTS_A_LEAD
            lead_id = uuid4().hex if new else rng.choice(known)
            common = (uuid4().hex, lead_id, _moment(now))
            event: Event
            if new:
                known.append(lead_id)
                if len(known) > self._KEPT:
                    known[rng.randrange(self._KEPT)] = known.pop()
                event = Created(*common, source=f"source-{self._count % SOURCES}", team=f"team-{self._count % TEAMS}")
            elif rng.random() < len(STAGES) / EVENTS_A_LEAD:
                event = StageChanged(*common, stage=rng.choice(STAGES))
            else:
                event = _interaction(rng, common, self._count)
            yield Raw(now, type(event) is Interaction, lead_id.encode(), encode(event))
