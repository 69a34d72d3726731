"""The services alone, as `leadpulse services` runs them."""

from __future__ import annotations

import io
import os
import signal
import threading
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from streams.services.running import run_services
from tests.streams.services.echo import Echo

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Interrupted(io.StringIO):
    """A terminal before which somebody does something once the services are up."""

    def __init__(self, act: Callable[[], None]) -> None:
        super().__init__()
        self.act = act

    def write(self, text: str) -> int:
        written = super().write(text)
        if "Ctrl-C stops them." in text:
            threading.Timer(0.1, self.act).start()
        return written


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_all_and_is_a_wanted_end(tmp_path: Path, number: signal.Signals) -> None:
    services = [Echo(tmp_path / "one"), Echo(tmp_path / "two")]
    output = Interrupted(lambda: os.kill(os.getpid(), number))

    status = run_services(services, Console(file=output))

    assert status == 0
    assert not any(service.running for service in services)
    lines = output.getvalue().splitlines()
    assert lines[2:] == [f"Echo    {service.address:<24}log {service.log_file}" for service in services] + [
        "Ctrl-C stops them.",
        "Stopped.",
    ]
    assert all((service.data_dir / "stopped-cleanly").exists() for service in services)


def test_the_former_handling_of_sigterm_is_put_back(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGTERM)

    run_services([Echo(tmp_path)], Console(file=Interrupted(lambda: os.kill(os.getpid(), signal.SIGINT))))

    assert signal.getsignal(signal.SIGTERM) is before


def test_a_service_that_does_not_start_stops_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good, bad = Echo(tmp_path / "good"), Echo(tmp_path / "bad")
    bad.manner = "broken"

    assert run_services([good, bad], Console(file=io.StringIO())) == 1

    assert not good.running
    assert f"error: Echo ended while it started; the log is {bad.log_file}" in capsys.readouterr().err


def test_a_service_that_ends_by_itself_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    service = Echo(tmp_path)
    output = Interrupted(lambda: os.killpg(service.guard, signal.SIGKILL))

    assert run_services([service], Console(file=output)) == 1

    assert f"error: Echo ended by itself; the log is {service.log_file}" in capsys.readouterr().err
