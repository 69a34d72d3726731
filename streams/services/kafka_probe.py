"""Asks a Kafka broker who is in its cluster, over a plain socket.

A client library would do, but each logs a broker that is not there yet as a fault, and this is one small question.
"""

from __future__ import annotations

import socket
import struct

_METADATA, _VERSION = 3, 1
_CORRELATION = 7
_REQUEST = struct.pack(">hhihi", _METADATA, _VERSION, _CORRELATION, -1, 0)  # no client id, no topics
_LARGEST_ANSWER = 1_000_000


def live_brokers(host: str, port: int, timeout: float = 2.0) -> int:
    """Count the brokers of the cluster that take requests (Metadata, version 1).

    Raises:
        OSError: Nobody listens there, or what answers is not Kafka.
    """
    with socket.create_connection((host, port), timeout) as connection:
        connection.sendall(struct.pack(">i", len(_REQUEST)) + _REQUEST)
        with connection.makefile("rb") as stream:
            size, correlation, brokers = struct.unpack(">iii", _exactly(stream.read(12), 12))
            if correlation != _CORRELATION or not 0 < size <= _LARGEST_ANSWER:
                raise ConnectionError(f"{host}:{port} does not speak Kafka's protocol")
            _exactly(stream.read(size - 8), size - 8)
    return int(brokers)


def _exactly(received: bytes, size: int) -> bytes:
    if len(received) != size:
        raise ConnectionError("the connection was closed within an answer")
    return received
