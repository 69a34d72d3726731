"""TCP ports on this machine's loopback."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack, suppress

from streams.services.errors import ServiceError

HOST = "127.0.0.1"

# Below the ports that Linux (from 32768) and macOS (from 49152) give to outgoing connections: a client that retries
# while a server is away could be given the very port it calls, connect to itself, and keep the server out.
_CANDIDATES = range(20_000, 32_000)
_TRIES = 1000


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on, all different.

    Raises:
        ServiceError: There are not that many.
    """
    found: list[int] = []
    with ExitStack() as held:  # until all are found, or one could be found twice
        for _ in range(_TRIES):
            if len(found) == count:
                break
            with suppress(OSError):
                port = secrets.choice(_CANDIDATES)
                held.enter_context(_bound(port))
                found.append(port)
    if len(found) < count:
        raise ServiceError(f"no free port found on {HOST} between {_CANDIDATES.start} and {_CANDIDATES.stop}")
    return found


def require_free(port: int, user: str) -> None:
    """Make sure that a chosen port can be listened on.

    Raises:
        ServiceError: Somebody else has it, or this user may not.
    """
    try:
        _bound(port).close()
    except OSError as error:
        raise ServiceError(f"{user} cannot listen on {HOST}:{port}: {error.strerror}; choose another port") from error


def _bound(port: int) -> socket.socket:
    listener = socket.socket()
    try:
        # As servers do: a port whose last connections are still closing is free.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((HOST, port))
        # Two sockets that both say SO_REUSEADDR may share a port until one listens.
        listener.listen()
    except OSError:
        listener.close()
        raise
    return listener
