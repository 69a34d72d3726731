"""`leadpulse topics` on a real broker."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient

from tests.integration.harness.leadpulse import LeadpulseRun

pytestmark = pytest.mark.integration


def topics(run: LeadpulseRun, command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(run.command("topics", command), capture_output=True, text=True, timeout=60, check=False)


def table(run: LeadpulseRun) -> list[list[str]]:
    """Return the cells of `topics list`, without the name of the application."""
    done = topics(run, "list")
    assert done.returncode == 0, done.stderr
    rows = [re.split(r"  +", line.strip()) for line in done.stdout.splitlines()[1:]]
    return [[row[0].removeprefix(run.settings.app.id), *row[1:]] for row in rows]


async def test_topics_are_missing_then_created_then_filled(kafka: str, tmp_path: Path) -> None:
    with LeadpulseRun(kafka, tmp_path, partitions=3) as run:
        assert table(run)[0] == [".leads", "input", "missing"]
        checked = topics(run, "check")
        assert checked.returncode == 1
        assert "leadpulse topics create makes them" in checked.stderr

        created = topics(run, "create")
        assert created.returncode == 0, created.stderr
        assert sorted(line.split()[1].removeprefix(run.settings.app.id) for line in created.stdout.splitlines()) == [
            *("-changelog", ".alerts", ".interactions", ".interactions.dlq", ".leads", ".leads.dlq")
        ]
        assert topics(run, "create").stdout == "all topics are there, with 3 partitions\n"
        assert topics(run, "check").stdout == "right: 6 topics, 3 partitions\n"

        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            for _ in range(5):
                await producer.send_and_wait(run.inputs[0], b"{}", key=b"x")
        assert table(run)[:3] == [
            [".leads", "input", "3", "delete", "5"],  # never read: nothing is said about how far behind
            [".interactions", "input", "3", "delete", "0"],
            ["-changelog", "changelog", "3", "compact", "0"],
        ]

        run.start_worker()
        await run.wait_ready()
        await run.settle()
        assert table(run)[0] == [".leads", "input", "3", "delete", "5", "0"]


def test_topics_that_do_not_fit_are_all_named(kafka: str, tmp_path: Path) -> None:
    with LeadpulseRun(kafka, tmp_path) as run:
        leads, interactions = run.inputs
        two, changelog = {"num_partitions": 2}, f"{run.settings.app.id}-changelog"
        wrong = {leads: two, interactions: two, changelog: two, f"{leads}.dlq": {"num_partitions": 1}}
        admin = KafkaAdminClient(bootstrap_servers=kafka)
        admin.create_topics(wrong, wait_for_metadata=True)
        admin.close()
        checked = topics(run, "check")
        assert checked.returncode == 78
        assert "must be compact" in checked.stderr
        assert f"{leads}.dlq has 1 partitions" in checked.stderr
        assert topics(run, "create").returncode == 78
