"""The real worker under kills, with a sales floor that never stops: every key compared with a model of the topics."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.harness.leadpulse import LeadpulseRun

pytestmark = pytest.mark.integration

KILLS = 10
RATE = 800


@pytest.fixture
def run(kafka: str, tmp_path: Path) -> Iterator[LeadpulseRun]:
    with LeadpulseRun(kafka, tmp_path, settings={"RESPONSE__THRESHOLDS": "5s,1m", "RESPONSE__TARGET": "5s"}) as run:
        yield run


async def test_two_workers_killed_ten_times_under_load_lose_and_double_nothing(run: LeadpulseRun) -> None:
    dice = random.Random(10)
    workers = {label: run.start_worker(label) for label in "AB"}
    for label in workers:
        await run.wait_ready(label)
    load = run.start("load", "simulate", f"--rate={RATE}", "--seed=10", "--since=2m")
    for _ in range(KILLS):
        label = dice.choice("AB")
        await asyncio.sleep(dice.uniform(0.2, 2.0))
        workers[label].kill()
        workers[label] = run.start_worker(label)
        await asyncio.sleep(dice.choice((0.0, 0.0, 3.0)))  # killed again while it recovers, or not
    load.ask_to_end()
    load.wait(60)
    for label in workers:
        await run.wait_ready(label)
    await run.settle()
    verdict = await run.verify()
    assert verdict.is_exact, verdict.wrong[:5]
    assert verdict.records > RATE * KILLS
    assert verdict.alerts > 0
    assert verdict.dead_letters > 0
    read = sum(run.metrics(label).total("leadpulse_records_read_total") for label in workers)
    assert read == verdict.records, "the counters tell each record once"
