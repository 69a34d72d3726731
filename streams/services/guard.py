"""Stands between leadpulse and a service's process, and ends the service when leadpulse is gone.

Run as a program of its own: ``python guard.py PARENT GRACE COMMAND...``. It asks for the service's clean stop when it
gets SIGTERM or when its parent is no longer PARENT, kills it after GRACE seconds, and ends with its exit status.

Why a process, and why it looks at its parent's number: a parent that was killed with -9 can do nothing itself. Linux
could signal the service (PR_SET_PDEATHSIG), but it does so when the *thread* that started the service ends, and only
Linux can; a pipe that breaks at the parent's death stays whole in every child the parent ever forked. The number of the
parent changes at its death, everywhere, and in no other case. Standard library only: it starts in milliseconds.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

_LOOK_SECONDS = 0.25
_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Run the command under watch and tell its exit status as a shell would."""
    parent, grace, command = int(arguments[0]), float(arguments[1]), arguments[2:]
    asked: list[int] = []
    wake, wakeup = os.pipe()
    os.set_blocking(wakeup, False)
    signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda received, _frame: asked.append(received))
    signal.signal(signal.SIGCHLD, lambda *_: None)  # only to wake the wait below
    # Inherited descriptors go on to the service: the lock on its data folder must live as long as it does.
    child = subprocess.Popen(  # noqa: S603  # the caller's command, no shell
        command,
        stdin=subprocess.DEVNULL,
        close_fds=False,
        preexec_fn=_end_with_guard,  # noqa: PLW1509  # the guard has one thread
    )
    deadline: float | None = None
    while child.poll() is None:
        if deadline is None and (asked or os.getppid() != parent):
            child.terminate()
            deadline = time.monotonic() + grace
        elif deadline is not None and time.monotonic() >= deadline:
            child.kill()
        if select.select([wake], [], [], _LOOK_SECONDS)[0]:
            os.read(wake, 512)
    return child.returncode if child.returncode >= 0 else 128 - child.returncode


def _end_with_guard() -> None:
    """Let Linux stop the service if the guard itself is killed; its only thread lives as long as it does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
