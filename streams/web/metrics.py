"""One answer to a scrape."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Final

from prometheus_client import CollectorRegistry, disable_created_metrics
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from processors.funnel import Funnel
from streams.agents import LeadState
from streams.exposition.board import Board
from streams.exposition.operations import Measurements
from streams.exposition.text import render

PROMETHEUS_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
OPENMETRICS_TYPE: Final = "application/openmetrics-text; version=1.0.0; charset=utf-8"

REFRESH_PAUSE: Final = 0.5
"""Seconds between two refreshes of the board when they cost little."""
REFRESH_SHARE: Final = 50
"""How many times longer the board rests than its last refresh took: what scrapes gain must not slow down the events."""

States = Mapping[int, LeadState]
"""Partition -> its state."""

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

    Attributes:
        board: The numbers about leads.
    """

    def __init__(self, funnel: Funnel, registry: CollectorRegistry, measurements: Measurements) -> None:
        self.board = Board(funnel)
        self._registry = registry
        self._measurements = measurements

    def scrape(self, states: States, accept: str) -> tuple[str, list[bytes]]:
        """Return content type and body, in pieces: together they may be more than ten megabytes.

        Args:
            states: Whose numbers.
            accept: The Accept header of the one who asks.
        """
        begun = time.perf_counter()
        now = {number: state.now() for number, state in states.items()}
        self._follow(states)
        for number, state in states.items():
            self.board.refresh(number, state.shard, now[number])
        openmetrics = wants_openmetrics(accept)
        pieces = render(self.board, now, openmetrics=openmetrics)
        pieces.append((generate_openmetrics if openmetrics else generate_latest)(self._registry))
        self._measurements.scrape.observe(time.perf_counter() - begun)
        return OPENMETRICS_TYPE if openmetrics else PROMETHEUS_TYPE, pieces

    async def keep_fresh(self, states: Callable[[], States]) -> None:
        """Refresh the board for ever, a shard at a time: a scrape finds little left to do, and events flow meanwhile.

        Args:
            states: Looks up the states of the moment.
        """
        while True:
            spent = 0.0
            for number in list(states()):
                begun = time.perf_counter()
                current = states()
                self._follow(current)
                if number in current:
                    self.board.refresh(number, current[number].shard, current[number].now())
                spent += time.perf_counter() - begun
                await asyncio.sleep(0)
            await asyncio.sleep(max(REFRESH_PAUSE, REFRESH_SHARE * spent))

    def _follow(self, states: States) -> None:
        self.board.follow({number: state.shard for number, state in states.items()})
