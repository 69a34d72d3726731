"""A worker without Kafka, and what a scraper reads of its answers."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from typing import Any

from prometheus_client.metrics_core import Metric
from prometheus_client.openmetrics.parser import text_fd_to_metric_families as openmetrics_families
from prometheus_client.parser import text_fd_to_metric_families as prometheus_families

from processors.forecast import new_scores
from processors.funnel import Funnel
from processors.silence import SilenceRules
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER, encode
from schemas.interaction_events import Interaction
from streams.agents import LeadState, Outlets
from streams.engine.engine import InputProgress
from streams.engine.records import Record
from streams.exposition.operations import registry_for
from streams.silence import Report, Silences, report
from streams.web.metrics import Scraper
from tests.processors.events import FUNNEL, T0_MS

LEADS, INTERACTIONS = "leads.v1", "interactions.v1"
OUTLETS = Outlets({LEADS: LEAD_DECODER, INTERACTIONS: INTERACTION_DECODER}, "alerts.v1", ".dlq")
OPENMETRICS = "application/openmetrics-text;version=1.0.0"

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]
"""(sample name, labels) -> value."""


class FakeWorker:
    """What the web side and the collectors ask a worker, set by the test."""

    def __init__(self, funnel: Funnel = FUNNEL, now: int = T0_MS) -> None:
        self.time = now
        self.funnel = funnel
        self.inputs = (LEADS, INTERACTIONS)
        self.partitions = 0
        self.lead_states: dict[int, LeadState] = {}
        self.progressed: list[InputProgress] = []
        self.trouble: str | None = None
        self.failure: str | None = None
        self.others: list[str] = []
        self.fences: dict[int, int] = {}
        self.scores = new_scores()
        self.silences = Silences(self, SilenceRules(zone=funnel.zone), self.ask_others, 10.0)
        self.reports: list[Report] = []
        self.registry, self.measurements = registry_for(self)
        self.scraper = Scraper(funnel, self.registry, self.measurements)

    def state(self, partition: int = 0) -> LeadState:
        """A new state of a partition, as if it had been recovered from an empty changelog."""
        state = LeadState(partition, self.funnel, OUTLETS, self.wall_now, scores=self.scores)
        list(state.loaded())
        self.lead_states[partition] = state
        return state

    def scrape(self, *, openmetrics: bool = False) -> str:
        return b"".join(self.scraper.scrape(self.lead_states, OPENMETRICS if openmetrics else "")[1]).decode()

    def progress(self) -> Iterable[InputProgress]:
        return iter(self.progressed)

    def not_ready_because(self) -> str | None:
        return self.trouble

    def failed_because(self) -> str | None:
        return self.failure

    def peers(self) -> Iterable[str]:
        return self.others

    async def ask_others(self, counts: bool) -> list[Report]:
        return self.reports

    def arrivals(self, *, counts: bool) -> Report:
        return report(self.lead_states, self.funnel.arrival_grain, self.time, counts=counts)

    def wall_now(self) -> int:
        return self.time


def record(value: bytes | None, *, key: bytes | None = None, topic: str = LEADS, offset: int = 0) -> Record:
    """A record as the engine delivers it."""
    return Record(topic, 0, offset, T0_MS, key, value)


def records(*events: Any) -> dict[str, list[Any]]:
    """Events as records, by topic."""
    out: dict[str, list[Any]] = {}
    for offset, event in enumerate(events):
        topic = INTERACTIONS if isinstance(event, Interaction) else LEADS
        made = record(encode(event), key=event.lead_id.encode(), topic=topic, offset=offset)
        out.setdefault(topic, []).append(made)
    return out


def take(state: LeadState, *events: Any) -> LeadState:
    """Let a state apply events and commit them."""
    for batch in records(*events).values():
        state.apply(batch)
    list(state.flush())
    state.committed()
    return state


def families(text: str, *, openmetrics: bool = False) -> list[Metric]:
    """What prometheus_client's parser reads."""
    parse: Callable[[Any], Iterable[Metric]] = openmetrics_families if openmetrics else prometheus_families
    return list(parse(io.StringIO(text, newline="\n")))


def samples(text: str, *, openmetrics: bool = False) -> Samples:
    """All samples; two with the same name and labels are an error."""
    found: Samples = {}
    for family in families(text, openmetrics=openmetrics):
        for sample in family.samples:
            key = sample.name, frozenset(sample.labels.items())
            assert key not in found, f"told twice: {key}"
            found[key] = sample.value
    return found
