"""One holder at a time, and none that is dead."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from streams.services.locking import FileLock

if TYPE_CHECKING:
    from pathlib import Path

_HOLD = "import sys, time; print('holds', flush=True); sys.stdin.read()"


def test_a_second_lock_is_refused_until_the_first_is_released(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")

    assert first.try_acquire()
    assert not second.try_acquire()
    assert second.owner() == os.getpid()
    first.release()
    assert second.try_acquire()
    second.release()


def test_a_child_that_inherits_the_lock_holds_it_until_its_end(tmp_path: Path) -> None:
    lock, other = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    assert lock.try_acquire()
    assert lock.descriptor is not None
    with subprocess.Popen(
        [sys.executable, "-c", _HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=[lock.descriptor]
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"holds\n"
        lock.release()
        assert not other.try_acquire()
        child.kill()
    assert other.try_acquire()
    other.release()


def test_an_owner_that_has_ended_is_nobody(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as gone:
        gone.wait()
    (tmp_path / "lock").write_text(str(gone.pid))

    assert FileLock(tmp_path / "lock").owner() is None


def test_a_lock_file_without_a_process_has_no_owner(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("")

    assert FileLock(tmp_path / "lock").owner() is None
