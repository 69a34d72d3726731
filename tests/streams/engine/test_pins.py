"""What the engine leans on inside faust-streaming 0.15.3 and aiokafka 0.14.0.

A test here fails when the code under the engine changes. Then read the new code at that place, run the integration
tests and `make chaos`, and write down the new digest.
"""

import asyncio
import hashlib
import inspect
from collections.abc import Callable
from importlib.metadata import version
from typing import Any

import aiokafka
import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer.fetcher import Fetcher, FetchResult, PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder, MessageAccumulator
from aiokafka.producer.sender import AddPartitionsToTxnHandler, EndTxnHandler, InitPIDHandler, Sender
from aiokafka.producer.transaction_manager import TransactionManager
from faust.app.base import App
from faust.tables.recovery import Recovery
from faust.transport import consumer as faust_consumer
from faust.transport.drivers import aiokafka as faust_driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from streams.engine.app import EngineApp
from streams.engine.driver import Consumer, ConsumerThread
from streams.engine.engine import Engine
from tests.streams.engine.builders import OPTIONS, RecordingState


def test_the_versions_are_the_ones_that_were_read() -> None:
    assert version("faust-streaming") == "0.15.3"
    assert version("aiokafka") == "0.14.0"


LEANED_ON: list[tuple[Callable[..., Any], str, str]] = [
    # Overridden, or called by what is overridden.
    (faust_driver.AIOKafkaConsumerThread._create_worker_consumer, "c2701bfc3e6f", "four values that have no setting"),
    (faust_driver.AIOKafkaConsumerThread.on_start, "38b4e8bd1e10", "makes and starts the consumer"),
    (faust_driver.AIOKafkaConsumerThread._seek_wait, "9d221e816d94", "runs in the thread and seeks before it awaits"),
    (
        faust_driver.AIOKafkaConsumerThread._fetch_records,
        "39a2c6c79fc1",
        "runs in the thread, returns what fetched_records gave",
    ),
    (
        faust_driver.AIOKafkaConsumerThread._commit,
        "932852ce7a23",
        "replaced: crashes on errors, commits while a rejoin waits",
    ),
    (faust_driver.AIOKafkaConsumerThread.getmany, "26fc5fc9f3b6", "calls _fetch_records in the thread"),
    (
        faust_consumer.Consumer._drain_messages,
        "44a2500309e8",
        "drops what lies below _read_offset, fills gaps above it",
    ),
    (faust_consumer.Consumer.getmany, "4b168d84882a", "iterates over the scheduler, seeks when the flow has stopped"),
    (faust_consumer.Consumer.ack, "5fcf41cf4515", "replaced: keeps every offset"),
    (faust_consumer.Consumer.wait_empty, "e4662fe24f09", "waits for _unacked_messages to be empty"),
    (faust_consumer.Consumer.on_partitions_revoked, "d04b7ae72c6f", "extended"),
    (faust_consumer.Consumer.perform_seek, "0e8c130ff4b0", "replaced: seeks to the group's offsets"),
    (faust_consumer.Consumer._filter_committable_offsets, "dc5e9baf5d99", "replaced: derives offsets from acks"),
    (faust_consumer.Consumer._commit_tps, "a20e230b05ae", "asks _filter_committable_offsets, then commits"),
    (Recovery._resume_streams, "d986a6710c1a", "sends on_rebalance_complete, then seeks, then resumes the flow"),
    (App._new_transport, "42db531312dd", "replaced: looks the driver up"),
    (App._on_partitions_revoked, "d5c895bbe57d", "stops the flow and waits until nothing is in flight"),
    (App._stop_consumer, "55854a5de12c", "the same at the end"),
    # aiokafka: what a transaction and its end mean.
    (Sender._do_txn_commit, "8263eaebb7c3", "flushes first, and does not look at the results"),
    (Sender._maybe_do_transactional_request, "71227a8a4d9c", "adds partitions before it ends a transaction"),
    (TransactionManager.maybe_add_partition_to_txn, "e0a118be379a", "needs no data to add a partition"),
    (
        TransactionManager.is_empty_transaction,
        "124ac059b2a7",
        "one with partitions is not empty, so it is ended for real",
    ),
    (Sender._fail_all, "5a67e3b6f87b", "a fenced producer is dead"),
    (MessageAccumulator.flush_for_commit, "39683730fcff", "waits for batches, whatever becomes of them"),
    (MessageAccumulator.add_batch, "5ed1c5b1367a", "queues one batch at a time"),
    (InitPIDHandler.handle_response, "bdb0727aba5d", "waits while a foreign transaction is pending"),
    (AddPartitionsToTxnHandler.handle_response, "67266db24da2", "an old epoch is ProducerFenced"),
    (EndTxnHandler.handle_response, "89bd9721c28e", "an old epoch is ProducerFenced here too"),
    # aiokafka: fetch positions.
    (Fetcher.fetched_records, "be4348896b9b", "takes an empty set of partitions for all"),
    (
        Fetcher._proc_fetch_request,
        "59bf948fff47",
        "out of range is an error without a reset strategy; notes the last stable offset; awaits nothing at the end",
    ),
    (Fetcher._fetch_requests_routine, "2a8ec5932644", "looks the one above up for each request"),
    (Fetcher._update_fetch_positions, "d7774d8241dc", "respects a seek that came first"),
    (Assignment.__init__, "3300d8f0023c", "makes a new state of each partition"),
    (TopicPartitionState.seek, "c20b56d7ba7b", "keeps the state, and awaits nothing"),
    (FetchResult.getall, "3e717e30de50", "moves the position when it hands over"),
    (PartitionRecords.__init__, "8ec1c2ae6ea1", "keeps all that unpacking needs"),
    (PartitionRecords.__next__, "63ac34a08c30", "takes from the iterator that is there"),
    (PartitionRecords._unpack_records, "b803e6d46480", "replaced: moves over markers and aborted batches"),
    (PartitionRecords._consume_aborted_up_to, "56876530cd64", "knows whose transactions were aborted"),
    (PartitionRecords._contains_abort_marker, "17e9ad2322ef", "reads the marker of a control batch"),
    (GroupCoordinator._push_error_to_user, "743ff515bd7e", "keeps a refusal of the group until somebody fetches"),
    (GroupCoordinator.request_rejoin, "f70a261c91c3", "may be called at any time"),
    (GroupCoordinator._do_commit_offsets, "c3a3ea5613f3", "an old generation makes it forget its member id"),
]


@pytest.mark.parametrize(
    ("function", "digest"),
    [(function, digest) for function, digest, _ in LEANED_ON],
    ids=lambda value: getattr(value, "__qualname__", ""),
)
def test_the_code_under_the_engine_is_the_code_that_was_read(function: Callable[..., Any], digest: str) -> None:
    assert hashlib.sha256(inspect.getsource(function).encode()).hexdigest()[:12] == digest


@pytest.fixture
def app() -> EngineApp:
    app = EngineApp(OPTIONS)
    Engine(app, lambda _: RecordingState())
    return app


async def test_the_app_makes_our_consumer_and_sets_what_has_no_setting(app: EngineApp) -> None:
    consumer = app.consumer
    assert isinstance(consumer, Consumer)
    assert isinstance(consumer.thread, ConsumerThread)
    kafka = consumer.thread._create_worker_consumer(app.transport)
    assert kafka._isolation_level == "read_committed"
    assert kafka._fetch_max_wait_ms == 100
    assert kafka._auto_offset_reset == "none"
    assert kafka._max_poll_interval_ms > 7 * 24 * 3600 * 1000
    # Faust's own assignor keeps partitions of the same number together; without standbys it would be round robin.
    assert kafka._partition_assignment_strategy == [app.assignor]
    await kafka.stop()


def test_aiokafka_reads_the_four_values_when_it_starts() -> None:
    source = inspect.getsource(AIOKafkaConsumer.start)
    for name in ("_isolation_level", "_fetch_max_wait_ms", "_auto_offset_reset", "_max_poll_interval_ms"):
        assert f"self.{name}" in source


async def test_a_tracked_message_is_in_flight_until_it_is_acknowledged(app: EngineApp) -> None:
    consumer = app.consumer
    assert isinstance(consumer, Consumer)
    message = ConsumerMessage("left", 0, 5, 0.0, 0, [], None, b"", None, tp=TP("left", 0))
    message.incref()
    consumer.track_message(message)
    assert set(consumer.unacked) == {message}
    message.ack(consumer)
    assert not consumer.unacked
    assert consumer._acked == {}


async def test_faust_never_believes_to_have_read_an_input_and_so_drops_and_fills_nothing(app: EngineApp) -> None:
    consumer = app.consumer
    assert isinstance(consumer, Consumer)
    read, tp, other = consumer._read_offset, TP("left", 0), TP("other", 0)
    read[tp] = read[other] = 5
    assert read[tp] is None
    assert read[other] == 5


async def test_aiokafka_ends_a_transaction_although_a_batch_was_refused() -> None:
    """Why the engine looks at every batch before it commits."""
    accumulator = MessageAccumulator(_Cluster(), 1000, 0, 30)
    future = await accumulator.add_batch(_batch(), TopicPartition("topic", 0), 1)
    flushing = asyncio.create_task(accumulator.flush_for_commit())
    await asyncio.sleep(0)
    batch = accumulator._batches[TopicPartition("topic", 0)][0]
    batch.failure(ValueError("refused"))
    await asyncio.wait_for(flushing, 1)
    with pytest.raises(ValueError, match="refused"):
        await future
    batch._drain_waiter.exception()  # looked at, or asyncio complains into a later test


async def test_failing_all_batches_lets_a_producer_stop_without_a_broker() -> None:
    accumulator = MessageAccumulator(_Cluster(), 1000, 0, 30)
    future = await accumulator.add_batch(_batch(), TopicPartition("topic", 0), 1)
    closing = asyncio.create_task(accumulator.close())
    await asyncio.sleep(0)
    assert not closing.done()
    accumulator.fail_all(ValueError("closed"))
    await asyncio.wait_for(closing, 1)
    assert isinstance(future.exception() if future.done() else await _error(future), ValueError)


def test_the_first_record_of_a_batch_always_fits() -> None:
    batch = BatchBuilder(100, 0)
    assert batch.append(timestamp=1, key=b"k", value=b"x" * 10_000) is not None
    assert batch.append(timestamp=1, key=b"k", value=b"x") is None


async def test_a_transactional_producer_has_the_parts_that_closing_needs() -> None:
    producer = AIOKafkaProducer(transactional_id="id")
    assert callable(producer._message_accumulator.fail_all)
    assert callable(producer.client.close)
    await producer.stop()


async def test_the_coordinator_knows_when_a_rejoin_is_pending() -> None:
    source = inspect.getsource(GroupCoordinator.__init__)
    assert "self._rejoin_needed_fut = create_future()" in source
    assert "self._performed_join_prepare = False" in source


def test_the_driver_takes_the_consumer_class_from_the_transport() -> None:
    assert aiokafka.__version__ == "0.14.0"
    assert "self.Consumer(" in inspect.getsource(faust_driver.Transport.create_consumer)


class _Cluster:
    def leader_for_partition(self, tp: TopicPartition) -> int:
        return 1


def _batch() -> BatchBuilder:
    batch = BatchBuilder(1000, 0)
    batch.append(timestamp=1, key=b"k", value=b"v")
    return batch


async def _error(future: asyncio.Future[Any]) -> BaseException | None:
    await asyncio.wait([future])
    return future.exception()
