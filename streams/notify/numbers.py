"""What a notifier tells about itself on /metrics."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from schemas.signals import by_name
from streams.notify.messages import Outcome

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
UNREADABLE: Final = "unreadable"
ALARM_OUTCOMES: Final = (Outcome.DELIVERED.value, Outcome.REFUSED.value, UNREADABLE)


class Numbers:
    """The measurements of a notifier, for all its receivers.

    Args:
        registry: Where they are told.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        def named(kind: type[Any], name: str, **options: Any) -> Any:
            signal = by_name(name)
            return kind(signal.name, signal.help, signal.labels, unit=signal.unit, registry=registry, **options)

        self.requests: Counter = named(Counter, "leadpulse_notify_requests")
        self.alarms: Counter = named(Counter, "leadpulse_notify_alarms")
        self.seconds: Histogram = named(Histogram, "leadpulse_notify_request_duration_seconds", buckets=_SECONDS)


class ReceiverNumbers:
    """The measurements of one receiver, all there from the start.

    Args:
        numbers: Of the notifier.
        receiver: Its name.
    """

    def __init__(self, numbers: Numbers, receiver: str) -> None:
        self.receiver = receiver
        self._requests = {outcome: numbers.requests.labels(receiver, outcome.value) for outcome in Outcome}
        self._alarms = {outcome: numbers.alarms.labels(receiver, outcome) for outcome in ALARM_OUTCOMES}
        self._seconds = numbers.seconds.labels(receiver)

    def requested(self, outcome: Outcome, seconds: float) -> None:
        """Count a request."""
        self._requests[outcome].inc()
        self._seconds.observe(seconds)

    def told(self, outcome: Outcome, alarms: int) -> None:
        """Count alarms that were delivered, or refused for good."""
        self._alarms[outcome.value].inc(alarms)

    def unreadable(self) -> None:
        """Count a record that is no alert."""
        self._alarms[UNREADABLE].inc()


class Standing(Protocol):
    """What is looked up of one receiver at each scrape."""

    @property
    def name(self) -> str:
        """Return its name."""

    @property
    def waiting(self) -> int:
        """Return how many alarms wait to be told."""

    @property
    def oldest(self) -> int | None:
        """Return the time of the oldest of them, ms; None when there is none."""

    @property
    def behind(self) -> int:
        """Return how many offsets are not committed as told."""

    @property
    def open(self) -> int:
        """Return how many incidents go on that the receiver knows of."""


class StandingCollector(Collector):
    """Tells how the receivers stand.

    Args:
        receivers: Which; looked up each time.
        ready: Whether the notifier is.
        clock: Unix time in seconds.
    """

    def __init__(
        self, receivers: Sequence[Standing], ready: Callable[[], bool], clock: Callable[[], float] = time.time
    ) -> None:
        self._receivers, self._ready, self._clock = receivers, ready, clock

    def describe(self) -> list[Metric]:
        """Return nothing: names are not to be looked up before there are numbers."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges of all receivers."""
        now = self._clock()
        yield self._gauge("leadpulse_notify_queue_alarms", lambda of: of.waiting)
        yield self._gauge(
            "leadpulse_notify_oldest_undelivered_seconds",
            lambda of: 0.0 if of.oldest is None else max(0.0, now - of.oldest / 1000),
        )
        yield self._gauge("leadpulse_notify_lag_records", lambda of: of.behind)
        yield self._gauge("leadpulse_notify_open_incidents", lambda of: of.open)
        signal = by_name("leadpulse_notify_ready")
        yield GaugeMetricFamily(signal.name, signal.help, value=float(self._ready()))

    def _gauge(self, name: str, value: Callable[[Standing], float]) -> Metric:
        signal = by_name(name)
        family = GaugeMetricFamily(signal.name, signal.help, labels=signal.labels, unit=signal.unit)
        for receiver in self._receivers:
            family.add_metric([receiver.name], value(receiver))
        return family
