"""One answer to a scrape."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from processors.funnel import Funnel
from processors.shard import Shard
from streams.exposition.board import Board
from streams.exposition.operations import Measurements
from streams.exposition.text import render

PROMETHEUS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

disable_created_metrics()  # type: ignore[no-untyped-call]  # prometheus_client has no types there
# `_created` is left out: counters come out of stored state, there is no time at which they began.


def wants_openmetrics(accept: str) -> bool:
    """Return whether an Accept header prefers OpenMetrics 1.0 to the Prometheus text format."""
    weights = {"application/openmetrics-text": 0.0, "text/plain": 0.0, "*/*": 0.0}
    for part in accept.split(","):
        media, *parameters = (piece.strip().lower() for piece in part.split(";"))
        given = dict(p.partition("=")[::2] for p in parameters)
        if media not in weights or (
            media == "application/openmetrics-text" and given.get("version", "1.0.0") != "1.0.0"
        ):
            continue
        weights[media] = max(weights[media], _weight(given.get("q", "1")))
    return (
        weights["application/openmetrics-text"] > 0 and weights["application/openmetrics-text"] >= weights["text/plain"]
    )


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 0.0


class Scraper:
    """Makes the text of `/metrics`.

    Args:
        funnel: What the numbers mean.
        registry: What prometheus_client tells.
        measurements: Where the time of a scrape is observed.
    """

    def __init__(self, funnel: Funnel, registry: CollectorRegistry, measurements: Measurements) -> None:
        self.board = Board(funnel)
        self._registry = registry
        self._measurements = measurements

    def refresh(self, shards: Mapping[int, Shard], now: Mapping[int, int]) -> None:
        """Bring the board up to date: which shards there are, and what `now` (ms) is for each."""
        self.board.follow(shards)
        self.board.refresh(now)

    def scrape(self, shards: Mapping[int, Shard], now: Mapping[int, int], accept: str) -> tuple[str, bytes]:
        """Return content type and body."""
        begun = time.perf_counter()
        self.refresh(shards, now)
        openmetrics = wants_openmetrics(accept)
        business = render(self.board, now, openmetrics=openmetrics).encode()
        operational = (generate_openmetrics if openmetrics else generate_latest)(self._registry)
        self._measurements.scrape.observe(time.perf_counter() - begun)
        return OPENMETRICS_TYPE if openmetrics else PROMETHEUS_TYPE, business + operational
