"""`latency`: how long after an event was produced can its effect be seen on `/metrics`?"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from random import Random
from subprocess import Popen
from typing import Any
from uuid import uuid4

import aiohttp

from bench.events import Live, Raw
from bench.lab import INTERACTIONS, LEADS, Job, await_ready, fill, free_port, get, laboratory, percentile, process
from bench.report import Report
from schemas.codec import encode
from schemas.lead_events import Created
from streams.producing import Message, Writer, at_rate, connected, produce

RATE = 500
PROBE = "probe"
LOOK_SECONDS = 0.01
MISSED_SECONDS = 30.0
_SEEN = re.compile(rf'^leadpulse_created_leads{{window="all",source="{PROBE}",.*}} (\d+)$', re.MULTILINE)
_DELAY = re.compile(r'^leadpulse_event_delay_seconds_bucket{le="(.*)"} (\S+)$', re.MULTILINE)


def messages(live: Live) -> Iterator[Message]:
    """Yield endless messages, a steady number each second."""
    return at_rate((_message(event) for event in live), RATE)


def _message(event: Raw) -> Message:
    return Message(0.0, INTERACTIONS if event.interaction else LEADS, event.key, event.value)


async def probe(writer: Writer, port: int, stop: asyncio.Event) -> list[float]:
    """Create a lead now and then, and look until it is counted; return the seconds each time."""
    rng, delays = Random(1), list[float]()  # noqa: S311  # not for secrets
    async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as web:
        while not stop.is_set():
            await asyncio.sleep(rng.uniform(0.1, 0.3))
            lead_id, begun = uuid4().hex, time.perf_counter()
            event = Created(uuid4().hex, lead_id, datetime.now(UTC), source=PROBE)
            await writer.write(LEADS, lead_id.encode(), encode(event))
            await writer.push()
            while await _seen(web) <= len(delays):
                if time.perf_counter() - begun > MISSED_SECONDS:
                    raise RuntimeError(f"an event is not counted after {MISSED_SECONDS:.0f} s")
                await asyncio.sleep(LOOK_SECONDS)
            delays.append(time.perf_counter() - begun)
    return delays


async def _seen(web: aiohttp.ClientSession) -> int:
    async with web.get("/metrics") as answer:
        return sum(int(count) for count in _SEEN.findall(await answer.text()))


async def under_load(broker: str, port: int, seconds: float) -> list[float]:
    """Probe while events flow at the rate."""
    stop = asyncio.Event()
    async with connected({"bootstrap_servers": [broker]}) as load, connected({"bootstrap_servers": [broker]}) as writer:
        probing = asyncio.create_task(probe(writer, port, stop))
        await produce(load, messages(Live()), seconds=seconds)
        stop.set()
        return await probing


def committed_delay(text: str, share: float) -> float:
    """Return a quantile of the worker's own histogram, produced to committed: a bucket's upper bound in seconds."""
    buckets = [(float(bound), float(count)) for bound, count in _DELAY.findall(text)]
    return next(bound for bound, count in buckets if count >= share * buckets[-1][1])


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure."""
    seconds = 5.0 if quick else 60.0
    with laboratory() as (broker, core):
        port = free_port()
        job = Job(broker=broker, name="latency", cores=core, options={"web.port": port})
        with process("worker", job) as child:
            delays, text, cpu = _measure(child, broker, port, seconds, say)
    figures: dict[str, Any] = {
        "rate": RATE,
        "seconds": seconds,
        "seen": {"p50": percentile(delays, 0.5), "p99": percentile(delays, 0.99), "max": max(delays), "n": len(delays)},
        "committed_within": {"p50": committed_delay(text, 0.5), "p99": committed_delay(text, 0.99)},
        "cores_used": cpu,
    }
    rows = [
        ("produced → seen on /metrics", *(f"{figures['seen'][name] * 1000:.0f} ms" for name in ("p50", "p99", "max"))),
        (
            "produced → committed, at most",
            *(f"{figures['committed_within'][q] * 1000:.0f} ms" for q in ("p50", "p99")),
            "",
        ),
    ]
    title = f"Latency at {RATE} events/s for {seconds:.0f} s, {len(delays)} probes"
    notes = [
        "Target: p99 under 1 s.",
        f"The worker used {cpu:.2f} of a core, some {len(delays) / seconds:.0f} scrapes and more each second included.",
    ]
    return Report("latency", title, ("", "p50", "p99", "max"), rows, notes, figures)


def _measure(
    child: Popen[bytes], broker: str, port: int, seconds: float, say: Callable[[str], None]
) -> tuple[list[float], str, float]:
    await_ready(child, port)
    asyncio.run(_warm_up(broker))
    say(f"{RATE} events/s for {seconds:.0f} s")
    before, begun = cpu_seconds(get(port, "/metrics")[1].decode()), time.perf_counter()
    delays = asyncio.run(under_load(broker, port, seconds))
    text = get(port, "/metrics")[1].decode()
    return delays, text, (cpu_seconds(text) - before) / (time.perf_counter() - begun)


async def _warm_up(broker: str) -> None:
    live = iter(Live())
    await fill(broker, [next(live) for _ in range(2 * RATE)])
    await asyncio.sleep(1)


def cpu_seconds(text: str) -> float:
    """Return the CPU time that a worker tells on /metrics; 0 where the system does not know it."""
    found = re.search(r"^process_cpu_seconds_total (\S+)$", text, re.MULTILINE)
    return float(found[1]) if found else 0.0
