"""What is told about this application: measured by prometheus_client, filled in by the engine's observer."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from typing import Any, Protocol, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info, ProcessCollector
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from processors import shard
from schemas.alerts import Alert
from schemas.refusals import Reason
from schemas.signals import by_name
from streams.agents import LeadState
from streams.engine.engine import InputProgress
from streams.engine.observer import EngineObserver
from streams.exposition.catching_up import CatchingUp
from streams.exposition.foresight import ForesightCollector, ForesightView, counter, gauge

_CHUNK = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0)
_TRANSACTION = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_DELAY = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0, 300.0, 3600.0)
_SCRAPE = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

INCIDENTS = ("fenced", "recovered_again", "hole", "skipped", "poisoned")
OUTCOMES = ("accepted", "duplicate", "too_late", "dead")
ALERT_KINDS = tuple(sorted(str(kind.__struct_config__.tag) for kind in get_args(Alert)))
CAPPED = ("source", "campaign", "segment", "region", "product", "team", "reason", "competitor")


class WorkerView(ForesightView, Protocol):
    """What the collectors ask a worker."""

    def progress(self) -> Iterable[InputProgress]:
        """Yield how far each input of each partition has come."""

    def not_ready_because(self) -> str | None:
        """Return why the worker is not ready, None when it is."""

    @property
    def partitions(self) -> int:
        """Partitions of the inputs; 0 while unknown."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The input topics."""

    def wall_now(self) -> int:
        """Return the wall time in ms."""


def _named(kind: type[Any], name: str, registry: CollectorRegistry, **options: Any) -> Any:
    """Make a measurement from its row in the signal table."""
    signal = by_name(name)
    # prometheus_client appends `_total` by itself.
    return kind(signal.name, signal.help, labelnames=signal.labels, unit=signal.unit, registry=registry, **options)


class Measurements(EngineObserver):
    """The engine's observer: everything measured in this process.

    Args:
        registry: Where the measurements are told.
        inputs: The input topics.
        now: The wall clock, ms.

    Attributes:
        recoveries: Partition -> seconds and records of its last recovery here.
        alert_delay: Where it is observed how late a warning, a breach or an escalation is.
        scrape: Where the time of a scrape is observed.
    """

    def __init__(self, registry: CollectorRegistry, inputs: Iterable[str], now: Callable[[], int]) -> None:
        self._now = now
        self.recoveries: dict[int, tuple[float, int]] = {}

        def named(kind: type[Any], name: str, **options: Any) -> Any:
            return _named(kind, name, registry, **options)

        self._chunk: Histogram = named(Histogram, "leadpulse_chunk_duration_seconds", buckets=_CHUNK)
        self._transaction: Histogram = named(Histogram, "leadpulse_transaction_duration_seconds", buckets=_TRANSACTION)
        self._delay: Histogram = named(Histogram, "leadpulse_event_delay_seconds", buckets=_DELAY)
        self.alert_delay: Histogram = named(Histogram, "leadpulse_alert_delay_seconds", buckets=_DELAY)
        self.scrape: Histogram = named(Histogram, "leadpulse_scrape_duration_seconds", buckets=_SCRAPE)
        self._records: Counter = named(Counter, "leadpulse_transaction_records")
        self._bytes: Counter = named(Counter, "leadpulse_transaction_bytes")
        self._rebalances: Counter = named(Counter, "leadpulse_rebalances")
        self._rebalance_seconds: Gauge = named(Gauge, "leadpulse_rebalance_duration_seconds")
        self._incidents: Counter = named(Counter, "leadpulse_engine_incidents")
        self._lost: Counter = named(Counter, "leadpulse_lost_records")
        self._away: Gauge = named(Gauge, "leadpulse_broker_away_seconds")
        for kind in INCIDENTS:
            self._incidents.labels(kind)
        for topic in inputs:
            self._lost.labels(topic)
        build = Info("leadpulse_build", by_name("leadpulse_build").help, registry=registry)
        build.info(_versions())

    def chunk_applied(self, partition: int, records: int, seconds: float) -> None:
        """Observe the time."""
        self._chunk.observe(seconds)

    def transaction_committed(
        self, partition: int, seconds: float, records: int, size: int, oldest_timestamp: int | None
    ) -> None:
        """Observe time and size, and how late the oldest record's effect is."""
        self._transaction.observe(seconds)
        self._records.inc(records)
        self._bytes.inc(size)
        if oldest_timestamp is not None:
            self._delay.observe(max(0.0, (self._now() - oldest_timestamp) / 1000))

    def partition_recovered(self, partition: int, seconds: float, records: int) -> None:
        """Keep the last recovery of each partition."""
        self.recoveries[partition] = seconds, records

    def rebalance_begun(self) -> None:
        """Count it."""
        self._rebalances.inc()

    def rebalance_ended(self, seconds: float, owned: int) -> None:
        """Keep how long it took."""
        self._rebalance_seconds.set(seconds)

    def fenced(self, partition: int) -> None:
        """Count it."""
        self._incidents.labels("fenced").inc()

    def recovering_again(self, partition: int) -> None:
        """Count it."""
        self._incidents.labels("recovered_again").inc()

    def hole(self, topic: str, partition: int) -> None:
        """Count it."""
        self._incidents.labels("hole").inc()

    def skipped(self, partition: int, records: int) -> None:
        """Count the chunk, not its records: it is the incident."""
        self._incidents.labels("skipped").inc()

    def poisoned(self, topic: str, partition: int, offset: int) -> None:
        """Count it."""
        self._incidents.labels("poisoned").inc()

    def lost_input(self, topic: str, partition: int, offsets: int) -> None:
        """Count the offsets."""
        self._lost.labels(topic).inc(offsets)

    def broker_away(self, seconds: float) -> None:
        """Keep how long."""
        self._away.set(seconds)


def _versions() -> dict[str, str]:
    return {
        "version": version("leadpulse"),
        "python": platform.python_version(),
        "faust": version("faust-streaming"),
        "core": "python" if shard.__file__.endswith(".py") else "compiled",
    }


class StateCollector(Collector):
    """Tells what the states of this worker count, and how they stand; looked up at each scrape.

    Args:
        worker: Whose states.
        measurements: Knows their recoveries.
    """

    def __init__(self, worker: WorkerView, measurements: Measurements) -> None:
        self._worker = worker
        self._measurements = measurements
        self._catching_up = CatchingUp(worker.inputs)

    def describe(self) -> list[Metric]:
        """Return nothing: names are not to be looked up before there are states."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the counters and gauges of all owned partitions."""
        states = sorted(self._worker.lead_states.items())
        progress = list(self._worker.progress())
        self._catching_up.look(dict(states), progress)
        yield from self._counters(states)
        yield from self._standing(states)
        yield from self._recoveries(states)
        yield from self._lags(progress)

    def _counters(self, states: list[tuple[int, LeadState]]) -> Iterator[Metric]:
        read, events, dead = map(counter, ("leadpulse_records_read", "leadpulse_events", "leadpulse_dead_letters"))
        alerts, overflow = map(counter, ("leadpulse_alerts", "leadpulse_label_overflow"))
        forgotten = counter("leadpulse_forgotten_events")
        for number, state in states:
            counts, partition = state.counts, str(number)
            for topic in self._worker.inputs:
                read.add_metric([partition, topic], counts.get(f"read.{topic}", 0))
            all_dead = 0
            for reason in Reason:
                all_dead += (n := counts.get(f"dead.{reason}", 0))
                dead.add_metric([partition, reason.value], n)
            for outcome in OUTCOMES:
                events.add_metric([partition, outcome], all_dead if outcome == "dead" else counts.get(outcome, 0))
            forgotten.add_metric([partition], counts.get("forgotten", 0))
            for kind in ALERT_KINDS:
                alerts.add_metric([partition, kind], counts.get(f"alert.{kind}", 0))
            for label in CAPPED:
                overflow.add_metric([partition, label], counts.get(f"overflow.{label}", 0))
        yield from (read, events, forgotten, dead, alerts, overflow)

    def _standing(self, states: list[tuple[int, LeadState]]) -> Iterator[Metric]:
        leads, panes, ready = map(
            gauge, ("leadpulse_state_leads", "leadpulse_state_panes", "leadpulse_partition_ready")
        )
        watermark = gauge("leadpulse_watermark_timestamp_seconds")
        for number, state in states:
            partition, shard = [str(number)], state.shard
            leads.add_metric(partition, len(shard))
            panes.add_metric(partition, len(shard.panes))
            ready.add_metric(partition, self._catching_up.has_arrived(state))
            if shard.watermark:
                watermark.add_metric(partition, shard.watermark / 1000)
        yield from (leads, panes, ready, watermark)
        if self._worker.partitions:
            yield _single("leadpulse_partitions", self._worker.partitions)
        yield _single("leadpulse_ready", self._worker.not_ready_because() is None)

    def _recoveries(self, states: list[tuple[int, LeadState]]) -> Iterator[Metric]:
        seconds, records = map(gauge, ("leadpulse_recovery_duration_seconds", "leadpulse_recovery_records"))
        for number, _ in states:
            if number in self._measurements.recoveries:
                took, read = self._measurements.recoveries[number]
                seconds.add_metric([str(number)], took)
                records.add_metric([str(number)], read)
        yield from (seconds, records)

    def _lags(self, progress: list[InputProgress]) -> Iterator[Metric]:
        records, seconds = gauge("leadpulse_consumer_lag_records"), gauge("leadpulse_consumer_lag_seconds")
        now = self._worker.wall_now()
        for at in progress:
            if at.lag is not None:
                labels = [str(at.partition), at.topic]
                records.add_metric(labels, at.lag)
                behind = at.lag > 0 and at.newest_timestamp is not None
                seconds.add_metric(labels, max(0.0, (now - (at.newest_timestamp or now)) / 1000) if behind else 0.0)
        yield from (records, seconds)


def _single(name: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, by_name(name).help, value=value)


def registry_for(worker: WorkerView) -> tuple[CollectorRegistry, Measurements]:
    """Return a registry with everything told about a worker and its process, and the observer that fills it."""
    registry = CollectorRegistry()
    measurements = Measurements(registry, worker.inputs, worker.wall_now)
    registry.register(StateCollector(worker, measurements))
    registry.register(ForesightCollector(worker))
    ProcessCollector(registry=registry)
    return registry, measurements
