"""The dashboards beside a worker that has read nothing: a panel is never empty without saying what that means."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest

from tests.integration.board_queries import boards, has_data, panel_queries, values_of
from tests.integration.floor import floor
from tests.integration.prometheus import Prometheus

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

WATCHED = 20
"""Seconds for which Prometheus looks on: rates need some."""
TRUE = {
    "no alarm",
    "no event yet",
    "no lead was scored",
    "no request was made",
    "no such lead",
    "nobody's time to reply was up",
    "none counted",
    "none due yet",
    "none in this window",
    "none measured",
    "not judged yet",
    "nothing to score yet",
}
"""What may be said of a worker that has read nothing; that no notifier is running, or no Redis, is not true here."""


async def empty_panels(prometheus: Prometheus, name: str, board: dict[str, Any], now: float) -> dict[str, str]:
    """Title of each panel without data -> what it shows instead."""
    values = values_of(board, job="leadpulse", __rate_interval="15s")
    found = {}
    for panel in board["panels"]:
        asked = list(panel_queries(name, panel))
        if asked and not any([await has_data(prometheus, query, values, now - 5, now) for query in asked]):
            found[panel["title"]] = panel["fieldConfig"]["defaults"].get("noValue", "")
    return found


async def test_a_worker_that_has_read_nothing_leaves_no_panel_empty_without_a_word(kafka: str, tmp_path: Path) -> None:
    async with floor(kafka, tmp_path) as run, Prometheus(run.ports, tmp_path) as prometheus:
        await asyncio.sleep(WATCHED)
        now = time.time()
        empty = {name: await empty_panels(prometheus, name, board, now) for name, board in boards().items()}
    wrong = [(name, *panel) for name, panels in empty.items() for panel in panels.items() if panel[1] not in TRUE]
    assert not wrong, "\n".join(["empty, and not said why, or wrongly:", *map(str, wrong)])
    assert sum(map(len, empty.values())) > 30, "nothing was to be seen: the worker was not idle"
