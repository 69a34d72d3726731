"""`million`: a million leads of 17 events: memory, recovery, scrapes while events flow, and a changed configuration.

The state is built without Kafka and written to the changelog in the form in which compaction leaves it.
"""

from __future__ import annotations

import asyncio
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random
from subprocess import Popen
from typing import Any

import aiohttp
from aiokafka import AIOKafkaProducer
from msgspec import structs

from bench.events import EVENTS_A_LEAD, Live, lead, new_id
from bench.lab import (
    INTERACTIONS,
    LEADS,
    PARTITIONS,
    Job,
    await_ready,
    create_topics,
    free_port,
    get,
    laboratory,
    memory,
    percentile,
    process,
)
from bench.latency import RATE, messages
from bench.report import Report
from processors.changelog import Changelog, Record
from processors.record import encode_lead
from processors.shard import Shard
from streams.producing import connected, partition_of, produce
from streams.settings.funnel import funnel_of

SPAN_DAYS = 30
_PACK_EVERY = 1000
_BATCH = 512 * 1024
_SAMPLE = 1000
SCRAPE_PAUSE = 0.1
_LEADS = re.compile(r"^leadpulse_state_leads{.*} (\S+)$", re.MULTILINE)


def build(partition: int, leads: int, job: Job) -> tuple[Iterator[Record], list[str]]:
    """Return the compacted changelog of a shard with so many leads, and the ids of some of them."""
    rng, now = Random(partition), time.time()  # noqa: S311  # not for secrets
    shard = Shard(funnel_of(job.settings()))
    changelog = Changelog(shard)
    for number in range(leads):
        lead_id = _id_in(partition, rng)
        for event in lead(rng, number, now - rng.random() * SPAN_DAYS * 86_400, lead_id):
            shard.apply(event, int(now * 1000))
        if number % _PACK_EVERY == 0 or number == leads - 1:
            _pack(shard)
    changelog.advance(int(now * 1000))
    return _records(shard, changelog), list(shard.cold)[:_SAMPLE]


def _id_in(partition: int, rng: Random) -> str:
    while partition_of((lead_id := new_id(rng)).encode(), PARTITIONS) != partition:
        pass
    return lead_id


def _pack(shard: Shard) -> None:
    for lead_id, record in shard.hot.items():
        shard.cold[lead_id] = encode_lead(record)
    shard.hot.clear()
    shard.alerts.clear()
    shard.merge()
    shard.unlogged.clear()


def _records(shard: Shard, changelog: Changelog) -> Iterator[Record]:
    for lead_id, record in shard.cold.items():
        yield b"l" + lead_id.encode(), record
    # Nothing of what was deleted: compaction has removed it.
    yield from (record for record in changelog.flush() if record[1] is not None)


async def write(partition: int, records: Iterator[Record], job: Job) -> None:
    """Write a shard's changelog."""
    producer = AIOKafkaProducer(bootstrap_servers=job.broker, max_batch_size=_BATCH)
    topic = f"{job.name}-changelog"
    await producer.start()
    try:
        batch = producer.create_batch()
        for key, value in records:
            if batch.append(timestamp=None, key=key, value=value) is None:
                await producer.send_batch(batch, topic, partition=partition)
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value)
        await producer.send_batch(batch, topic, partition=partition)
        await producer.flush()
    finally:
        await producer.stop()


def build_and_write(partition: int, leads: int, job: Job) -> list[str]:
    """Make one partition; runs in a process of its own."""
    records, sample = build(partition, leads, job)
    asyncio.run(write(partition, records, job))
    return sample


async def scrape(port: int, stop: asyncio.Event) -> list[float]:
    """Scrape again and again; return how long each answer took, in seconds."""
    took = []
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as web:
        while not stop.is_set():
            begun = time.perf_counter()
            async with web.get("/metrics") as answer:
                await answer.read()
            took.append(time.perf_counter() - begun)
            await asyncio.sleep(SCRAPE_PAUSE)
    return took


async def scrape_under_load(broker: str, port: int, known: Sequence[str], seconds: float) -> list[float]:
    """Scrape while events flow."""
    stop = asyncio.Event()
    async with connected({"bootstrap_servers": [broker]}) as writer:
        scraping = asyncio.create_task(scrape(port, stop))
        await produce(writer, messages(Live(known)), seconds=seconds)
        stop.set()
        return await scraping


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Build, recover, scrape; then recover again with another configuration."""
    leads, seconds = (4000, 5.0) if quick else (1_000_000, 60.0)
    with laboratory() as (broker, core):
        job = Job(broker=broker, name="million", cores=core, options={"web.port": free_port()})
        known, built = _build_all(job, leads, say)
        say("recovering")
        figures: dict[str, Any] = {"leads": leads, "events": leads * EVENTS_A_LEAD, "build_seconds": built}
        with process("worker", job) as child:
            figures["recovered"] = _recovered(child, job)
            say(f"scraping for {seconds:.0f} s at {RATE} events/s")
            took = asyncio.run(scrape_under_load(broker, job.options["web.port"], known, seconds))
            figures["scrape"] = {
                "p50": percentile(took, 0.5),
                "p99": percentile(took, 0.99),
                "max": max(took),
                "n": len(took),
            }
            figures["memory_after"] = memory(child.pid)
        say(f"so far: {figures}")
        say("recovering with other bucket edges: every number is made anew")
        changed = {**job.options, "funnel.stage_thresholds": ["1h", "1d", "7d"]}
        with process("worker", structs.replace(job, options=changed)) as child:
            figures["recomputed"] = _recovered(child, job)
    return _report(figures)


def _build_all(job: Job, leads: int, say: Callable[[str], None]) -> tuple[list[str], float]:
    say(f"building {leads:,} leads of {EVENTS_A_LEAD} events")
    begun = time.perf_counter()
    asyncio.run(create_topics(job.broker, (LEADS, INTERACTIONS)))
    asyncio.run(create_topics(job.broker, (f"{job.name}-changelog",), {"cleanup.policy": "compact"}))
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=_unpin) as pool:
        samples = pool.map(build_and_write, range(PARTITIONS), [leads // PARTITIONS] * PARTITIONS, [job] * PARTITIONS)
        known = [lead_id for sample in samples for lead_id in sample]
    return known, time.perf_counter() - begun


def _unpin() -> None:
    """Use all cores: nothing is measured while the state is built."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def _recovered(child: Popen[bytes], job: Job) -> dict[str, Any]:
    port = job.options["web.port"]
    seconds, now = await_ready(child, port), memory(child.pid)
    leads = sum(int(float(count)) for count in _LEADS.findall(get(port, "/metrics")[1].decode()))
    return {"ready_seconds": seconds, "memory": now, "leads": leads}


def _report(figures: dict[str, Any]) -> Report:
    def megabytes(of: dict[str, Any], which: str) -> str:
        return f"{of.get(which, 0) / 1e6:,.0f} MB"

    scraped, first, again = figures["scrape"], figures["recovered"], figures["recomputed"]
    rows = [
        ("from start to ready", f"{first['ready_seconds']:.1f} s", "15 s"),
        ("resident memory, recovered", megabytes(first["memory"], "now"), "800 MB"),
        ("resident memory, at most while recovering", megabytes(first["memory"], "peak"), ""),
        ("resident memory, after the load", megabytes(figures["memory_after"], "now"), "800 MB"),
        (f"scrape p50 at {RATE} events/s", f"{scraped['p50'] * 1000:.0f} ms", ""),
        (f"scrape p99 of {scraped['n']}", f"{scraped['p99'] * 1000:.0f} ms", "100 ms"),
        ("from start to ready, other configuration", f"{again['ready_seconds']:.1f} s", ""),
        ("resident memory then, at most", megabytes(again["memory"], "peak"), ""),
    ]
    return Report(
        "million", f"{figures['leads']:,} leads of {EVENTS_A_LEAD} events", ("", "", "target"), rows, (), figures
    )
