"""`firing`: how long after its time is a warning or a breach with a reader, among a million leads that wait?

A worker recovers a million waiting leads, and a hundred warnings and a hundred breaches come due every second: first
while events flow, then on a silent stream. A reader of committed alerts takes the time of their arrival.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from random import Random
from subprocess import Popen
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec.json import Decoder

from bench.events import Live
from bench.lab import PARTITIONS, Job, await_ready, free_port, get, laboratory, memory, percentile, process
from bench.latency import RATE, cpu_seconds, messages
from bench.report import Report
from bench.state import REST_EVERY, build_all, id_in, rest
from processors.changelog import Changelog
from processors.shard import Shard
from schemas.alerts import Alert, Breached, Warned
from schemas.lead_events import Created
from streams.producing import connected, produce
from streams.settings.funnel import funnel_of

STEPS_A_SECOND = 100
"""So many warnings, and as many breaches."""
_TICK_MS = 10_000
_SETTLED_SECONDS = 5.0  # what came due before the worker was ready has been told by then

_decode = Decoder(Alert).decode


def build(partition: int, leads: int, job: Job) -> tuple[Shard, Changelog]:
    """Return a shard of leads that wait, created at a steady pace up to now.

    The oldest are about to be breached, those half as old about to be warned; the older half was warned.
    """
    rng, now = Random(partition), time.time()  # noqa: S311  # not for secrets
    shard = Shard(funnel_of(job.settings()))
    changelog = Changelog(shard)
    apart = PARTITIONS / STEPS_A_SECOND
    for number in range(leads):
        lead_id, at = id_in(partition, rng), datetime.fromtimestamp(round(now - (leads - number) * apart, 3), UTC)
        shard.apply(Created(event_id="c", lead_id=lead_id, occurred_at=at, source="web", team=f"team-{number % 4}"))
        if number % REST_EVERY == 0:
            rest(shard)
    rest(shard)
    for due in range(int((now - leads * apart) * 1000), int(now * 1000), _TICK_MS):
        shard.tick(due)
        rest(shard)
    changelog.advance(int(now * 1000))
    return shard, changelog


class Reader:
    """Reads committed alerts as they come, and takes the time.

    Attributes:
        delays: Seconds from a step's time to its arrival, of the steps that came due after `since`.
        late: How many others there were.
    """

    def __init__(self, broker: str, topic: str) -> None:
        self.delays: list[float] = []
        self.late = 0
        self._since = float("inf")
        self._topic = topic
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=broker, isolation_level="read_committed", enable_auto_commit=False, fetch_max_wait_ms=100
        )

    async def read(self) -> None:
        """Read until cancelled."""
        await self._consumer.start()
        try:
            self._consumer.assign([TopicPartition(self._topic, n) for n in range(PARTITIONS)])
            await self._consumer.seek_to_end()
            async for record in self._consumer:
                self._take(_decode(record.value), time.time())
        finally:
            await self._consumer.stop()

    def begin(self) -> None:
        """Begin anew with the steps that come due from now on."""
        self.delays, self.late, self._since = [], 0, time.time()

    def _take(self, alert: Any, now: float) -> None:
        if isinstance(alert, Warned | Breached):
            due = alert.at.timestamp()
            if due >= self._since:
                self.delays.append(now - due)
            else:
                self.late += 1


async def measure(broker: str, port: int, known: Sequence[str], topic: str, seconds: float) -> dict[str, Any]:
    """Measure while events flow, then while none does."""
    reader, figures = Reader(broker, topic), dict[str, Any]()
    reading = asyncio.create_task(reader.read())
    async with connected({"bootstrap_servers": [broker]}) as writer:
        for name, rate in (("flowing", RATE), ("silent", 0)):
            await asyncio.sleep(_SETTLED_SECONDS)
            before = cpu_seconds((await asyncio.to_thread(get, port, "/metrics"))[1].decode())
            reader.begin()
            if rate:
                await produce(writer, messages(Live(known)), seconds=seconds)
            else:
                await asyncio.sleep(seconds)
            figures[name] = {**_spread(reader.delays), "others": reader.late, "events_per_second": rate}
            after = cpu_seconds((await asyncio.to_thread(get, port, "/metrics"))[1].decode())
            figures[name]["cores_used"] = round((after - before) / seconds, 2)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    return figures


def _spread(delays: list[float]) -> dict[str, float]:
    spread = {name: percentile(delays, share) for name, share in (("p50", 0.5), ("p99", 0.99))}
    return {**spread, "max": max(delays), "n": len(delays)}


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Build, recover, measure."""
    leads, seconds = (8000, 5.0) if quick else (1_000_000, 60.0)
    promise = {"name": "all", "clock": "wall", "first_contact": f"{leads // STEPS_A_SECOND}s", "warn_at": 0.5}
    with laboratory() as (broker, core):
        options = {"web.port": free_port(), "sla.policies": [promise]}
        job = Job(broker=broker, name="firing", cores=core, options=options)
        say(f"building {leads:,} leads that wait")
        known, built = build_all(build, job, leads)
        say("recovering")
        with process("worker", job) as child:
            figures = {"leads": leads, "build_seconds": built} | _measured(child, job, known, seconds, say)
    return _report(figures)


def _measured(
    child: Popen[bytes], job: Job, known: Sequence[str], seconds: float, say: Callable[[str], None]
) -> dict[str, Any]:
    port = job.options["web.port"]
    ready = await_ready(child, port)
    say(f"ready after {ready:.1f} s; {seconds:.0f} s at {RATE} events/s, then {seconds:.0f} s without any")
    figures = asyncio.run(measure(job.broker, port, known, job.settings().topics.alerts, seconds))
    return {"ready_seconds": ready, **figures, "memory": memory(child.pid)}


def _report(figures: dict[str, Any]) -> Report:
    rows = [
        (
            name,
            f"{part['n']:,}",
            *(f"{part[which] * 1000:.0f} ms" for which in ("p50", "p99", "max")),
            f"{part['cores_used']:.2f}",
        )
        for name in ("flowing", "silent")
        for part in (figures[name],)
    ]
    notes = [
        f"flowing: at {RATE} events/s. Target: p99 under 1 s.",
        f"Ready after {figures['ready_seconds']:.1f} s; resident: {figures['memory'].get('now', 0) / 1e6:,.0f} MB.",
    ]
    title = f"From a step's time to a reader of its alert, {figures['leads']:,} leads waiting"
    return Report("firing", title, ("", "steps", "p50", "p99", "max", "cores used"), rows, notes, figures)
