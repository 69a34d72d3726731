"""A service comes up, goes down, and never outlives who started it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from streams.services.errors import ServiceError
from streams.services.locking import FileLock
from streams.services.ports import free_ports
from tests.streams.services import echo
from tests.streams.services.echo import Echo

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Echo]:
    with Echo(tmp_path / "echo", stop_timeout=5) as running:
        yield running


def _soon(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    deadline = time.monotonic() + seconds
    while not (held := condition()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return held


def _nothing_runs_in(folder: Path) -> bool:
    """Every process of a service holds its folder's lock."""
    lock = FileLock(folder / "lock")
    free = lock.try_acquire()
    lock.release()
    return free


def test_a_started_service_answers_and_a_stopped_one_is_gone(tmp_path: Path) -> None:
    service = Echo(tmp_path)
    service.start()
    assert service.running
    assert service.says_hello()

    service.stop()

    assert not service.running
    assert _nothing_runs_in(tmp_path)
    assert (tmp_path / "stopped-cleanly").exists()


def test_starting_twice_changes_nothing(service: Echo) -> None:
    guard = service.guard

    service.start()

    assert service.guard == guard


def test_stopping_what_never_ran_does_nothing(tmp_path: Path) -> None:
    Echo(tmp_path / "echo").stop()

    assert not (tmp_path / "echo").exists()


def test_a_restart_keeps_the_port(service: Echo) -> None:
    port = service.port

    service.stop()
    service.start()

    assert service.port == port
    assert service.says_hello()


def test_kill_leaves_no_time_to_clean_up(service: Echo) -> None:
    service.kill()

    assert _nothing_runs_in(service.data_dir)
    assert not (service.data_dir / "stopped-cleanly").exists()
    service.start()
    assert service.says_hello()


def test_a_service_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    service = Echo(tmp_path, stop_timeout=0.3)
    service.manner = "stubborn"
    service.start()

    service.stop()

    assert _nothing_runs_in(tmp_path)


def test_one_that_ended_by_itself_can_be_started_again(service: Echo) -> None:
    os.killpg(service.guard, signal.SIGKILL)
    assert _soon(lambda: not service.running)

    service.start()

    assert service.says_hello()


def test_the_terminals_ctrl_c_does_not_reach_the_service(service: Echo) -> None:
    assert os.getpgid(service.guard) == service.guard != os.getpgid(0)
    assert os.getsid(service.guard) != os.getsid(0)


def test_a_service_that_fails_to_start_shows_its_log(tmp_path: Path) -> None:
    service = Echo(tmp_path)
    service.manner = "broken"

    with pytest.raises(ServiceError) as raised:
        service.start()

    log = tmp_path / "echo.log"
    assert str(raised.value) == f"Echo ended while it started; the log is {log}\n  ERROR the disk is on fire"
    assert _nothing_runs_in(tmp_path)


def test_a_service_that_never_answers_is_given_up(tmp_path: Path) -> None:
    service = Echo(tmp_path, start_timeout=0.5)
    service.manner = "deaf"

    with pytest.raises(ServiceError, match=r"Echo did not answer within 0\.5 s; the log is .*echo\.log"):
        service.start()

    assert _nothing_runs_in(tmp_path)


def test_a_data_folder_serves_one_at_a_time(service: Echo) -> None:
    with pytest.raises(ServiceError, match=f"{service.data_dir} is in use by another Echo, of process {os.getpid()}"):
        Echo(service.data_dir).start()

    assert service.says_hello()


def test_a_data_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(ServiceError, match=f"Echo cannot use {tmp_path / 'file' / 'echo'}: Not a directory"):
        Echo(tmp_path / "file" / "echo").start()


def test_a_chosen_port_that_is_taken_is_refused(service: Echo, tmp_path: Path) -> None:
    other = Echo(tmp_path / "other", service.port)

    with pytest.raises(ServiceError, match=rf"Echo cannot listen on 127\.0\.0\.1:{service.port}"):
        other.start()

    assert _nothing_runs_in(tmp_path / "other")


def test_a_log_that_has_grown_is_put_aside_at_the_next_start(tmp_path: Path) -> None:
    (tmp_path / "echo.log").write_bytes(b"x" * 10_000_001)

    with Echo(tmp_path):
        pass

    assert (tmp_path / "echo.log.1").stat().st_size == 10_000_001
    assert (tmp_path / "echo.log").read_text() == "listening\n"


def test_no_orphan_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, echo.__file__, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        service = Echo(tmp_path, int(parent.stdout.readline().split()[0]))
        assert service.says_hello()
        parent.kill()

    assert _soon(lambda: _nothing_runs_in(tmp_path))
    assert (tmp_path / "stopped-cleanly").exists()


def test_the_data_of_a_killed_parent_can_be_used_at_once(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, echo.__file__, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        port = int(parent.stdout.readline().split()[0])
        parent.kill()

    with Echo(tmp_path, free_ports(1)[0]) as service:
        assert service.says_hello()
        assert service.port != port


@pytest.mark.skipif(sys.platform != "linux", reason="other kernels cannot tell a child of its parent's death")
def test_a_guard_that_is_killed_takes_the_service_with_it(service: Echo) -> None:
    os.kill(service.guard, signal.SIGKILL)

    assert _soon((service.data_dir / "stopped-cleanly").exists)
    assert not service.running
