"""A process that is measured: a leadpulse worker, as `leadpulse worker` runs it."""

from __future__ import annotations

import asyncio
import sys

from msgspec import json

from bench.lab import Job, Stopwatch
from streams.engine.worker import run_worker
from streams.leadpulse import LeadpulseApp

LOOK_SECONDS = 0.05


async def tell_pace(app: LeadpulseApp, events: int) -> None:
    """Print the pace when all events are committed."""
    watch, pace = Stopwatch(events), None
    while pace is None:
        await asyncio.sleep(LOOK_SECONDS)
        pace = watch.look(sum(progress.committed for progress in app.progress()))
    print(json.encode(pace).decode(), flush=True)


def main(job: Job) -> int:
    """Run until stopped; tell when as many events are committed as the job says."""
    job.pin()
    asyncio.set_event_loop(asyncio.new_event_loop())
    app = LeadpulseApp(job.settings())
    if job.events:
        app.task(lambda: tell_pace(app, job.events))
    return run_worker(app, redirect_stdouts=False)


if __name__ == "__main__":
    sys.exit(main(json.decode(sys.argv[1], type=Job)))
