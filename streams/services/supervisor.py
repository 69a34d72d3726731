"""Brings a service's process up and down; what is common to all services."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from contextlib import suppress
from typing import TYPE_CHECKING, ClassVar, Self

from streams.services import guard
from streams.services.errors import ServiceError, with_log
from streams.services.locking import FileLock
from streams.services.ports import HOST, free_ports, require_free

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType

_LOOK_SECONDS = 0.05
_FORMER_OWNER_SECONDS = 30.0  # more than the guard of an owner that was killed gives its service to stop
_DYING_SECONDS = 10.0
_GUARD_SECONDS = 5.0
_LOG_BYTES = 10_000_000


class Service(ABC):
    """A real server in a process of its own, on this machine's loopback, with its data in one folder.

    Use it as a context manager, or call `start` and `stop`; both may be repeated, on the same port and data. The
    process is gone when `stop` returns, and soon after the process that started it ended, in whatever way.

    Args:
        data_dir: Where data, configuration and the log are kept; made if it is missing. One service at a time.
        port: Where it listens on loopback; 0 takes a free one.
        start_timeout: How long the service may take until it answers, in seconds; a download does not count.
        stop_timeout: How long a clean stop may take before the process is killed, in seconds.
    """

    name: ClassVar[str]

    def __init__(
        self, data_dir: Path, port: int = 0, *, start_timeout: float = 120.0, stop_timeout: float = 20.0
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port
        self.start_timeout = start_timeout
        self.stop_timeout = stop_timeout
        self._lock = FileLock(self.data_dir / "lock")
        self._process: subprocess.Popen[bytes] | None = None
        self._log_offset = 0

    @property
    def address(self) -> str:
        """Where clients find it; known once it was started."""
        return f"{HOST}:{self.port}"

    @property
    def log_file(self) -> Path:
        """The service's log, named in every error."""
        return self.data_dir / f"{self.name.lower()}.log"

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Bring the service up and wait until it answers; does nothing if it already runs.

        Raises:
            ServiceError: It does not come up. Nothing is left running.
        """
        if self.running:
            return
        self.kill()  # what is left of one that ended by itself
        self._take_folder()
        try:
            self._begin_log()
            self._choose_port()
            self._spawn(self._prepare())
            self._await_answer()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Stop the service cleanly; kill it when that takes longer than `stop_timeout`, or at Ctrl-C."""
        try:
            if self._process is not None:
                self._process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    self._process.wait(self.stop_timeout + _GUARD_SECONDS)  # the guard kills at stop_timeout
        finally:
            self.kill()

    def kill(self) -> None:
        """End the service at once, as kill -9 or the want of memory would; data stay as they are."""
        if self._process is not None:
            self._lock.release()
            if self._process.poll() is None or self._remains():
                with suppress(ProcessLookupError):
                    os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None
            self._await_end()
        self._lock.release()

    def failure(self, message: str) -> ServiceError:
        """Make the error that tells what happened, with the log of this start and its place."""
        return with_log(f"{self.name} {message}", self.log_file, self._log_offset)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self) -> Sequence[str]:
        """Make everything ready that the process needs, and tell its command."""

    @abstractmethod
    def _answers(self) -> bool:
        """Ask the service something in its own protocol; may raise OSError while it does not listen."""

    def _take_folder(self) -> None:
        deadline = time.monotonic() + _FORMER_OWNER_SECONDS
        try:
            while not self._lock.try_acquire():
                # An owner that is gone has left a service that is stopping: that is worth a wait.
                owner = self._lock.owner()
                if owner is not None or time.monotonic() > deadline:
                    raise ServiceError(
                        f"{self.data_dir} is in use by another {self.name}, of process {owner or 'unknown'};"
                        f" choose another folder; its log is {self.log_file}"
                    )
                time.sleep(_LOOK_SECONDS)
        except OSError as error:
            raise ServiceError(f"{self.name} cannot use {self.data_dir}: {error.strerror}") from error

    def _remains(self) -> bool:
        """Whether a part of the service still lives: it then holds the lock that was taken for it."""
        if self._lock.try_acquire():
            self._lock.release()
            return False
        return self._lock.owner() == os.getpid()

    def _await_end(self) -> None:
        """Wait until the kernel has taken the service apart, which it does after the kill."""
        deadline = time.monotonic() + _DYING_SECONDS
        while self._remains() and time.monotonic() < deadline:
            time.sleep(_LOOK_SECONDS)

    def _choose_port(self) -> None:
        if self.port:
            require_free(self.port, self.name)
        else:
            self.port = free_ports(1)[0]

    def _begin_log(self) -> None:
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))
        self._log_offset = self.log_file.stat().st_size if self.log_file.exists() else 0

    def _spawn(self, command: Sequence[str]) -> None:
        assert self._lock.descriptor is not None  # noqa: S101  # start() took it just now
        watched = [sys.executable, "-IS", guard.__file__, str(os.getpid()), str(self.stop_timeout), *command]
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own interpreter and command, no shell
                watched,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=self.data_dir,
                # A session of its own: Ctrl-C in the terminal reaches this process, which then stops the service.
                start_new_session=True,
                pass_fds=[self._lock.descriptor],
            )

    def _await_answer(self) -> None:
        deadline = time.monotonic() + self.start_timeout
        while time.monotonic() < deadline:
            if not self.running:
                raise self.failure("ended while it started")
            with suppress(OSError):
                if self._answers():
                    return
            time.sleep(_LOOK_SECONDS)
        raise self.failure(f"did not answer within {self.start_timeout:g} s")
