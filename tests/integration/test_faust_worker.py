"""`faust -A streams.app worker` as a process: what those who know Faust type first."""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import pytest

from tests.integration.harness.alerts import lead, write
from tests.integration.harness.leadpulse import LeadpulseRun, free_port
from tests.integration.harness.processes import Process

pytestmark = pytest.mark.integration


def faust_worker(run: LeadpulseRun, label: str, *options: str) -> Process:
    """Start a worker with Faust's own command line; its settings are in the environment alone."""
    port = run.ports.setdefault(label, free_port())
    named = [f"{key}={value}" for key, value in (run.environment | {"LEADPULSE_WEB__PORT": str(port)}).items()]
    faust = str(Path(sys.executable).with_name("faust"))
    process = Process(label, ["env", *named, faust, "-A", "streams.app", "worker", *options], run.folder)
    run.processes.append(process)
    return process


async def test_a_worker_of_fausts_command_line_counts_leads_exactly_and_ends_in_order(
    kafka: str, tmp_path: Path
) -> None:
    with LeadpulseRun(kafka, tmp_path, partitions=2) as run:
        worker = faust_worker(run, "A", "-l", "info")
        await run.wait_ready("A")
        await write(run, [lead(run, f"L-{number}", time.time()) for number in range(20)])
        await run.settle()
        created = run.metrics("A").total("leadpulse_created_leads", window="all")
        worker.ask_to_end()
        assert await asyncio.to_thread(worker.wait) == 0
        assert created == 20
        assert "Traceback" not in worker.log_text()
        verdict = await run.verify()
        assert verdict.leads == 20
        assert verdict.is_exact, verdict.wrong[:5]


async def test_bad_settings_are_named_before_anything_starts(tmp_path: Path) -> None:
    with LeadpulseRun("127.0.0.1:1", tmp_path) as run:
        run.environment["LEADPULSE_SILENCE__LEVEL"] = "much"
        worker = faust_worker(run, "A", "-l", "info")
        assert await asyncio.to_thread(worker.wait, 60) == 1
        assert "LEADPULSE_SILENCE__LEVEL: must be a number" in worker.log_text()


async def test_workers_of_both_command_lines_share_the_partitions(kafka: str, tmp_path: Path) -> None:
    with LeadpulseRun(kafka, tmp_path, partitions=2) as run:
        run.start_worker("A")
        await run.wait_ready("A")
        faust_worker(run, "B", "-l", "info", "--without-web")
        await run.wait_ready("B")
        await write(run, [lead(run, f"L-{number}", time.time()) for number in range(20)])
        await run.settle()
        counts = [run.metrics(label).total("leadpulse_created_leads", window="all") for label in ("A", "B")]
        assert sum(counts) == 20
        assert all(counts)
