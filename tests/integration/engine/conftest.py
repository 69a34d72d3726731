"""A broker that cleans its logs eagerly and gives up transactions soon, shared by the engine's tests."""

from collections.abc import Iterator

import pytest

from streams.services import KafkaService

EAGER = {
    "log.cleaner.backoff.ms": "1000",
    "log.initial.task.delay.ms": "1000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "500",
}


@pytest.fixture(scope="package")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaService]:
    """A running broker, which a test may kill and must start again."""
    with KafkaService(tmp_path_factory.mktemp("engine-kafka"), settings=EAGER) as service:
        yield service
