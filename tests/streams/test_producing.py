"""Writing to Kafka, with a producer that only remembers."""

import asyncio
import time
from collections.abc import Iterator
from typing import Any, cast

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError, UnknownTopicOrPartitionError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.record.default_records import DefaultRecordBatch

from streams.producing import Message, WriteError, Writer, at_rate, partition_of, produce


class Remembering:
    """Stands for AIOKafkaProducer: its batches are real, its broker is a list."""

    def __init__(self, batch_bytes: int = 1000, refuse_after: int = 10**9) -> None:
        self.batches: list[tuple[float, str, int, list[tuple[bytes, bytes]]]] = []
        self._batch_bytes = batch_bytes
        self._refuse_after = refuse_after

    async def partitions_for(self, topic: str) -> set[int]:
        if topic == "missing":
            raise UnknownTopicOrPartitionError
        return {0, 1, 2, 3}

    def create_batch(self) -> BatchBuilder:
        return BatchBuilder(self._batch_bytes, 0)

    async def send_batch(self, batch: BatchBuilder, topic: str, *, partition: int) -> asyncio.Future[Any]:
        records = [(r.key, r.value) for r in DefaultRecordBatch(bytes(batch._build()))]
        self.batches.append((time.monotonic(), topic, partition, records))
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if len(self.batches) > self._refuse_after:
            future.set_exception(MessageSizeTooLargeError("too much"))
        else:
            future.set_result(None)
        return future

    @property
    def records(self) -> list[tuple[bytes, bytes]]:
        return [record for *_, records in self.batches for record in records]


def writer_to(producer: Remembering) -> Writer:
    return Writer(cast(AIOKafkaProducer, producer))


def messages(count: int, due: float = 0, every: float = 0) -> Iterator[Message]:
    return (Message(due + n * every, "t", b"key-%d" % (n % 7), b"%d" % n) for n in range(count))


@pytest.mark.parametrize("key", [b"", b"a", b"lead-1", "Zoë-Ünïcode".encode(), bytes(range(256))])
@pytest.mark.parametrize("partitions", [1, 4, 12])
def test_a_key_goes_where_the_clients_of_kafka_send_it(key: bytes, partitions: int) -> None:
    every = list(range(partitions))
    assert partition_of(key, partitions) == DefaultPartitioner()(key, every, every)


@pytest.mark.parametrize(("key", "hashed"), [(b"21", -973_932_308), (b"foobar", -790_332_482), (b"abc", 479_470_107)])
def test_the_hash_is_that_of_the_java_client(key: bytes, hashed: int) -> None:
    assert partition_of(key, 2**31) == hashed & 0x7FFF_FFFF


async def test_everything_is_written_once_and_in_order_of_each_key() -> None:
    producer = Remembering()
    assert await produce(writer_to(producer), messages(1000)) == 1000
    assert sorted(int(value) for _, value in producer.records) == list(range(1000))
    for number in range(7):
        values = [int(value) for key, value in producer.records if key == b"key-%d" % number]
        assert values == sorted(values)
    for _, _, partition, records in producer.batches:
        assert {partition_of(key, 4) for key, _ in records} == {partition}


async def test_a_record_larger_than_a_batch_travels_alone() -> None:
    producer = Remembering()
    big = Message(0, "t", b"k", b"x" * 5000)
    assert await produce(writer_to(producer), [big, Message(0, "t", b"k", b"small")]) == 2
    assert [len(value) for _, value in producer.records] == [5000, 5]


async def test_records_are_sent_when_they_are_due_and_not_all_at_the_end() -> None:
    producer = Remembering()
    start = time.monotonic()
    await produce(writer_to(producer), messages(4, every=0.05))
    sent = {int(value): at - start for at, _, _, records in producer.batches for _, value in records}
    assert all(sent[n] >= n * 0.05 for n in range(4))
    assert sent[0] < 0.05


async def test_a_rate_is_kept() -> None:
    start = time.monotonic()
    await produce(writer_to(Remembering()), at_rate(messages(100), 500))
    assert 0.19 <= time.monotonic() - start < 1


async def test_a_stop_ends_the_waiting_and_leaves_out_what_was_not_due() -> None:
    producer, stop = Remembering(), asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, stop.set)
    written = await asyncio.wait_for(
        produce(writer_to(producer), [Message(0, "t", b"k", b"now"), Message(3600, "t", b"k", b"later")], stop=stop), 5
    )
    assert written == 1
    assert producer.records == [(b"k", b"now")]


async def test_a_stop_ends_writing_at_full_speed() -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().call_later(0.02, stop.set)
    assert await asyncio.wait_for(produce(writer_to(Remembering()), messages(10**9), stop=stop), 5) > 0


async def test_the_time_given_is_kept_while_waiting_and_at_full_speed() -> None:
    for endless in (messages(10**9), messages(10**9, every=3600)):
        start = time.monotonic()
        await produce(writer_to(Remembering()), endless, seconds=0.05)
        assert 0.04 <= time.monotonic() - start < 1


async def test_progress_is_told_while_it_goes_on_and_at_the_end() -> None:
    told: list[int] = []
    await produce(writer_to(Remembering()), messages(2000), progress=told.append)
    assert told[-1] == 2000
    assert told == sorted(told)
    assert len(told) > 2


async def test_a_refused_batch_ends_it_with_the_reason() -> None:
    with pytest.raises(WriteError, match=r"Kafka did not take a batch: .*too much"):
        await produce(writer_to(Remembering(refuse_after=3)), messages(10_000))


async def test_a_refusal_of_the_last_batch_is_not_overlooked() -> None:
    with pytest.raises(WriteError, match="too much") as error:
        await produce(writer_to(Remembering(refuse_after=0)), messages(1))
    assert isinstance(error.value.__cause__, KafkaError)


async def test_a_missing_topic_is_named() -> None:
    with pytest.raises(WriteError, match="cannot write to topic missing: UnknownTopicOrPartition"):
        await produce(writer_to(Remembering()), [Message(0, "missing", b"k", b"v")])
