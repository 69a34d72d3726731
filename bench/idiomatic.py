"""A process that is measured: the same numbers as a Faust user would keep them, with agents and windowed tables.

Made as cheap as the documentation of Faust allows: tables in memory, records decoded by msgspec, no more table updates
than the numbers need. Two ways to keep a window are measured:

hopping     a table per rolling window that hops by a fifth of its length (leadpulse: by a minute), and one per day
tumbling    a table of minutes and a table of days; adding up the windows is left to whoever reads them
"""

from __future__ import annotations

import asyncio
import sys
from bisect import bisect_left
from collections.abc import AsyncIterator, Iterable, Iterator
from datetime import timedelta
from typing import Any

import faust
from msgspec import json

from bench.events import FUNNEL, STAGES
from bench.lab import INTERACTIONS, LEADS, PARTITIONS, Job, Stopwatch, create_topics
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER
from schemas.interaction_events import Interaction
from schemas.lead_events import Assigned, Created, LeadEvent, Lost, StageChanged, Won

Change = tuple[str, int]
"""Name of a number with its labels, and by how much it changes."""

_RANK = {"new": 0} | {stage: rank for rank, stage in enumerate(STAGES, 1)}
_STEPS = 5


def _observe(name: str, edges: Iterable[int], ms: int) -> Iterator[Change]:
    yield f"{name}|{bisect_left(tuple(edges), ms)}", 1
    yield f"{name}|sum", ms


class Leads:
    """What is known of the leads: a plain table, by lead id."""

    def __init__(self, table: Any, live: Any) -> None:
        self._table, self._live = table, live

    def changes(self, event: LeadEvent | Interaction) -> list[Change]:
        """Take an event; return what it changes in every window it belongs to."""
        t = int(event.occurred_at.timestamp() * 1000)
        lead = dict(self._table.get(event.lead_id) or {"seen": [], "stage": "new", "furthest": 0})
        if event.event_id in lead["seen"]:
            return []
        lead["seen"] = [*lead["seen"], event.event_id]
        changes = list(self._apply(lead, event, t))
        self._table[event.lead_id] = lead
        return changes

    def _apply(self, lead: dict[str, Any], event: LeadEvent | Interaction, t: int) -> Iterator[Change]:
        if isinstance(event, Created):
            lead |= {"source": event.source, "team": event.team, "created": t, "entered": t}
            self._live[f"open|{event.source}|new"] += 1
            self._live[f"unanswered|{event.source}|{event.team}"] += 1
            yield f"created|{event.source}|{event.team}", 1
        elif "created" not in lead:
            return
        elif isinstance(event, Interaction):
            yield from self._answer(lead, event, t)
        elif isinstance(event, StageChanged) and event.stage != lead["stage"]:
            yield from self._move(lead, event.stage, t)
        elif isinstance(event, Assigned):
            lead |= {"team": event.team}
        elif isinstance(event, Won | Lost) and "closed" not in lead:
            yield from self._close(lead, event, t)

    def _answer(self, lead: dict[str, Any], event: Interaction, t: int) -> Iterator[Change]:
        if event.direction == "in":
            return
        kind = "automated" if event.actor_kind != "human" else "contact"
        for meaning in ("attempt", "contact") if kind == "contact" else (kind,):
            if meaning not in lead:
                lead[meaning] = t
                name = f"response|{lead['source']}|{lead['team']}|{meaning}"
                yield from _observe(name, FUNNEL.response_edges, max(0, t - lead["created"]))
                if meaning == "contact" and "closed" not in lead:
                    self._live[f"unanswered|{lead['source']}|{lead['team']}"] -= 1

    def _move(self, lead: dict[str, Any], stage: str, t: int) -> Iterator[Change]:
        source = lead["source"]
        yield f"moved|{source}|{lead['stage']}|{stage}", 1
        for reached in STAGES[lead["furthest"] : _RANK[stage]]:
            yield f"reached|{source}|{reached}", 1
        yield from _observe(f"stage_time|{source}|{lead['stage']}", FUNNEL.stage_edges, max(0, t - lead["entered"]))
        self._live[f"open|{source}|{lead['stage']}"] -= 1
        self._live[f"open|{source}|{stage}"] += 1
        lead |= {"stage": stage, "entered": t, "furthest": max(lead["furthest"], _RANK[stage])}

    def _close(self, lead: dict[str, Any], event: Won | Lost, t: int) -> Iterator[Change]:
        source, outcome, reason = lead["source"], type(event).__name__.lower(), getattr(event, "reason", "")
        yield from _observe(f"stage_time|{source}|{lead['stage']}", FUNNEL.stage_edges, max(0, t - lead["entered"]))
        yield f"closed|{source}|{lead['team']}|{outcome}", 1
        yield f"reasons|{source}|{reason}|{outcome}", 1
        yield from _observe(f"cycle|{source}|{outcome}|created", FUNNEL.cycle_edges, max(0, t - lead["created"]))
        if "contact" in lead:
            yield from _observe(f"cycle|{source}|{outcome}|contact", FUNNEL.cycle_edges, max(0, t - lead["contact"]))
        else:
            self._live[f"unanswered|{source}|{lead['team']}"] -= 1
        self._live[f"open|{source}|{lead['stage']}"] -= 1
        lead |= {"closed": t}


def windowed(app: faust.App, variant: str) -> list[Any]:
    """Return the windowed tables of a variant."""
    day, kept = timedelta(days=1), timedelta(days=200)

    def table(name: str) -> Any:
        return app.Table(name, default=int, partitions=PARTITIONS)

    if variant == "tumbling":
        return [
            table("minutes").tumbling(timedelta(minutes=1), expires=kept),
            table("days").tumbling(day, expires=kept),
        ]
    lengths = {name: timedelta(minutes=minutes) for name, minutes in FUNNEL.rolling.items()}
    rolling = [table(f"last_{name}").hopping(span, span / _STEPS, expires=kept) for name, span in lengths.items()]
    return [*rolling, table("days").tumbling(day, expires=kept)]


def build(job: Job) -> faust.App:
    """Return the application."""
    app = faust.App(
        job.name,
        broker=f"kafka://{job.broker}",
        store="memory://",
        topic_partitions=PARTITIONS,
        topic_disable_leader=True,
        consumer_auto_offset_reset="earliest",
        web_enabled=False,
    )
    leads = Leads(
        app.Table("leads", default=dict, partitions=PARTITIONS), app.Table("live", default=int, partitions=PARTITIONS)
    )
    tables = windowed(app, job.variant)
    done = 0

    async def count(stream: AsyncIterator[bytes], decode: Any) -> None:
        nonlocal done
        async for value in stream:
            event = decode(value)
            for name, by in leads.changes(event):
                for table in tables:
                    table[name] += by
            done += 1

    async def lead_events(stream: Any) -> None:
        await count(stream, LEAD_DECODER.decode)

    async def interaction_events(stream: Any) -> None:
        await count(stream, INTERACTION_DECODER.decode)

    app.agent(app.topic(LEADS, value_serializer="raw"), name="leads")(lead_events)
    app.agent(app.topic(INTERACTIONS, value_serializer="raw"), name="interactions")(interaction_events)

    async def tell_pace() -> None:
        watch, pace = Stopwatch(job.events), None
        while pace is None:
            await asyncio.sleep(0.01)
            pace = watch.look(done)
        print(json.encode(pace).decode(), flush=True)

    app.task(tell_pace)
    return app


def main(job: Job) -> None:
    """Run until as many events are counted as the job says."""
    job.pin()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    app = build(job)
    # Left to create them itself, Faust may write to a changelog before it knows its partitions, and fails.
    changelogs = [table.changelog_topic.get_topic_name() for table in app.tables.values()]
    loop.run_until_complete(create_topics(job.broker, changelogs, {"cleanup.policy": "compact"}))
    faust.Worker(app, loglevel="ERROR", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main(json.decode(sys.argv[1], type=Job))
