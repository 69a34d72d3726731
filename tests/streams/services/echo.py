"""A service that starts in milliseconds, to try the supervision on.

Run as a program it is the parent that tests kill: ``python echo.py FOLDER`` starts the service, prints its address and
the guard's process, and waits.
"""

from __future__ import annotations

import socket
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from streams.services.ports import HOST
from streams.services.supervisor import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

SERVER = """
import pathlib, signal, socket, sys
if "stubborn" in sys.argv:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
else:
    signal.signal(signal.SIGTERM, lambda *_: (pathlib.Path("stopped-cleanly").touch(), sys.exit()))
if "broken" in sys.argv:
    sys.exit("ERROR the disk is on fire")
if "deaf" in sys.argv:
    signal.pause()
print("listening", flush=True)
with socket.create_server(("127.0.0.1", int(sys.argv[1]))) as server:
    while True:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"hello")
"""


class Echo(Service):
    """Says hello to who connects; `manner` makes it misbehave."""

    name: ClassVar[str] = "Echo"
    manner = ""

    def _prepare(self) -> Sequence[str]:
        return [sys.executable, "-IS", "-c", SERVER, str(self.port), self.manner]

    def _answers(self) -> bool:
        with socket.create_connection((HOST, self.port), 2) as connection:
            return connection.recv(5) == b"hello"

    def says_hello(self) -> bool:
        """Whether it answers now."""
        try:
            return self._answers()
        except OSError:
            return False

    @property
    def guard(self) -> int:
        """The process that stands between us and the service."""
        assert self._process is not None
        return self._process.pid


if __name__ == "__main__":
    service = Echo(Path(sys.argv[1]))
    service.start()
    print(service.port, service.guard, flush=True)
    time.sleep(60)
