import pytest
from aiokafka.errors import (
    InvalidProducerEpoch,
    KafkaConnectionError,
    KafkaError,
    MessageSizeTooLargeError,
    NotLeaderForPartitionError,
    ProducerFenced,
    TopicAuthorizationFailedError,
    UnknownError,
)

from streams.engine.errors import RecordTooLarge
from streams.engine.failures import Failure, sort_failure


@pytest.mark.parametrize("error", [ProducerFenced(), InvalidProducerEpoch()])
def test_a_newer_producer_means_that_the_group_must_be_asked(error: Exception) -> None:
    assert sort_failure(error) is Failure.FENCED


@pytest.mark.parametrize(
    "error", [KafkaConnectionError(), NotLeaderForPartitionError(), TimeoutError(), UnknownError()]
)
def test_what_passes_is_tried_again(error: Exception) -> None:
    assert sort_failure(error) is Failure.RECOVER


@pytest.mark.parametrize(
    "error",
    [MessageSizeTooLargeError(), TopicAuthorizationFailedError(), RecordTooLarge("x"), KeyError("bug"), KafkaError()],
)
def test_what_would_fail_again_is_fatal(error: Exception) -> None:
    assert sort_failure(error) is Failure.FATAL


def test_the_cause_counts_where_aiokafka_wrapped_it() -> None:
    wrapped = KafkaError("Unexpected error during batch delivery")
    wrapped.__cause__ = ProducerFenced()
    assert sort_failure(wrapped) is Failure.FENCED


def test_error_numbers_that_aiokafka_has_no_class_for_are_known() -> None:
    fenced = KafkaError()
    fenced.errno = 90
    assert sort_failure(fenced) is Failure.FENCED
    forgotten = KafkaError()
    forgotten.errno = 59
    assert sort_failure(forgotten) is Failure.RECOVER
