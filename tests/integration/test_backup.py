"""The state of an application, saved and put back as docs/operations.md says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient

from tests.integration.harness.leadpulse import LeadpulseRun
from tests.integration.harness.log import Log, read_topic

pytestmark = pytest.mark.integration

WRITTEN_AGAIN = ("alert ", "incident ", "dead letters")


@pytest.fixture
def run(kafka: str, tmp_path: Path) -> Iterator[LeadpulseRun]:
    with LeadpulseRun(kafka, tmp_path, partitions=2) as run:
        yield run


async def test_a_state_that_was_lost_comes_back_from_its_backup_and_catches_up(run: LeadpulseRun) -> None:
    changelog = f"{run.settings.app.id}-changelog"
    worker = run.start_worker()
    await run.wait_ready()
    floor = ("simulate", "--as-fast-as-possible", "--days=3")
    run.run_command(*floor, "--leads=300", "--seed=1")
    await run.settle()
    backup = await read_topic(run.broker, changelog, run.partitions)  # while the worker runs
    run.run_command(*floor, "--leads=200", "--seed=2")
    await run.settle()
    worker.ask_to_end()
    assert worker.wait(60) == 0

    admin = KafkaAdminClient(bootstrap_servers=run.broker)
    admin.delete_topics([changelog])
    admin.close()
    run.run_command("topics", "create")
    assert all(not entries for entries in (await read_topic(run.broker, changelog, run.partitions)).values())
    await put_back(run.broker, changelog, backup)

    run.start_worker("again")
    await run.wait_ready("again")
    await caught_up(run, "again")
    verdict = await run.verify()
    wrong = [problem for problem in verdict.wrong if not problem.partition(": ")[2].startswith(WRITTEN_AGAIN)]
    assert not wrong
    assert verdict.leads == 500
    total = run.metrics("again").total("leadpulse_records_read_total")
    assert total == verdict.records, "each record counts once"


async def caught_up(run: LeadpulseRun, label: str) -> None:
    """Wait until the worker has committed all inputs; the group's offsets are still those of before the loss."""
    logs = [await read_topic(run.broker, topic, run.partitions) for topic in run.inputs]
    records = sum(len(entries) for log in logs for entries in log.values())
    deadline = time.monotonic() + 60
    while run.metrics(label).total("leadpulse_records_read_total") < records:
        assert time.monotonic() < deadline, f"still behind, see {run.folder}"
        await asyncio.sleep(0.2)


async def put_back(broker: str, topic: str, log: Log) -> None:
    """Write records back into the partitions that they came from, in their order."""
    producer = AIOKafkaProducer(bootstrap_servers=broker, enable_idempotence=True)
    await producer.start()
    try:
        for partition, entries in log.items():
            assert entries
            for entry in entries:
                await producer.send(topic, entry.value, key=entry.key, partition=partition, headers=entry.headers)
    finally:
        await producer.stop()
