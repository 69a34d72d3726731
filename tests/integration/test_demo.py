"""`leadpulse demo` from start to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

DEMO = [sys.executable, "-c", "from streams.cli.main import main; main()", "demo"]


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


def test_the_demo_ends_by_itself_with_a_summary_and_leaves_nothing_running() -> None:
    before = children_of_demos()
    done = subprocess.run(
        [*DEMO, "--seconds", "5", "--seed", "1"], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "events read" in done.stdout
    assert "leads in the last 5m" in done.stdout
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
