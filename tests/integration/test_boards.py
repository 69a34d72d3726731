"""Every query of every dashboard, run against a real Prometheus that scrapes a real worker at work."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.integration.board_queries import boards, has_data, queries, values_of
from tests.integration.harness.leadpulse import LeadpulseRun
from tests.integration.prometheus import Prometheus

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

BOARDS = boards()
WATCHED = 45
"""Seconds for which Prometheus looks on; a rate of counters that move between workers needs three steps of 15 s."""

ALARM = "no rule is loaded in this test, so nothing is firing"
QUIET = {
    ("wallboard", "Leads today", "a week ago"): "Prometheus has not been running for a week",
    ("alarms", "Alarms over time", "{{alertname}} ({{severity}})"): ALARM,
    **{(board, "annotation Alarms", ""): ALARM for board in BOARDS},
}
"""Queries that rightly give nothing here, and why."""


async def test_every_query_of_every_board_gives_data(kafka: str, tmp_path: Path) -> None:
    with LeadpulseRun(kafka, tmp_path) as run:
        run.start_worker("A")
        await run.wait_ready("A")
        run.start("simulate", "simulate", "--rate", "80", "--since", "10m", "--seed", "5")
        async with Prometheus(run.ports, tmp_path) as prometheus:
            await asyncio.sleep(WATCHED)
            now = time.time()
            silent: set[tuple[str, str, str]] = set()
            loud: set[tuple[str, str, str]] = set()
            for name, board in BOARDS.items():
                values = values_of(board, job="leadpulse", window="15m", __rate_interval="45s")
                for query in queries(name, board):
                    told = await has_data(prometheus, query, values, now - 30, now)
                    (loud if told else silent).add((query.board, query.place, query.name))
    assert not silent - set(QUIET), "\n".join(["no data, and no reason why:", *map(str, sorted(silent - set(QUIET)))])
    assert not set(QUIET) - silent, "\n".join(["data in spite of a reason:", *map(str, sorted(set(QUIET) - silent))])
    assert len(loud) > 100
