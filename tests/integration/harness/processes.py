"""Workers and loads as processes that a test can kill, freeze and ask."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path

END_TIMEOUT = 20.0


class Process:
    """A child in a process group of its own, its lines collected, its log in a file."""

    def __init__(self, label: str, command: Sequence[str], folder: Path) -> None:
        self.label = label
        self.log_file = folder / f"{label}.log"
        self.lines: list[str] = []
        self._changed = threading.Condition()
        with self.log_file.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=log, stdin=subprocess.DEVNULL, text=True, start_new_session=True
            )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stdout:
            for line in stdout:
                with self._changed:
                    self.lines.append(line.strip())
                    self._changed.notify_all()

    @property
    def ended(self) -> bool:
        """Whether it is gone."""
        return self._process.poll() is not None

    def count(self, prefix: str) -> int:
        """Return how many lines begin so."""
        return sum(line.startswith(prefix) for line in self.lines)

    def wait_for(self, prefix: str, count: int = 1, timeout: float = 60.0) -> None:
        """Wait until so many lines begin with the prefix.

        Raises:
            AssertionError: If they do not come.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            while self.count(prefix) < count:
                assert not self.ended, f"{self.label} ended with {self._process.returncode}, see {self.log_file}"
                assert time.monotonic() < deadline, f"{self.label} did not say {prefix!r} x{count}, see {self.log_file}"
                self._changed.wait(0.2)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._signal(signal.SIGKILL)
        self.wait()

    def freeze(self) -> None:
        """Stop it in its tracks."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on as if nothing had happened."""
        self._signal(signal.SIGCONT)

    def ask_to_end(self) -> None:
        """Ask for an orderly stop."""
        self._signal(signal.SIGTERM)

    def wait(self, timeout: float = END_TIMEOUT) -> int:
        """Wait for its end; return the exit code."""
        code = self._process.wait(timeout)
        self._reader.join(timeout)
        return code

    def log_text(self) -> str:
        """Return what it logged."""
        return self.log_file.read_text(errors="replace")

    async def logs(self, text: str, timeout: float = 30.0) -> None:
        """Wait until it has logged a text."""
        async with asyncio.timeout(timeout):
            while text not in self.log_text():  # noqa: ASYNC110  # another process writes it
                await asyncio.sleep(0.1)

    def _signal(self, number: int) -> None:
        if not self.ended:
            os.killpg(self._process.pid, number)


def python_module(module: str, argument: str) -> list[str]:
    """Return the command that runs a module of the tests with this Python."""
    return [sys.executable, "-m", module, argument]
