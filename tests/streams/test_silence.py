"""Who judges the sources, when, and when not."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from msgspec import json

from processors.incidents import KEY
from processors.silence import SilenceRules
from schemas.alerts import SourceSilent
from schemas.codec import ALERT_DECODER
from streams.silence import BEHIND_SECONDS, Report, Silences, report
from tests.processors.events import FUNNEL, T0_MS, created
from tests.streams.exposition.worker import FakeWorker, records

MINUTE = 60_000
RULES = SilenceRules(period=3_600_000, min_history=0, min_arrivals=10, half_life=86_400_000, grace=0)
"""Every hour is like the other: a lead a minute is learnt within hours."""
HOURS = 5


def leads(source: str, *, minutes: int = HOURS * 60) -> list[Any]:
    return [created(minute, f"{source}-{minute}", source=source) for minute in range(minutes)]


class Two:
    """Two workers with a partition each, of which the first judges."""

    def __init__(self) -> None:
        self.now = T0_MS + HOURS * 60 * MINUTE
        self.judge, self.other = FakeWorker(now=self.now), FakeWorker(now=self.now)
        self.states = self.judge.state(0), self.other.state(1)
        for worker in (self.judge, self.other):
            worker.partitions = 2
            worker.silences = Silences(worker, RULES, self.ask, 10.0)
        self.answers = True
        self.asked: list[bool] = []

    async def ask(self, counts: bool) -> list[Report]:
        self.asked.append(counts)
        return [self.other.arrivals(counts=counts)] if self.answers else []

    def see(self, *events: Any) -> None:
        """Spread leads over both partitions."""
        for number, event in enumerate(events):
            for batch in records(event).values():
                self.states[number % 2].apply(batch)

    async def at(self, minutes: float, *, reached: float | None = None) -> None:
        """Let it be so many minutes after the last hour, judge, and let the states tick."""
        now = self.now + int(minutes * MINUTE)
        self.judge.time = self.other.time = now
        for state in self.states:
            state.tick(now if reached is None else self.now + int(reached * MINUTE))
        await self.judge.silences.round()
        for state in self.states:
            state.tick(state.reached or 0)

    @property
    def alerts(self) -> list[tuple[int, type, str]]:
        found = [
            (n, ALERT_DECODER.decode(o.value or b""))
            for n, s in enumerate(self.states)
            for o in s.outputs
            if o.topic == "alerts.v1"
        ]
        return [(n, type(a), a.source) for n, a in found if hasattr(a, "last_arrival_at")]


@pytest.fixture
def two() -> Two:
    made = Two()
    made.see(*leads("web"), *leads("ads"))
    return made


async def test_a_source_that_stops_is_told_once_by_the_partition_that_judges(two: Two) -> None:
    await two.at(1)
    assert two.alerts == []
    two.judge.time = two.other.time = two.now + 20 * MINUTE
    two.see(*(created(HOURS * 60 + minute, f"more-{minute}", source="web") for minute in range(20)))
    for minutes in (20, 21, 22):
        await two.at(minutes)
    assert two.alerts == [(0, SourceSilent, "ads")]
    (output,) = [o for o in two.states[0].outputs if b"source_silent" in (o.value or b"")]
    assert output.key == b"ads"
    assert two.judge.silences.silent() == {"ads": True, "web": False}
    assert two.states[0].shard.counts["alert.source_silent"] == 1


async def test_each_shard_hears_only_a_part_and_the_judge_hears_the_whole(two: Two) -> None:
    await two.at(1)
    verdict = two.judge.silences.standing()
    assert verdict is not None
    assert verdict.findings["web"].rate == pytest.approx(60, rel=0.05)
    # The last lead of a source is in one of the partitions only.
    two.see(created(0, "x", source="web"), created(HOURS * 60 + 4.5, "y", source="web"))
    await two.at(5)
    verdict = two.judge.silences.standing()
    assert verdict is not None
    assert verdict.findings["web"].silence == MINUTE // 2


@pytest.mark.parametrize("trouble", ["missing", "doubled", "behind", "different"])
async def test_nothing_is_judged_while_not_all_partitions_are_accounted_for(two: Two, trouble: str) -> None:
    await two.at(1)
    if trouble == "missing":
        two.answers = False
    elif trouble == "doubled":
        two.other.lead_states[0] = two.states[0]
    elif trouble == "different":
        two.other.funnel = type(FUNNEL)(arrival_grain=1_000)
    before = Counter(two.judge.silences.rounds)
    await two.at(120, reached=120 - BEHIND_SECONDS / 60 - 1 if trouble == "behind" else None)
    assert two.judge.silences.rounds - before == {trouble: 1}
    assert two.alerts == []
    assert two.judge.silences.standing() is None, "what was found two hours ago is no finding"


async def test_a_backlog_is_judged_as_of_when_everything_was_known(two: Two) -> None:
    await two.at(20, reached=0.1)
    assert two.judge.silences.rounds["behind"] == 1
    await two.at(20.5, reached=20)
    assert {source for _, _, source in two.alerts} == {"ads", "web"}


async def test_a_partition_that_is_being_recovered_is_missing(two: Two) -> None:
    two.states[1].reached = None
    await two.judge.silences.round()
    assert two.judge.silences.rounds["missing"] == 1


async def test_a_worker_without_the_judging_partition_rests(two: Two) -> None:
    await two.at(1)
    await two.other.silences.round()
    assert sum(two.other.silences.rounds.values()) == 0
    assert two.other.silences.silent() == {}
    assert two.other.silences.standing() is None


async def test_counts_travel_once_in_a_slot_and_last_arrivals_always(two: Two) -> None:
    for minutes in (1, 2, 61, 62):
        await two.at(minutes)
    assert two.asked == [True, False, True, False]
    light = two.other.arrivals(counts=False)
    assert all(told.counts == () and told.last for told in light.sources.values())


async def test_who_takes_the_partition_over_tells_nothing_again(two: Two) -> None:
    await two.at(1)
    await two.at(30)
    assert len(two.alerts) == 2
    log = [record for record in two.states[0].flush() if record[0].startswith(KEY)]
    assert len(log) == 2
    heir = two.judge.state(0)
    for key, value in log:
        heir.load(key, value)
    two.states = heir, two.states[1]
    two.see(*leads("web"), *leads("ads"))
    await two.at(40)
    assert set(heir.incidents.silent) == {"ads", "web"}
    assert two.alerts == []


def test_a_report_survives_its_way() -> None:
    state = FakeWorker(now=T0_MS + 180 * MINUTE).state()
    for batch in records(*leads("wéb", minutes=130)).values():
        state.apply(batch)
    state.tick(T0_MS)
    told = report({0: state}, FUNNEL.arrival_grain, T0_MS, counts=True)
    assert json.decode(json.encode(told), type=Report) == told
    assert told.sources["wéb"].counts == (60, 60, 10)
