"""`leadpulse services` as a process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from streams.services.kafka_probe import live_brokers

pytestmark = pytest.mark.integration

SERVICES = [sys.executable, "-c", "from streams.cli.main import main; main()", "services"]


def running_in(folder: Path) -> list[str]:
    """Return the processes whose command line names a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in command:
            found.append(process.name)
    return found


def test_kafka_runs_until_ctrl_c_and_nothing_is_left(tmp_path: Path) -> None:
    folder = tmp_path / "playground"
    command = subprocess.Popen(
        [*SERVICES, "--kafka-port", "0", "--data", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert command.stdout is not None
    lines: list[str] = []
    for line in command.stdout:
        lines.append(line)
        if "Ctrl-C stops them." in line:
            break
    said = "".join(lines)
    address = re.search(r"leadpulse worker --set kafka\.brokers=127\.0\.0\.1:(\d+)", said)
    assert address, said
    assert live_brokers("127.0.0.1", int(address[1])) == 1
    os.killpg(command.pid, signal.SIGINT)
    rest = command.communicate(timeout=60)[0]
    assert command.returncode == 0, rest
    assert running_in(folder) == []


def test_a_port_that_is_in_use_is_one_line(kafka: str, tmp_path: Path) -> None:
    port = kafka.partition(":")[2]
    done = subprocess.run(
        [*SERVICES, "--kafka-port", port, "--data", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert f"Kafka cannot listen on 127.0.0.1:{port}" in done.stderr
    assert "Traceback" not in done.stderr
