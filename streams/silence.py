"""The judge of silent sources: asks all workers what they heard, and has one partition announce what it means.

A source's leads are spread over all partitions, so its silence can only be judged by all of them together. The worker
that has partition 0 judges, and only when every partition is accounted for: each tells up to which wall time it has
applied everything, and the silence is judged as of the earliest of those. While that is not known nothing is judged, so
neither an outage of a worker nor a backlog can pass for a silence. What is announced is part of the state of partition
0 and leaves in its transactions, hence once.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Final, Protocol

from msgspec import Struct

from processors.arrivals import Heard, together
from processors.silence import Finding, Judge, Profile, SilenceRules, Verdict
from streams.agents import LeadState

logger = logging.getLogger(__name__)

JUDGE: Final = 0
"""The partition that judges for all."""
JUDGED, MISSING, DOUBLED, BEHIND, DIFFERENT = OUTCOMES = ("judged", "missing", "doubled", "behind", "different")
"""What a round may come to: a partition was missing, told twice, had not caught up, or counted in other slots."""
BEHIND_SECONDS: Final = 60.0
"""A judgement older than this is none."""


class Told(Struct, array_like=True):
    """What a worker heard of a source, as it travels.

    Attributes:
        first: First arrival, ms.
        last: Last arrival, ms.
        start: The slot of the first count.
        counts: Arrivals of that slot and of the ones after it; empty when they were not asked for.
    """

    first: int
    last: int
    start: int = 0
    counts: tuple[int, ...] = ()


class Report(Struct):
    """What a worker knows about the sources.

    Attributes:
        grain: Length of a slot, ms.
        reached: Partition -> wall time in ms up to which everything has been applied.
        sources: Source -> what was heard of it in those partitions.
    """

    grain: int
    reached: dict[int, int]
    sources: dict[str, Told]


class Worker(Protocol):
    """What the judge asks the worker that it is part of."""

    @property
    def lead_states(self) -> dict[int, LeadState]:
        """States by partition number."""

    @property
    def partitions(self) -> int:
        """Partitions of the inputs; 0 while unknown."""

    def wall_now(self) -> int:
        """Return the wall time in ms."""


Ask = Callable[[bool], Awaitable[Iterable[Report]]]
"""Gives the reports of the other workers, with or without counts; who does not answer is left out."""


def report(states: Mapping[int, LeadState], grain: int, now: int, *, counts: bool) -> Report:
    """Return what is known in some partitions.

    Args:
        states: Partition -> its state.
        grain: Length of a slot, ms.
        now: ms; counts that are too old by then are left out.
        counts: Whether to tell the arrivals of each slot too, which is all but a little of the answer.
    """
    reached = {number: state.reached for number, state in states.items() if state.reached is not None}
    shards = [states[number].shard.heard(now) for number in reached]
    if not counts:
        shards = [{name: Heard(heard.first, heard.last, {}) for name, heard in shard.items()} for shard in shards]
    return Report(grain, reached, {source: _told(heard) for source, heard in together(shards).items()})


def _told(heard: Heard) -> Told:
    if not heard.counts:
        return Told(heard.first, heard.last)
    start, end = min(heard.counts), max(heard.counts) + 1
    return Told(heard.first, heard.last, start, tuple(heard.counts.get(slot, 0) for slot in range(start, end)))


def _heard(told: Told) -> Heard:
    counts = {slot: count for slot, count in enumerate(told.counts, told.start) if count}
    return Heard(told.first, told.last, counts)


class Silences:
    """Judges the sources now and then.

    Args:
        worker: The worker that it is part of.
        rules: How silences are judged.
        ask: Asks the other workers.
        interval: Seconds between two rounds.

    Attributes:
        rounds: Outcome -> how many rounds came to it.
    """

    def __init__(self, worker: Worker, rules: SilenceRules, ask: Ask, interval: float) -> None:
        self.rounds: Counter[str] = Counter(dict.fromkeys(OUTCOMES, 0))
        self._worker, self._ask, self._interval = worker, ask, interval
        self._rules, self._judge = rules, Judge(rules)
        self._profiles: dict[str, Profile] = {}
        self._learnt_at = 0
        self._verdict: tuple[LeadState, Verdict] | None = None

    async def run(self) -> None:
        """Judge for ever."""
        while True:
            await asyncio.sleep(self._interval)
            await self.round()

    async def round(self) -> None:
        """Judge once, if this worker is the one to judge."""
        state = self._worker.lead_states.get(JUDGE)
        if state is None:
            self._verdict, self._profiles, self._learnt_at = None, {}, 0
            return
        now = self._worker.wall_now()
        learn = now - self._learnt_at >= self._rules.grain
        reports = [report(self._worker.lead_states, self._rules.grain, now, counts=learn), *await self._ask(learn)]
        outcome = self._outcome(reports)
        self.rounds[outcome] += 1
        if outcome == JUDGED:
            heard = together({name: _heard(told) for name, told in each.sources.items()} for each in reports)
            if learn:
                await self._learn(heard, now)
            verdict = self._find(heard, min(_reached(reports)))
            state.verdict, self._verdict = verdict, (state, verdict)

    def _outcome(self, reports: Iterable[Report]) -> str:
        told = Counter(number for each in reports for number in each.reached)
        if any(each.grain != self._rules.grain for each in reports):
            return DIFFERENT
        if max(told.values(), default=0) > 1:
            return DOUBLED
        if not told or set(told) != set(range(self._worker.partitions)):
            return MISSING
        late = self._worker.wall_now() - min(_reached(reports))
        return BEHIND if late > self._patience * 1000 else JUDGED

    @property
    def _patience(self) -> float:
        return max(BEHIND_SECONDS, 3 * self._interval)

    async def _learn(self, heard: Mapping[str, Heard], now: int) -> None:
        profiles = {}
        for source, each in heard.items():
            profiles[source] = self._judge.learn(each, now)
            await asyncio.sleep(0)  # events flow in between
        self._profiles, self._learnt_at = profiles, now

    def _find(self, heard: Mapping[str, Heard], now: int) -> Verdict:
        findings = {}
        for source, each in heard.items():
            profile = self._profiles.get(source)
            if profile is not None and self._judge.is_known(source, profile):
                finding = self._judge.judge(profile, each.last, now)
                if finding is not None:
                    findings[source] = finding
        return Verdict(now, findings)

    # -- what the metrics ask ------------------------------------------------------------------------------------

    def standing(self) -> Verdict | None:
        """Return the last verdict; None while there is none, it is old, or another worker judges."""
        if self._verdict is None or self._worker.lead_states.get(JUDGE) is not self._verdict[0]:
            return None
        verdict = self._verdict[1]
        return verdict if self._worker.wall_now() - verdict.now <= 2 * self._patience * 1000 else None

    def silent(self) -> Mapping[str, bool]:
        """Return which sources are known to be silent: those that were judged, and those that were announced."""
        state = self._worker.lead_states.get(JUDGE)
        if state is None:
            return {}
        verdict = self.standing()
        judged: Mapping[str, Finding] = verdict.findings if verdict else {}
        return {source: source in state.incidents.silent for source in {*judged, *state.incidents.silent}}


def _reached(reports: Iterable[Report]) -> list[int]:
    return [at for each in reports for at in each.reached.values()]
