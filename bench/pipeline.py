"""`pipeline`: a backlog in Kafka, worked off by leadpulse, by a bare loop, and by an idiomatic Faust application."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from statistics import median
from typing import Any

from msgspec import structs

from bench.events import floor
from bench.lab import Job, Pace, laboratory, pace_of, prepare
from bench.report import Report

VARIANTS = ("hopping", "tumbling")
FIRST_NUMBERS = {
    "sla.policies": [{"name": "nobody's", "sources": ["none"], "first_contact": "1h"}],
    "follow_up.longest_gap": "0s",
    "follow_up.most_per_week": 0,
}
"""Nothing is promised to anybody, and following up has no bounds: about what the first version told."""


def run(*, quick: bool, say: Callable[[str], None]) -> Report:
    """Measure all, one after the other, on the same records."""
    leads, rounds, few = (400, 1, 100) if quick else (30_000, 3, 3000)
    paces: dict[str, list[Pace]] = defaultdict(list)
    with laboratory() as (broker, core):
        say(f"writing the events of {leads} leads")
        events = prepare(broker, floor(leads, end=datetime.now(UTC)))
        job = Job(broker=broker, name="bare", events=events, cores=core)
        for n in range(rounds):
            say(f"round {n + 1} of {rounds}: bare loop, leadpulse in three forms")
            paces["bare"].append(pace_of("bare", job))
            for k, (name, form) in enumerate(_forms(job).items()):
                paces[name].append(pace_of("worker", structs.replace(form, name=f"worker-{n}-{k}")))
        for variant in VARIANTS:
            say(f"idiomatic Faust, {variant} windows: the first {few} events")
            idiomatic = structs.replace(job, name=f"faust-{variant}", events=few, variant=variant)
            paces[f"faust, {variant}"] = [pace_of("idiomatic", idiomatic)]
    return _report(events, paces)


def _forms(job: Job) -> dict[str, Job]:
    return {
        "leadpulse": job,
        "the first numbers alone": structs.replace(job, options=FIRST_NUMBERS),
        "all, as plain Python": structs.replace(job, plain=True),
    }


def _report(events: int, paces: Mapping[str, Sequence[Pace]]) -> Report:
    rates = {name: median(pace.rate for pace in several) for name, several in paces.items()}
    costs = {name: median(pace.cpu_seconds / pace.events * 1e6 for pace in several) for name, several in paces.items()}
    rows = [
        (
            name,
            round(rate),
            f"{rate / rates['bare']:.3f}",
            round(costs[name], 2),
            f"{costs['bare'] / costs[name]:.3f}",
            f"{rates['leadpulse'] / rate:.1f} x",
        )
        for name, rate in rates.items()
    ]
    figures: dict[str, Any] = {"events": events, "rates": rates, "cpu_us": costs, "paces": paces}
    return Report(
        "pipeline",
        f"A backlog of {events:,} events in two topics of four partitions, one core",
        ("", "events/s", "of the bare loop", "CPU µs/event", "of the bare loop", "leadpulse is faster by"),
        rows,
        [
            "Target: leadpulse at least 0.25 of the bare loop, and at least 20 times either Faust application.",
            "On a machine with other work, believe the CPU: the core is shared, and whoever waits for it looks slow.",
        ],
        figures,
    )
