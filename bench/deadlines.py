"""`deadlines`: how late a deadline is noticed among a million waiting leads, and what noticing costs. No Kafka."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from statistics import fmean, quantiles
from typing import Any

from msgspec import structs

from bench.events import FUNNEL
from bench.report import Report
from processors.changelog import Changelog
from processors.policies import WALL, Policy, targets
from processors.shard import Shard
from schemas.alerts import Breached, Warned
from schemas.lead_events import Created

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
LOOKS_MS, TICKS_MS, LINGER_MS = 250, 100, 20
"""The engine's intervals: it looks where the inputs end, lets time pass, waits for company before it commits."""
_FLUSH_EVERY = 20_000


def waiting(leads: int, apart_ms: int) -> tuple[Shard, Changelog]:
    """Return a shard of leads that wait, one created each `apart_ms` up to now; the oldest is about to be breached."""
    promised = leads * apart_ms
    policy = Policy(name="all", clock=WALL, targets=targets(first_contact=promised), warn_share=0.8)
    shard = Shard(structs.replace(FUNNEL, policies=(policy,)))
    changelog = Changelog(shard)
    for number in range(leads):
        at = NOW - timedelta(milliseconds=promised - number * apart_ms)
        shard.apply(
            Created(event_id=f"c{number}", lead_id=f"{number:032x}", occurred_at=at, source="web", team="north")
        )
        if number % _FLUSH_EVERY == 0:
            changelog.flush()
    changelog.flush()
    # Who would have been warned by now was.
    for due in range(NOW_MS - promised // 5, NOW_MS, 10_000):
        shard.tick(due)
        changelog.flush()
    shard.tick(NOW_MS - 1)
    changelog.flush()
    shard.alerts.clear()
    return shard, changelog


def pass_time(shard: Shard, changelog: Changelog, seconds: int) -> Iterator[tuple[list[float], float]]:
    """Let ticks come as the engine's do; yield each one's delays of what it noticed (ms), and its CPU time (ms)."""
    for clock in range(NOW_MS, NOW_MS + seconds * 1000, TICKS_MS):
        reached = clock - clock % LOOKS_MS
        begun = time.process_time_ns()
        if shard.tick(reached):
            changelog.flush()
        cost = (time.process_time_ns() - begun) / 1e6
        steps = [alert for alert in shard.alerts if isinstance(alert, Warned | Breached)]
        shard.alerts.clear()
        yield [clock + cost + LINGER_MS - alert.at.timestamp() * 1000 for alert in steps], cost


def measure(leads: int, apart_ms: int, seconds: int) -> dict[str, Any]:
    """Measure one shard.

    Returns:
        Delays from a step's time to the beginning of its transaction (ms), CPU time of the ticks (ms) and of one lead
        that is due (µs).
    """
    shard, changelog = waiting(leads, apart_ms)
    found = list(pass_time(shard, changelog, seconds))
    delays = sorted(delay for some, _ in found for delay in some)
    costs = sorted(cost for _, cost in found)
    return {
        "leads": leads,
        "noticed": len(delays),
        "seconds": seconds,
        "delay_ms": _spread(delays),
        "tick_ms": _spread(costs),
        "us_per_step": round(sum(costs) / len(delays) * 1000, 1),
        "idle_tick_ms": round(fmean(cost for some, cost in found if not some), 4),
    }


def _spread(values: list[float]) -> dict[str, float]:
    cuts = quantiles(values, n=100)
    return {"p50": round(cuts[49], 2), "p99": round(cuts[98], 2), "max": round(values[-1], 2)}


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure and report."""
    leads, apart, seconds = (5000, 20, 10) if quick else (1_000_000, 20, 120)
    say(f"{leads:,} leads that wait, a new deadline each {apart} ms, {seconds} s of ticks")
    figures = measure(leads, apart, seconds)
    rows = [(what, *figures[key].values()) for what, key in (("delay, ms", "delay_ms"), ("tick, ms", "tick_ms"))]
    notes = [
        f"{figures['noticed']:,} warnings and breaches; one takes {figures['us_per_step']} µs of CPU, flush and all.",
        f"A tick that finds nothing takes {figures['idle_tick_ms']} ms, however many leads wait.",
        f"delay: on the engine's intervals ({LOOKS_MS}, {TICKS_MS}, {LINGER_MS} ms), up to the transaction.",
    ]
    return Report(
        "deadlines", f"Deadlines among {leads:,} waiting leads", ("", "p50", "p99", "max"), rows, notes, figures
    )
