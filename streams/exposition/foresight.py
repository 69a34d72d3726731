"""What is told about what has not happened yet: breaches to expect, and sources that are silent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from processors.forecast import HORIZONS, Scores
from processors.funnel import MINUTE_MS
from schemas.signals import by_name
from streams.agents import LeadState
from streams.silence import Silences

HORIZON_NAMES: Final = tuple(f"{horizon // MINUTE_MS}m" for horizon in HORIZONS)


class ForesightView(Protocol):
    """What the collector asks a worker."""

    @property
    def lead_states(self) -> dict[int, LeadState]:
        """States by partition number."""

    @property
    def scores(self) -> Scores:
        """How good the forecasts were."""

    @property
    def silences(self) -> Silences:
        """The judge of the sources."""


class ForesightCollector(Collector):
    """Tells forecasts, their score, and the silences; looked up at each scrape.

    Args:
        worker: Whose.
    """

    def __init__(self, worker: ForesightView) -> None:
        self._worker = worker

    def describe(self) -> list[Metric]:
        """Return nothing: names are not to be looked up before there are states."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield everything."""
        yield from self._expected()
        yield from self._score()
        yield from self._sources()

    def _expected(self) -> Iterator[Metric]:
        shards = {partition: state.shard for partition, state in self._worker.lead_states.items()}
        expected, waits = gauge("leadpulse_expected_breaches"), gauge("leadpulse_forecast_waits")
        sums: defaultdict[tuple[str, str], float] = defaultdict(float)
        for partition, shard in sorted(shards.items()):
            if shard.forecasts.expected is not None:
                waits.add_metric([str(partition)], len(shard.forecasts.watched))
            names = shard.labels["team"].names
            sums.update({(team, horizon): sums[team, horizon] for team in names for horizon in HORIZON_NAMES})
            for (team, horizon), value in (shard.forecasts.expected or {}).items():
                sums[names[team], HORIZON_NAMES[horizon]] += value
        if all(shard.forecasts.expected is not None for shard in shards.values()):  # a part of a sum would be a dent
            for labels, value in sorted(sums.items()):
                expected.add_metric(labels, value)
        yield from (expected, waits)

    def _score(self) -> Iterator[Metric]:
        by_decile = [
            counter(f"leadpulse_{n}") for n in ("forecasts", "forecast_breaches_expected", "forecast_breaches")
        ]
        errors = counter("leadpulse_forecast_squared_error"), counter("leadpulse_forecast_reference_squared_error")
        for horizon, score in zip(HORIZON_NAMES, self._worker.scores, strict=True):
            told = zip(score.forecasts, score.expected, score.breaches, strict=True)
            for decile, values in enumerate(told):
                for metric, value in zip(by_decile, values, strict=True):
                    metric.add_metric([horizon, str(decile)], value)
            for metric, error in zip(errors, (score.brier, score.reference), strict=True):
                metric.add_metric([horizon], error)
        yield from (*by_decile, *errors)

    def _sources(self) -> Iterator[Metric]:
        silences = self._worker.silences
        silent, rounds = gauge("leadpulse_source_silent"), counter("leadpulse_silence_rounds")
        for source, is_silent in sorted(silences.silent().items()):
            silent.add_metric([source], is_silent)
        for outcome, times in silences.rounds.items():
            rounds.add_metric([outcome], times)
        names = ("silence_seconds", "silence_probability", "expected_arrivals", "hourly_arrivals")
        metrics = [gauge(f"leadpulse_source_{name}") for name in names]
        judged = gauge("leadpulse_silence_judged_timestamp_seconds")
        if verdict := silences.standing():
            judged.add_metric([], verdict.now / 1000)
            for source, finding in sorted(verdict.findings.items()):
                values = finding.silence / 1000, finding.chance, finding.expected, finding.rate
                for metric, value in zip(metrics, values, strict=True):
                    metric.add_metric([source], value)
        yield from (silent, *metrics, judged, rounds)


def counter(name: str) -> CounterMetricFamily:
    """Return an empty counter from its row in the signal table."""
    signal = by_name(name)
    return CounterMetricFamily(signal.name, signal.help, labels=signal.labels, unit=signal.unit)


def gauge(name: str) -> GaugeMetricFamily:
    """Return an empty gauge from its row in the signal table."""
    signal = by_name(name)
    return GaugeMetricFamily(signal.name, signal.help, labels=signal.labels, unit=signal.unit)
