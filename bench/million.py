"""`million`: a million leads of 17 events: memory, recovery, scrapes while events flow, and a changed configuration."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from random import Random
from subprocess import Popen
from typing import Any

import aiohttp
from msgspec import structs

from bench.events import EVENTS_A_LEAD, Live, lead
from bench.lab import (
    Job,
    await_ready,
    free_port,
    get,
    laboratory,
    memory,
    percentile,
    process,
)
from bench.latency import RATE, messages
from bench.report import Report
from bench.state import REST_EVERY, build_all, id_in, rest
from processors.changelog import Changelog
from processors.shard import Shard
from streams.producing import connected, produce
from streams.settings.funnel import funnel_of

SPAN_DAYS = 30
SCRAPE_PAUSE = 0.1
_LEADS = re.compile(r"^leadpulse_state_leads{.*} (\S+)$", re.MULTILINE)


def build(partition: int, leads: int, job: Job) -> tuple[Shard, Changelog]:
    """Return a shard with so many leads, most of them closed."""
    rng, now = Random(partition), time.time()  # noqa: S311  # not for secrets
    shard = Shard(funnel_of(job.settings()))
    changelog = Changelog(shard)
    for number in range(leads):
        lead_id = id_in(partition, rng)
        for event in lead(rng, number, now - rng.random() * SPAN_DAYS * 86_400, lead_id):
            shard.apply(event, int(now * 1000))
        if number % REST_EVERY == 0 or number == leads - 1:
            rest(shard)
    # What was due has been told, as by a worker that was there: else the first look would find it all at once.
    shard.tick(int(now * 1000))
    rest(shard)
    changelog.advance(int(now * 1000))
    return shard, changelog


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
        say(f"building {leads:,} leads of {EVENTS_A_LEAD} events")
        known, built = build_all(build, job, leads)
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
