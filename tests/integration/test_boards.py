"""Every query of every dashboard and rule, run by a real Prometheus that scrapes a real worker at work."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from deploy.rules.documents import FILE
from tests.integration.board_queries import boards, has_data, queries, values_of
from tests.integration.floor import floor
from tests.integration.harness.leadpulse import ROOT
from tests.integration.prometheus import Prometheus

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400), pytest.mark.asyncio(loop_scope="module")]

WATCHED = 45
"""Seconds for which Prometheus looks on; a rate of counters that move between workers needs three steps of 15 s."""
BOARDS = boards()
EAGER = {
    "SILENCE__PERIOD": "2m",
    "SILENCE__GRAIN": "10s",
    "SILENCE__HALF_LIFE": "30m",
    "SILENCE__GIVE_UP": "10m",
    "SILENCE__MIN_HISTORY": "5m",
    "SILENCE__MIN_ARRIVALS": "5",
    "SILENCE__GRACE": "1s",
    "SILENCE__CHECK_INTERVAL": "1s",
    "FOLLOW_UP__REPLY_WITHIN": "1m",
}
"""Sources, and replies, are judged after the ten minutes that there were, and soon."""

ALARM = "nothing has been wrong for long enough to fire"
QUIET = {
    ("wallboard", "Leads today", "a week ago"): "Prometheus has not been running for a week",
    ("alarms", "Alarms over time", "{{alertname}} ({{severity}})"): ALARM,
    **{(board, "annotation Alarms", ""): ALARM for board in BOARDS},
}
"""Queries of boards that rightly give nothing here, and why."""
QUIET_RULES: dict[str, str] = {}
"""The same for recording rules. Alerts give something when they fire: `tests/deploy/test_rules.py` makes each do so."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def prometheus(kafka: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Prometheus]:
    """A Prometheus that has looked on for a while, with the rules loaded."""
    folder = tmp_path_factory.mktemp("floor")
    async with floor(kafka, folder, EAGER) as run:
        run.start("simulate", "simulate", "--rate", "80", "--since", "10m", "--seed", "5")
        async with Prometheus(run.ports, folder, rules=[ROOT / FILE]) as prometheus:
            await asyncio.sleep(WATCHED)
            yield prometheus


async def test_every_query_of_every_board_gives_data(prometheus: Prometheus) -> None:
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


async def test_every_rule_is_evaluated_and_every_recording_rule_gives_data(prometheus: Prometheus) -> None:
    rules = [rule for group in (await prometheus.ask("rules"))["groups"] for rule in group["rules"]]
    assert len(rules) > 20
    assert not {rule["name"]: rule["lastError"] for rule in rules if rule["health"] != "ok"}
    recorded = {rule["name"] for rule in rules if rule["type"] == "recording"}
    silent = {name for name in recorded if not (await prometheus.ask("query", query=name))["result"]}
    assert silent == set(QUIET_RULES)
