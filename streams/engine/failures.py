"""Sorting of failures: what a new producer mends, what another owner means, and what must end the process."""

import asyncio
import enum
from collections.abc import Iterator

from aiokafka.errors import (
    InvalidProducerEpoch,
    InvalidProducerIdMapping,
    InvalidTxnState,
    KafkaConnectionError,
    KafkaError,
    KafkaTimeoutError,
    OutOfOrderSequenceNumber,
    ProducerClosed,
    ProducerFenced,
    UnknownError,
)

# aiokafka has no class for these answers of the transaction coordinator, so they arrive as their bare numbers.
UNKNOWN_PRODUCER_ID = 59
PRODUCER_FENCED = 90
TRANSACTION_ABORTABLE = 120


class Failure(enum.Enum):
    """What to do about an exception of a transaction or a recovery."""

    FENCED = "another producer took the partition, or its transaction timed out: ask the group who owns it"
    RECOVER = "the outcome is unknown or the producer is used up: a new producer and the changelog tell the truth"
    FATAL = "trying again would fail again"


_FENCED = (ProducerFenced, InvalidProducerEpoch)
_RECOVERABLE = (
    InvalidProducerIdMapping,  # the broker forgets a transactional id that was idle for a week
    InvalidTxnState,
    OutOfOrderSequenceNumber,
    KafkaConnectionError,
    KafkaTimeoutError,
    ProducerClosed,
    UnknownError,  # the end of a transaction, asked of a broker that had just come back from a kill -9
    asyncio.TimeoutError,
    ConnectionError,
)


def sort_failure(error: BaseException) -> Failure:
    """Return what to do about an error; an error that is not known to pass is fatal."""
    for cause in _causes(error):
        number = getattr(cause, "errno", None)
        if isinstance(cause, _FENCED) or number == PRODUCER_FENCED:
            return Failure.FENCED
        if isinstance(cause, _RECOVERABLE) or number in (UNKNOWN_PRODUCER_ID, TRANSACTION_ABORTABLE):
            return Failure.RECOVER
        if isinstance(cause, KafkaError) and cause.retriable:
            return Failure.RECOVER
    return Failure.FATAL


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Walk the chain: aiokafka wraps what killed its sender in a bare KafkaError."""
    while error is not None:
        yield error
        error = error.__cause__
