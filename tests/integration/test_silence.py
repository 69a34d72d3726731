"""A source that stops, judged by two workers of which each hears only a part of it, through a kill and a move."""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from processors.silence import Judge, Profile
from schemas.alerts import SourceAlert, SourceResumed, SourceSilent
from schemas.codec import ALERT_DECODER, LEAD_DECODER, encode
from schemas.lead_events import Created
from streams.producing import Message, connected, partition_of
from streams.settings.kafka import kafka_client_options
from streams.settings.silence import silence_rules
from streams.silence import JUDGE
from tests.integration.harness.flowing import flowing
from tests.integration.harness.leadpulse import LeadpulseRun, free_port
from tests.integration.harness.log import read_topic

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

RATE = 5.0
"""Leads a second of each source."""
SETTINGS = {
    "SILENCE__PERIOD": "2s",
    "SILENCE__GRAIN": "1s",
    "SILENCE__HALF_LIFE": "5m",
    "SILENCE__GIVE_UP": "10m",
    "SILENCE__MIN_HISTORY": "8s",
    "SILENCE__MIN_ARRIVALS": "10",
    "SILENCE__GRACE": "500ms",
    "SILENCE__CHECK_INTERVAL": "300ms",
    "SILENCE__LEVEL": "0.00001",
}
WORKERS = ("A", "B")


class Sources:
    """Leads of some sources, one after the other at random moments, until a source is stopped."""

    def __init__(self, run: LeadpulseRun) -> None:
        self._topic = run.inputs[0]
        self.stopped: set[str] = set()
        self.partitions = set(range(run.partitions))
        self.last: dict[str, float] = {}

    @asynccontextmanager
    async def flowing(self, run: LeadpulseRun) -> AsyncIterator[None]:
        options = kafka_client_options(run.settings.kafka)
        async with connected(options) as writer, flowing(writer, self._messages()):
            yield

    def _messages(self) -> Iterator[Message]:
        rng, due, numbers = random.Random(7), 0.0, itertools.count()
        while True:
            due += rng.expovariate(3 * RATE)
            lead = next(key for number in numbers if self._flows(key := f"lead-{number}"))
            yield Message(due, self._topic, lead.encode(), self._created(lead, rng))

    def _flows(self, lead: str) -> bool:
        return partition_of(lead.encode(), 4) in self.partitions

    def _created(self, lead: str, rng: random.Random) -> bytes:
        source = rng.choice([name for name in ("web", "ads", "fair") if name not in self.stopped])
        now = datetime.now(UTC)
        self.last[source] = now.timestamp()
        return encode(Created(event_id="c", lead_id=lead, occurred_at=now, source=source))


@pytest.fixture
def run(kafka: str, tmp_path: Path) -> Iterator[LeadpulseRun]:
    with LeadpulseRun(kafka, tmp_path, settings=SETTINGS) as run:
        run.ports.update({worker: free_port() for worker in WORKERS})
        yield run


async def alerts(run: LeadpulseRun) -> list[SourceAlert]:
    """All alerts about sources, as a consumer reads them that trusts transactions."""
    log = await read_topic(run.broker, run.settings.topics.alerts, run.partitions)
    assert not any(log[number] for number in log if number != JUDGE)
    found = [ALERT_DECODER.decode(entry.value or b"") for entry in log[JUDGE]]
    return [alert for alert in found if isinstance(alert, SourceSilent | SourceResumed)]


async def wait_for(run: LeadpulseRun, count: int, timeout: float) -> list[SourceAlert]:
    deadline = time.monotonic() + timeout
    while len(found := await alerts(run)) < count:
        assert time.monotonic() < deadline, f"{found}, see {run.folder}"
        await asyncio.sleep(0.5)
    return found


async def judging(run: LeadpulseRun, timeout: float = 60) -> str:
    """Wait until some worker judges all three sources; return which."""
    deadline = time.monotonic() + timeout
    while True:
        for worker in WORKERS:
            status, text = await asyncio.to_thread(run.get, "/metrics", worker)
            if status == 200 and text.count("\nleadpulse_source_silence_probability{") == 3:
                return worker
        assert time.monotonic() < deadline, f"nobody judges, see {run.folder}"
        await asyncio.sleep(0.3)


def latest(run: LeadpulseRun) -> float:
    """Seconds until the silence of a source of this rate must be called, with a good margin for what was learnt."""
    judge, rules = Judge(silence_rules(run.settings)), silence_rules(run.settings)
    profile = Profile((RATE * 0.7, RATE * 0.7), 1.6, 0.02, 25.0, 10_000, 0)
    return next(s for s in range(1, 300) if judge.judge(profile, 0, s * 1000).is_silent) + rules.grace / 1000  # type: ignore[union-attr]  # not given up


async def test_a_source_that_stops_is_announced_once_through_a_kill_and_a_move_and_the_others_are_not(
    run: LeadpulseRun,
) -> None:
    processes = {worker: run.start_worker(worker) for worker in WORKERS}
    for worker in WORKERS:
        await run.wait_ready(worker)
    sources = Sources(run)
    async with sources.flowing(run):
        judge = await judging(run)
        sources.stopped.add("fair")
        stopped = sources.last["fair"]
        found = await wait_for(run, 1, latest(run) + 10)
        assert [(type(alert), alert.source) for alert in found] == [(SourceSilent, "fair")]
        assert abs(found[0].last_arrival_at.timestamp() - stopped) < 0.01
        assert (found[0].at.timestamp() - stopped) <= latest(run)
        assert await told(run, judge) == {"fair": 1.0, "web": 0.0, "ads": 0.0}

        processes[judge].kill()
        other = next(worker for worker in WORKERS if worker != judge)
        processes[judge] = run.start_worker(judge)
        await run.wait_ready(judge)
        assert await judging(run) in WORKERS
        processes[other].kill()  # wherever partition 0 went: now it moves for certain
        assert await judging(run) == judge
        assert await told(run, judge) == {"fair": 1.0, "web": 0.0, "ads": 0.0}
        assert len(await alerts(run)) == 1, "a silence that is known is not told again"

        sources.stopped.clear()
        silent, resumed = await wait_for(run, 2, 20)
        assert isinstance(resumed, SourceResumed)
        assert (resumed.source, resumed.reason) == ("fair", "arrived")
        assert resumed.incident_id == silent.incident_id
        await asyncio.sleep(3)
    found = await alerts(run)
    assert Counter((type(alert), alert.source) for alert in found) == {
        (SourceSilent, "fair"): 1,
        (SourceResumed, "fair"): 1,
    }


async def told(run: LeadpulseRun, worker: str) -> dict[str, float]:
    metrics = await asyncio.to_thread(run.metrics, worker)
    return {s.labels["source"]: s.value for s in metrics.samples if s.name == "leadpulse_source_silent"}


async def test_nothing_is_called_silent_while_a_part_of_the_leads_is_not_heard_of(run: LeadpulseRun) -> None:
    run.environment["LEADPULSE_KAFKA__SESSION_TIMEOUT"] = "20s"  # the partitions stay where they are
    processes = {worker: run.start_worker(worker) for worker in WORKERS}
    for worker in WORKERS:
        await run.wait_ready(worker)
    sources = Sources(run)
    async with sources.flowing(run):
        judge = await judging(run)
        other = next(worker for worker in WORKERS if worker != judge)
        before = await rounds(run, judge)
        ready = (await asyncio.to_thread(run.metrics, other)).samples
        processes[other].freeze()
        # All that comes goes to the worker that says nothing: to the judge every source looks dead.
        sources.partitions = {int(s.labels["partition"]) for s in ready if s.name == "leadpulse_partition_ready"}
        assert sources.partitions
        await asyncio.sleep(latest(run) + 4)
        after = await rounds(run, judge)
        assert after["missing"] > before["missing"]
        assert after["judged"] <= before["judged"] + 2
        processes[other].thaw()
        sources.partitions = set(range(run.partitions))
        assert await judging(run) in WORKERS
        await asyncio.sleep(3)
    assert await alerts(run) == []


async def rounds(run: LeadpulseRun, worker: str) -> dict[str, float]:
    samples = (await asyncio.to_thread(run.metrics, worker)).samples
    return {s.labels["outcome"]: s.value for s in samples if s.name == "leadpulse_silence_rounds_total"}


async def test_when_all_sources_stop_at_once_each_is_announced_though_nothing_comes_any_more(run: LeadpulseRun) -> None:
    for worker in WORKERS:
        run.start_worker(worker)
    for worker in WORKERS:
        await run.wait_ready(worker)
    sources = Sources(run)
    async with sources.flowing(run):
        judge = await judging(run)
    found = await wait_for(run, 3, latest(run) + 10)
    assert all(isinstance(alert, SourceSilent) for alert in found)
    assert sorted(alert.source for alert in found) == ["ads", "fair", "web"]
    last = await last_arrivals(run)
    for alert in found:
        assert abs(alert.last_arrival_at - last[alert.source]) < timedelta(milliseconds=10)
        assert 0 < (alert.at - last[alert.source]).total_seconds() <= latest(run)
    assert await told(run, judge) == {"fair": 1.0, "web": 1.0, "ads": 1.0}
    await asyncio.sleep(3)
    assert len(await alerts(run)) == 3, "a silence that is known is not told again"


async def last_arrivals(run: LeadpulseRun) -> dict[str, datetime]:
    """When the last lead of each source that is in the topic came."""
    log = await read_topic(run.broker, run.inputs[0], run.partitions)
    found: dict[str, datetime] = {}
    for entry in itertools.chain.from_iterable(log.values()):
        event = LEAD_DECODER.decode(entry.value or b"")
        assert isinstance(event, Created)
        found[event.source] = max(event.occurred_at, found.get(event.source, event.occurred_at))
    return found
