"""`leadpulse worker` as a process: how it starts, waits and ends."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from pathlib import Path

import pytest
from kafka import KafkaAdminClient

from streams.services import KafkaService
from tests.integration.harness.leadpulse import LeadpulseRun, free_port
from tests.integration.harness.processes import Process

pytestmark = pytest.mark.integration


def last_line(process: Process) -> str:
    """Return the last line that it wrote to standard error."""
    return process.log_text().splitlines()[-1]


async def logged(process: Process, text: str) -> None:
    """Wait until it says something on standard error."""
    deadline = time.monotonic() + 60
    while text not in (log := process.log_text()):
        assert not process.ended, log
        assert time.monotonic() < deadline, log
        await asyncio.sleep(0.1)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_a_worker_in_order_and_leaves_nothing(
    number: signal.Signals, kafka: str, tmp_path: Path
) -> None:
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    with LeadpulseRun(kafka, tmp_path, partitions=2) as run:
        run.environment["TMPDIR"] = str(temporary)
        worker = run.start_worker()
        await run.wait_ready()
        assert list(temporary.iterdir())
        os.killpg(worker._process.pid, number)
        assert await asyncio.to_thread(worker.wait) == 0
        with pytest.raises(ProcessLookupError):
            os.killpg(worker._process.pid, 0)
        assert not list(temporary.iterdir())
        assert "Traceback" not in worker.log_text()


async def test_a_port_that_is_in_use_is_one_line_that_names_the_setting(kafka: str, tmp_path: Path) -> None:
    with LeadpulseRun(kafka, tmp_path) as run, socket.create_server(("127.0.0.1", 0)) as taken:
        run.ports["A"] = taken.getsockname()[1]
        worker = run.start_worker()
        assert await asyncio.to_thread(worker.wait, 60) == 1
        place = f"127.0.0.1:{run.ports['A']}"
        assert last_line(worker) == f"leadpulse: {place} is in use; free it or choose another [web] port (--web-port)"
        assert "Traceback" not in worker.log_text()


async def test_topics_that_do_not_fit_are_a_matter_of_configuration(kafka: str, tmp_path: Path) -> None:
    with LeadpulseRun(kafka, tmp_path) as run:
        admin = KafkaAdminClient(bootstrap_servers=kafka)
        leads, interactions = run.inputs
        admin.create_topics({leads: {"num_partitions": 2}, interactions: {"num_partitions": 3}}, wait_for_metadata=True)
        admin.close()
        worker = run.start_worker()
        assert await asyncio.to_thread(worker.wait, 60) == 78
        assert last_line(worker).startswith("leadpulse: the inputs must have the same number of partitions")
        assert "Traceback" not in worker.log_text()


async def test_a_worker_waits_for_a_broker_that_is_away_and_says_so(tmp_path: Path) -> None:
    service = KafkaService(tmp_path / "kafka", free_port())
    with LeadpulseRun(service.bootstrap, tmp_path, partitions=2) as run:
        worker = run.start_worker()
        await logged(worker, "waiting for Kafka at")
        assert run.get("/livez")[0] == 200
        assert run.get("/readyz") == (503, "waiting for Kafka\n")
        with service:
            await run.wait_ready()
            worker.ask_to_end()
            assert await asyncio.to_thread(worker.wait) == 0


async def test_a_worker_that_waits_for_a_broker_can_be_stopped(tmp_path: Path) -> None:
    with LeadpulseRun(f"127.0.0.1:{free_port()}", tmp_path) as run:
        worker = run.start_worker()
        await logged(worker, "waiting for Kafka at")
        worker.ask_to_end()
        assert await asyncio.to_thread(worker.wait) == 0
