"""A real broker for the tests that need one."""

from __future__ import annotations

import itertools
import os
import signal
import uuid
from functools import partial
from typing import TYPE_CHECKING, Protocol

import pytest
from kafka import KafkaAdminClient

from streams.services import KafkaService

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

# A shell that runs the tests in the background has them ignore Ctrl-C, and what they start inherits that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class CreateTopic(Protocol):
    """Makes a topic with a name that no other test or run uses, and tells the name."""

    def __call__(
        self, brokers: str, prefix: str = ..., partitions: int = ..., configs: Mapping[str, str] | None = ...
    ) -> str: ...


class NewTopic(Protocol):
    """The same, on the session's broker."""

    def __call__(self, prefix: str = ..., partitions: int = ..., configs: Mapping[str, str] | None = ...) -> str: ...


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the session's broker: the one that LEADPULSE_TEST_BROKER names, or else one of our own."""
    if external := os.environ.get("LEADPULSE_TEST_BROKER"):
        yield external
        return
    with KafkaService(tmp_path_factory.mktemp("kafka")) as service:
        yield service.bootstrap


@pytest.fixture
def kafka_service(tmp_path: Path) -> Iterator[KafkaService]:
    """A running broker of the test's own, to be killed and restarted."""
    with KafkaService(tmp_path / "kafka") as service:
        yield service


@pytest.fixture(scope="session")
def create_topic() -> CreateTopic:
    """Make topics on any broker."""
    return _create_topic


@pytest.fixture(scope="session")
def new_topic(kafka: str) -> NewTopic:
    """Make topics on the session's broker."""
    return partial(_create_topic, kafka)


_numbers = itertools.count()
_run = uuid.uuid4().hex[:8]


def _create_topic(
    brokers: str, prefix: str = "topic", partitions: int = 4, configs: Mapping[str, str] | None = None
) -> str:
    name = f"{prefix}.{_run}.{next(_numbers)}"
    admin = KafkaAdminClient(bootstrap_servers=brokers)
    try:
        admin.create_topics(
            {name: {"num_partitions": partitions, "configs": dict(configs or {})}}, wait_for_metadata=True
        )
    finally:
        admin.close()
    return name
