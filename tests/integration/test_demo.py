"""`leadpulse demo` from start to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from streams.services import KafkaService

pytestmark = pytest.mark.integration

DEMO = [sys.executable, "-c", "from streams.cli.main import main; main()", "demo"]
WARM_START = 60
"""Seconds in which the board is to be up when nothing must be downloaded."""


def children_of_demos() -> set[str]:
    """Processes whose command line names a folder of a demo."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if b"leadpulse-demo" in command:
            found.add(process.name)
    return found


def test_the_demo_is_up_within_a_minute_ends_by_itself_with_a_summary_and_leaves_nothing_running(
    tmp_path: Path,
) -> None:
    with KafkaService(tmp_path):
        pass  # a warm start: what is downloaded the first time is there
    before = children_of_demos()
    began = time.monotonic()
    demo = subprocess.Popen(
        [*DEMO, "--seconds", "15", "--seed", "1"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert demo.stdout is not None
    told = []
    for line in demo.stdout:
        told.append(line)
        if "Numbers for Prometheus" in line:
            break
    up = time.monotonic() - began
    rest = demo.communicate(timeout=120)[0]
    assert demo.returncode == 0, "".join(told) + rest
    assert up < WARM_START, "".join(told)
    assert "events read" in rest
    assert "leads in the last 5m" in rest
    assert children_of_demos() == before


def test_ctrl_c_ends_the_demo_and_leaves_nothing_running() -> None:
    before = children_of_demos()
    demo = subprocess.Popen(DEMO, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True)
    assert demo.stdout is not None
    for line in demo.stdout:
        if "Starting a worker" in line:
            break
    time.sleep(1)
    os.killpg(demo.pid, signal.SIGINT)
    rest = demo.communicate(timeout=60)[0]
    assert demo.returncode == 0, rest
    assert "nothing is left running" in rest
    assert children_of_demos() == before
