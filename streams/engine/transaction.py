"""The transactional producer of one partition: whoever opened it last is the only one who can write."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import MessageSizeTooLargeError, ProducerClosed
from mode.utils.logging import get_logger

from streams.engine.errors import RecordTooLarge
from streams.engine.options import EngineOptions
from streams.engine.packing import PackedRecord, pack

logger = get_logger(__name__)

CLOSE_TIMEOUT = 3.0

Writes = Mapping[str, Iterable[PackedRecord]]


class Written(NamedTuple):
    """What a transaction put on the log."""

    records: int
    size: int


class TransactionalProducer:
    """Writes to one partition number of the changelog and of every output topic, a transaction at a time."""

    def __init__(self, partition: int, options: EngineOptions) -> None:
        self._partition = partition
        self._options = options
        self._producer: Any = None

    async def open(self) -> None:
        """Take the partition: bump the epoch, fence every older producer and abort its open transaction.

        The broker answers only when no transaction of this id is pending any more. So who then reads the changelog to
        its end with read_committed has everything that anybody else will ever commit.
        """
        options = self._options
        self._producer = AIOKafkaProducer(
            transactional_id=options.transactional_id(self._partition),
            transaction_timeout_ms=int(options.transaction_timeout * 1000),
            acks="all",
            linger_ms=0,
            max_batch_size=options.batch_size,
            compression_type=options.compression,
            **options.client_arguments(),
        )
        await self._producer.start()
        async with asyncio.timeout(options.request_timeout):
            await self._abort_leftovers()

    async def _abort_leftovers(self) -> None:
        """Write an abort marker to every partition that we may have written to.

        The broker should have done so. But a coordinator that comes up before it knows the topics takes them for
        deleted, and forgets the markers of the transactions that it ends (seen with Kafka 4.3). What they wrote stays
        open then, and our next commit would commit it too: a marker says whose transaction ends, not which.
        """
        producer, options = self._producer, self._options
        await producer.begin_transaction()
        for topic in (options.changelog_topic, *options.outputs):
            await producer.partitions_for(topic)
            place = TopicPartition(topic, self._partition)
            producer._txn_manager.maybe_add_partition_to_txn(place)  # noqa: SLF001  # there is no other way, pinned
        await producer.abort_transaction()

    async def write(self, snapshot: Callable[[], Writes]) -> Written:
        """Write one transaction.

        Args:
            snapshot: Called when the transaction is open; what it gives is packed before anything else can run, so that
                values and position belong together.

        Raises:
            KafkaError: If the transaction failed or its outcome is unknown; the producer cannot be used again.
            RecordTooLarge: If a record is beyond what the options or the topic allow.
        """
        producer = self._producer
        await producer.begin_transaction()
        jobs = self._pack(snapshot())
        sent: list[asyncio.Future[Any]] = []
        try:
            for topic, batch in jobs:
                sent.append(await producer.send_batch(batch, topic, partition=self._partition))
        except asyncio.CancelledError:
            for future in sent:  # batches of a transaction never expire: without a broker they would hold this up
                future.cancel()
            raise
        finally:
            results = await asyncio.gather(*sent, return_exceptions=True)
        # aiokafka ends a transaction happily after one of its batches was refused: look at each of them first.
        for (topic, batch), result in zip(jobs, results, strict=True):
            if isinstance(result, MessageSizeTooLargeError):
                raise RecordTooLarge(
                    f"the broker refused a batch of {batch.size()} bytes for {topic} (largest allowed record: "
                    f"max_record_size={self._options.max_record_size}); raise max.message.bytes of the topic"
                ) from result
            if isinstance(result, BaseException):
                raise result
        await producer.commit_transaction()
        return Written(sum(batch.record_count() for _, batch in jobs), sum(batch.size() for _, batch in jobs))

    def _pack(self, writes: Writes) -> list[tuple[str, Any]]:
        now = int(time.time() * 1000)
        return [
            (topic, batch)
            for topic, records in writes.items()
            for batch in pack(
                topic,
                records,
                new_batch=self._producer.create_batch,
                timestamp=now,
                max_record_size=self._options.max_record_size,
            )
        ]

    async def close(self) -> None:
        """Let go of the connections, whatever state the producer is in; an open transaction is left to be aborted.

        A producer with unsent batches waits for the broker in `stop`. Failing the batches first lets it end at once.
        """
        producer, self._producer = self._producer, None
        if producer is None:
            return
        producer._message_accumulator.fail_all(ProducerClosed())  # noqa: SLF001  # see above, pinned
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT):
                await producer.stop()
        except Exception as error:
            # What killed its sender is raised here, before it closes its connections: that it was fenced, or a KeyError
            # of aiokafka's own about a batch that was to be sent again when it was failed above.
            logger.debug("partition %s: the producer did not stop by itself: %r", self._partition, error)
            await producer.client.close()
