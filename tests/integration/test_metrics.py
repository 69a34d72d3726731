"""What a real Prometheus sees of workers that come and go under a steady load: gaps perhaps, but never a dent."""

from __future__ import annotations

import asyncio
import itertools
import math
import re
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from schemas.codec import encode
from schemas.interaction_events import Interaction
from schemas.lead_events import Created, StageChanged, Won
from schemas.signals import BUSINESS, FORESIGHT, OPERATIONAL, READY, by_name, with_values
from streams.producing import Message, connected
from streams.services import RedisService
from streams.settings.kafka import kafka_client_options
from tests.integration.board_queries import BoardQuery, boards, filled, queries, values_of
from tests.integration.harness.flowing import flowing
from tests.integration.harness.leadpulse import LeadpulseRun, free_port
from tests.integration.harness.processes import Process
from tests.integration.prometheus import Points, Prometheus

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

RATE = 60.0
"""Leads per second."""
ANSWER = 2
"""Seconds between a lead's creation and its first contact."""
TURNS = {"back": 10, "answer": 20}
"""Milliseconds after the first contact at which a lead writes again, and is answered."""
UP = 2.0
"""Seconds for which a worker works between two stops."""
WORKERS = ("A", "B")

ONLY_UP = (
    "leadpulse_created_leads",
    "leadpulse_stage_moves",
    "leadpulse_stage_reached_leads",
    "leadpulse_closed_leads",
    "leadpulse_dead_letters",
    "leadpulse_state_leads",
    "leadpulse_forecast_waits",
)
"""Signals whose query, over the window of everything, can only rise under this load."""
TOTALS = {
    "created": 'sum(leadpulse_created_leads{window="all"})',
    "contacts": 'sum(leadpulse_response_seconds_gcount{window="all", kind="contact"})',
    "seconds to contact": 'sum(leadpulse_response_seconds_gsum{window="all", kind="contact"})',
    "cycles": 'sum(leadpulse_sales_cycle_seconds_gcount{window="all"})',
    "stays": 'sum(leadpulse_stage_duration_seconds_gcount{window="all"})',
    "contacted now": 'sum(leadpulse_open_leads{stage="contacted"})',
    "waiting": 'sum(leadpulse_unanswered_leads{team="late"})',
}
"""More sums that can only rise, each to be told while it is whole."""
TOLD = BUSINESS + FORESIGHT + OPERATIONAL
"""What a worker tells."""
SOURCES = {signal.name for signal in FORESIGHT if signal.labels == ("source",) and not signal.family}
"""Signals about sources that were judged; none has the history for it here."""
MAY_BE_NEGATIVE = {"leadpulse_forecast_reference_squared_error"}
"""Its panel is what the forecast gains over the base rate; the first ones may lose."""
COUNTERS = tuple(signal for signal in TOLD if signal.kind == "counter" and "partition" in signal.labels)


class Load:
    """A steady stream of leads; of every three one is won, one waits in a stage, and one was never answered."""

    def __init__(self, run: LeadpulseRun) -> None:
        self._leads, self._interactions = run.inputs
        self.leads = 0

    def messages(self) -> Iterator[Message]:
        for number in itertools.count():
            for topic, key, value in self._lead(number):
                yield Message(number / RATE, topic, key, value)
            self.leads = number + 1

    def _lead(self, number: int) -> Iterator[tuple[str, bytes, bytes]]:
        lead, now = f"lead-{number}", datetime.now(UTC)
        common: dict[str, Any] = {"lead_id": lead, "occurred_at": now}
        born = common | {"occurred_at": now - timedelta(seconds=ANSWER)}
        key, kind = lead.encode(), number % 3
        team = "late" if kind == 0 else "quick"
        created = encode(Created(event_id="c", source=f"source-{number % 5}", team=team, **born))
        yield self._leads, key, created
        if kind:
            call = Interaction(
                event_id="i", direction="out", channel="call", outcome="connected", actor="ann", **common
            )
            yield self._interactions, key, encode(call)
            yield self._leads, key, encode(StageChanged(event_id="s", stage="contacted", **common))
        again = {name: common | {"occurred_at": now + timedelta(milliseconds=ms)} for name, ms in TURNS.items()}
        answer = Interaction(
            event_id="a", direction="out", channel="call", outcome="connected", actor="colleague", **again["answer"]
        )
        if kind == 2:  # they write again, and are answered, by somebody else
            back = Interaction(event_id="b", direction="in", channel="email", outcome="replied", **again["back"])
            yield self._interactions, key, encode(back)
            yield self._interactions, key, encode(answer)
        if kind == 1:
            yield self._leads, key, created  # once more
            yield self._leads, key, encode(Won(event_id="w", **common))
            yield self._interactions, key, encode(answer)  # after all was said
            yield self._leads, key, b"{"


@pytest.fixture
def run(kafka: str, tmp_path: Path) -> Iterator[LeadpulseRun]:
    with (
        RedisService(tmp_path / "redis") as redis,
        LeadpulseRun(kafka, tmp_path, settings={"REDIS__URL": redis.url, "SILENCE__CHECK_INTERVAL": "500ms"}) as run,
    ):
        run.ports.update({worker: free_port() for worker in WORKERS})
        yield run


async def stop(worker: Process) -> None:
    worker.ask_to_end()
    assert await asyncio.to_thread(worker.wait) == 0, worker.log_text()


async def start(run: LeadpulseRun, label: str) -> Process:
    worker = run.start_worker(label)
    await run.wait_ready(label)
    await asyncio.sleep(UP)
    return worker


async def come_and_go(run: LeadpulseRun) -> int:
    """Stop and start workers ten times: one that is alone, two in turns, and one that has no time to say goodbye."""
    workers = {"A": await start(run, "A")}
    for _ in range(3):
        await stop(workers["A"])
        workers["A"] = await start(run, "A")
    workers["B"] = await start(run, "B")
    for label in ("B", "A", "B", "A", "B", "A"):
        await stop(workers[label])
        await asyncio.sleep(UP)
        workers[label] = await start(run, label)
    workers["B"].kill()
    await asyncio.sleep(UP)
    workers["B"] = await start(run, "B")
    return 10


def falls(points: Points) -> list[tuple[float, float, float]]:
    """Where a series goes back: when, from what, to what."""
    found = sorted(points.items())
    return [(at, before, after) for (_, before), (at, after) in itertools.pairwise(found) if after < before]


def dips(points: Points, depth: float = 0.1) -> list[tuple[float, float, float]]:
    """Where a series falls by a share of itself, and is back within half a minute: when, from what, to what."""
    return [
        (at, before, low)
        for at, before, low in falls(points)
        if low < (1 - depth) * before and any(v >= 0.95 * before for t, v in points.items() if at < t < at + 30)
    ]


def tells_leads(query: BoardQuery) -> bool:
    """Whether a query is of a number of leads: nothing that follows the speed of now or an age."""
    wanders = re.search(r"\b(rate|increase|time)\(", query.expr)
    return bool(query.name) and query.board != "operations" and not wanders


async def test_no_gauge_dents_and_no_counter_goes_back_while_workers_come_and_go(
    run: LeadpulseRun, tmp_path: Path
) -> None:
    load, begun = Load(run), time.time()
    async with Prometheus(run.ports, tmp_path) as prometheus:
        async with connected(kafka_client_options(run.settings.kafka)) as writer:
            started = asyncio.create_task(come_and_go(run))
            await run.wait_ready("A")  # it makes the topics
            async with flowing(writer, load.messages()):
                assert await started == 10
        await run.settle()
        await asyncio.sleep(3)
        seen = Seen(prometheus, begun, time.time())
        await seen.check_queries()
        await seen.check_totals(load.leads)
        await seen.check_counters()
        await seen.check_boards()
        assert await seen.dents('sum(leadpulse_created_leads{window="all"})'), "the guard is there for a reason"


class Seen:
    """What Prometheus saw in a span of time."""

    def __init__(self, prometheus: Prometheus, start: float, end: float) -> None:
        self._prometheus, self._start, self._end = prometheus, math.floor(start), math.floor(end)

    async def values(self, query: str) -> dict[frozenset[tuple[str, str]], Points]:
        return await self._prometheus.values(query, self._start, self._end)

    async def dents(self, query: str) -> list[Any]:
        return [(dict(labels), falls(points)) for labels, points in (await self.values(query)).items() if falls(points)]

    async def check_queries(self) -> None:
        """Every query of the table gives numbers, none of them absurd; those that can only rise do."""
        for signal in TOLD:
            query = with_values(signal.query, window="all", rate_interval="30s")
            found = await self.values(query)
            quiet = {
                "leadpulse_skewed_responses",
                "leadpulse_close_reason_leads",
                "leadpulse_broker_away_seconds",
                "leadpulse_follow_up_leads",  # nobody waits for a week
                "leadpulse_reply_leads",  # nor is anybody's time to reply up
                "leadpulse_scored_leads",  # nobody scores
                "leadpulse_scores",
                *SOURCES,
            }
            assert found or signal.name in quiet, f"{signal.name}: no number at any time: {query}"
            values = [value for points in found.values() for value in points.values()]
            if signal.name not in MAY_BE_NEGATIVE:
                assert all(value >= 0 or math.isnan(value) for value in values), (signal.name, min(values))
            if signal.name in ONLY_UP:
                assert not await self.dents(query), signal.name

    async def check_totals(self, leads: int) -> None:
        """Sums only rise, are there most of the time, and end at what was written."""
        ends = {}
        for name, total in TOTALS.items():
            query = f"{total} and on() {READY}"
            assert not await self.dents(query), name
            ((_, points),) = (await self.values(query)).items()
            assert len(points) > (self._end - self._start) / 3, f"{name} is not told for most of the time"
            ends[name] = points[max(points)]
        kinds = [len(range(kind, leads, 3)) for kind in range(3)]
        assert ends["created"] == leads
        assert ends["waiting"] == kinds[0]
        assert ends["contacted now"] == kinds[2]
        assert ends["contacts"] == kinds[1] + kinds[2]
        assert ends["seconds to contact"] == ANSWER * ends["contacts"]
        assert ends["cycles"] == 2 * kinds[1]

    async def check_boards(self) -> None:
        """No panel shows less of the leads for a moment, nor none, because a worker is away."""
        middle = (self._start + self._end) / 2
        for name, board in boards().items():
            values = values_of(board, job="leadpulse", window="all", __rate_interval="30s")
            seen = 0
            for query in filter(tells_leads, queries(name, board)):
                learnt = "expected_breaches" in query.expr  # in the first half, what to expect
                for labels, points in (await self.values(filled(query.expr, values))).items():
                    told = {at: value for at, value in points.items() if not learnt or at > middle}
                    found = dips(told, 0.4 if learnt else 0.1)
                    assert not found, (query, dict(labels), found)
                    seen += 1
            assert seen or name == "operations"

    async def check_counters(self) -> None:
        """The largest value of each partition only rises, and no speed shows what another worker did."""
        for signal in COUNTERS:
            labels = ", ".join(signal.labels)
            assert not await self.dents(f"max by ({labels}) ({signal.name}_total)"), signal.name
        query = with_values(by_name("leadpulse_records_read").query, window="all", rate_interval="30s")
        speeds = [value for points in (await self.values(query)).values() for value in points.values()]
        assert max(speeds) < 4 * RATE * 3, "a step was taken for a burst"


class Watch:
    """Looks at a worker all the time, and remembers what it said of its health."""

    def __init__(self, run: LeadpulseRun, label: str) -> None:
        self._run, self._label = run, label
        self.reasons: set[str] = set()
        self.lags: list[float] = []
        self.looks = 0

    async def look(self) -> None:
        (before, reason), (_, text), (after, _), (live, _) = await asyncio.to_thread(self._ask)
        assert live == 200
        assert {before, after} <= {200, 503}
        self.looks += 1
        self.lags += _numbers(r"^leadpulse_consumer_lag_records\{.*\} (.*)$", text)
        if before == after:  # otherwise it changed while we looked
            assert _numbers("^leadpulse_ready (.*)$", text) == [before == 200]
        if before == 503:
            self.reasons.add(reason.strip())

    def _ask(self) -> list[tuple[int, str]]:
        return [self._run.get(path, self._label) for path in ("/readyz", "/metrics", "/readyz", "/livez")]

    async def keep_looking(self) -> None:
        while True:
            await self.look()
            await asyncio.sleep(0.02)


def _numbers(line: str, text: str) -> list[float]:
    return [float(number) for number in re.findall(line, text, re.MULTILINE)]


def told_partitions(run: LeadpulseRun, label: str) -> set[str]:
    return {s.labels["partition"] for s in run.metrics(label).samples if s.name == "leadpulse_partition_ready"}


async def test_readiness_and_lag_are_right_while_a_worker_joins_and_leaves(run: LeadpulseRun) -> None:
    await start(run, "A")
    watch, load = Watch(run, "A"), Load(run)
    watching = asyncio.create_task(watch.keep_looking())
    async with connected(kafka_client_options(run.settings.kafka)) as writer, flowing(writer, load.messages()):
        joined = await start(run, "B")
        assert told_partitions(run, "A") | told_partitions(run, "B") == {"0", "1", "2", "3"}
        assert not told_partitions(run, "A") & told_partitions(run, "B")
        assert {run.get(f"/leads/lead-{n}", worker)[0] for n in range(20) for worker in WORKERS} == {200}
        assert {run.get("/leads/nobody", worker)[0] for worker in WORKERS} == {404}
        await stop(joined)
        await run.wait_ready("A")
        await asyncio.sleep(UP)
    await run.settle()
    await asyncio.sleep(2)
    assert not watching.done(), watching.exception()
    watching.cancel()
    await watch.look()
    assert watch.looks >= 10
    assert any(re.search("rebalancing|recovered", reason) for reason in watch.reasons), watch.reasons
    assert all(0 <= lag <= 5 * load.leads for lag in watch.lags)
    metrics = run.metrics("A")
    assert metrics.total("leadpulse_consumer_lag_records") == metrics.total("leadpulse_consumer_lag_seconds") == 0
    assert metrics.total("leadpulse_partition_ready") == run.partitions
