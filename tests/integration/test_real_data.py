"""The loan applications of the BPI Challenge 2012 through Kafka and a worker: the published counts, come what may."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

import pytest

from streams.producing import Message, at_rate, connected, produce
from streams.replay import Mapper, load_mapping, open_export
from streams.settings.kafka import kafka_client_options
from tests.integration.harness.leadpulse import ROOT, LeadpulseRun, Metrics

pytestmark = pytest.mark.integration

DATA = ROOT.parent / "shared" / "data" / "bpi2012_events_dev.csv.gz"
MAPPING = ROOT / "examples" / "bpi2012.toml"
SETTINGS = ROOT / "examples" / "bpi2012-leadpulse.toml"

EVENTS, LEADS, WON, CONTACTED = 67_241, 7455, 1336, 5507
LOST = {"A_DECLINED": 4401, "A_CANCELLED": 1718}
REACHED = {"A_PREACCEPTED": 4143, "A_ACCEPTED": 2886, "A_FINALIZED": 2836, "O_SENT": 2836, "O_SENT_BACK": 1856}
WITHIN_PERCENT = {"300.0": 14.5272, "3600.0": 38.5111, "14400.0": 51.2408, "86400.0": 70.7445}

RATE, KILLS = 5000.0, 3


@pytest.fixture
def run(kafka: str, tmp_path: Path) -> Iterator[LeadpulseRun]:
    if not DATA.exists():
        pytest.skip(f"the BPI Challenge 2012 file is not there: {DATA}")
    with LeadpulseRun(kafka, tmp_path, config=SETTINGS) as run:
        yield run


def replay(run: LeadpulseRun, file: Path) -> None:
    run.run_command("replay", str(file), "--mapping", str(MAPPING))


def check(metrics: Metrics) -> None:
    """The ground truth, from the window that holds everything."""
    everything = {"window": "all"}
    assert metrics.total("leadpulse_created_leads", **everything) == LEADS
    assert metrics.total("leadpulse_closed_leads", **everything, outcome="won") == WON
    assert {
        reason: metrics.total("leadpulse_close_reason_leads", **everything, outcome="lost", reason=reason)
        for reason in LOST
    } == LOST
    assert metrics.total("leadpulse_open_leads") == 0
    assert {
        stage: metrics.total("leadpulse_stage_reached_leads", **everything, stage=stage) for stage in REACHED
    } == REACHED
    contact = {**everything, "kind": "contact"}
    assert metrics.total("leadpulse_response_seconds_gcount", **contact) == CONTACTED
    assert {
        le: round(100 * metrics.total("leadpulse_response_seconds_bucket", **contact, le=le) / LEADS, 4)
        for le in WITHIN_PERCENT
    } == WITHIN_PERCENT
    assert metrics.total("leadpulse_dead_letters_total") == 0


async def test_a_replay_in_order_gives_the_published_counts(run: LeadpulseRun) -> None:
    run.start_worker()
    await run.wait_ready()
    replay(run, DATA)
    await run.settle()
    check(run.metrics())


async def test_shuffled_days_duplicates_and_kills_change_nothing(run: LeadpulseRun) -> None:
    events = shuffled(random.Random(20111001), run)
    worker = run.start_worker()
    await run.wait_ready()
    async with connected(kafka_client_options(run.settings.kafka)) as writer:
        load = asyncio.create_task(produce(writer, at_rate(events, RATE)))
        for _ in range(KILLS):
            await asyncio.sleep(len(events) / RATE / (KILLS + 1))
            worker.kill()
            worker = run.start_worker()
            await run.wait_ready()
        assert await load == len(events)
    await run.settle()
    metrics = run.metrics()
    check(metrics)
    assert metrics.total("leadpulse_events_total", outcome="duplicate") == len(events) - EVENTS
    verdict = await run.verify()
    assert verdict.is_exact, verdict


def shuffled(dice: random.Random, run: LeadpulseRun) -> list[Message]:
    """The events of each day in any order, and a tenth of them twice."""
    mapping = load_mapping(MAPPING)
    mapper = Mapper(mapping, DATA, strict=True)
    leads, interactions = run.inputs
    out: list[Message] = []
    with open_export(DATA, mapping.mapping.file) as rows:
        mapper.check_columns(rows)
        for _, day in groupby(mapper.events(rows), key=lambda mapped: mapped.event.occurred_at.date()):
            mixed = list(day)
            mixed += dice.sample(mixed, len(mixed) // 10)
            dice.shuffle(mixed)
            out += [Message(0, interactions if m.interaction else leads, m.key, m.value) for m in mixed]
    return out
