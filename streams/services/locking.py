"""Locks between processes that end with the processes that hold them."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class FileLock:
    """An exclusive lock on a file.

    The lock belongs to the open file (flock): a child process that inherits `descriptor` holds it too, and the
    kernel frees it when the last of them has ended, whatever ended it. The file itself stays, with the process id
    of its last owner in it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.descriptor: int | None = None

    def try_acquire(self) -> bool:
        """Take the lock if it is free."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        self.descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock back, as far as this process holds it; children that inherited it keep theirs."""
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def owner(self) -> int | None:
        """Tell the process that took the lock last, if it still runs."""
        try:
            process = int(self.path.read_text())
            os.kill(process, 0)
        except PermissionError:
            return process  # it runs, under another user
        except (OSError, ValueError):
            return None
        return process
