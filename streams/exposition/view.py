"""What is told about the view of who waits in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from schemas.signals import by_name
from streams.waiting_view import Standing

_PREFIX = "leadpulse_waiting_view"


class ViewCollector(Collector):
    """Tells how the view stands, looked up at each scrape.

    Args:
        standing: Gives how it stands.
    """

    def __init__(self, standing: Callable[[], Standing]) -> None:
        self._standing = standing

    def describe(self) -> list[Metric]:
        """Return nothing: names are not to be looked up before there is a view."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield its gauges and counters."""
        now = self._standing()
        gauges = {"up": now.up, "lag_seconds": now.lag, "pending_leads": now.pending}
        for name, value in gauges.items():
            signal = by_name(f"{_PREFIX}_{name}")
            yield GaugeMetricFamily(signal.name, signal.help, value=value, unit=signal.unit)
        for name, counts in {"rewrites": now.whole, "errors": now.errors}.items():
            signal = by_name(f"{_PREFIX}_{name}")
            family = CounterMetricFamily(signal.name, signal.help, labels=signal.labels)
            for label, count in counts.items():
                family.add_metric([label], count)
            yield family
