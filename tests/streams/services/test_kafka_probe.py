"""Only a broker that takes requests counts as up."""

from __future__ import annotations

import socket
import struct
import threading
from typing import TYPE_CHECKING

import pytest

from streams.services.kafka_probe import live_brokers
from streams.services.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def answering() -> Iterator[Callable[[bytes], int]]:
    """Start a server that says one thing to one caller, and tell its port."""
    threads: list[threading.Thread] = []

    def start(answer: bytes) -> int:
        server = socket.create_server((HOST, 0))

        def serve() -> None:
            with server, server.accept()[0] as connection:
                connection.recv(100)
                connection.sendall(answer)

        threads.append(threading.Thread(target=serve))
        threads[-1].start()
        return int(server.getsockname()[1])

    yield start
    for thread in threads:
        thread.join(5)


def test_the_brokers_of_the_answer_are_counted(answering: Callable[[bytes], int]) -> None:
    one_broker = struct.pack(">iiiih", 18, 7, 1, 0, 0) + b"rest"

    assert live_brokers(HOST, answering(one_broker)) == 1


def test_a_broker_that_is_still_fenced_does_not_count(answering: Callable[[bytes], int]) -> None:
    assert live_brokers(HOST, answering(struct.pack(">iiiii", 16, 7, 0, -1, 0))) == 0


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 400 Bad Request\r\n", struct.pack(">iii", 16, 7, 1)])
def test_what_does_not_answer_as_kafka_is_not_up(answering: Callable[[bytes], int], answer: bytes) -> None:
    with pytest.raises(OSError, match=r"does not speak Kafka|closed within an answer"):
        live_brokers(HOST, answering(answer))


def test_nobody_there_is_not_up() -> None:
    with socket.socket() as unused:
        unused.bind((HOST, 0))
        with pytest.raises(ConnectionRefusedError):
            live_brokers(HOST, unused.getsockname()[1])
