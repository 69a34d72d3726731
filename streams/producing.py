"""Many events into Kafka, fast and in order: what the simulator, the replay and the benchmarks write with.

Records of one key go to one partition, the one that a Java client would choose, and keep their order. They are packed
into batches by hand, which costs half of what `AIOKafkaProducer.send` does for each record.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from functools import lru_cache
from typing import Any

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import murmur2
from aiokafka.producer.message_accumulator import BatchBuilder
from msgspec import Struct

from streams.settings.kafka import ClientOptions

# Under a broker's default message.max.bytes, over what a round trip on a fast network needs.
_BATCH_BYTES = 256 * 1024
# How many records are handled before the event loop gets its turn.
_SLICE = 500
# Records that are due within this many seconds of each other travel together.
_TICK = 0.005
# Enough keys for the leads that are on their way at one time: hashing one takes longer than all else about a record.
_KNOWN_KEYS = 1 << 18


class Message(Struct, frozen=True, gc=False):
    """One record to be written.

    Attributes:
        due: When, in seconds after the start; 0 for at once.
        topic: Its topic.
        key: Its key, which decides its partition.
        value: Its value.
    """

    due: float
    topic: str
    key: bytes
    value: bytes


class WriteError(RuntimeError):
    """Kafka did not take records; the message says which and why."""


@lru_cache(_KNOWN_KEYS)
def _hash(key: bytes) -> int:
    return int(murmur2(key)) & 0x7FFF_FFFF


def partition_of(key: bytes, partitions: int) -> int:
    """Give the partition of a key, as Kafka's own clients choose it."""
    return _hash(key) % partitions


class Writer:
    """Packs records into batches and sends them. Use `connected` to get one."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._partitions: dict[str, int] = {}
        self._open: dict[tuple[str, int], BatchBuilder] = {}
        self._under_way: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None

    async def write(self, topic: str, key: bytes, value: bytes) -> None:
        """Add a record; it is sent when its batch is full, or with the next `push`.

        Raises:
            WriteError: When Kafka refused an earlier record.
        """
        partitions = self._partitions.get(topic) or await self._look_up(topic)
        place = (topic, _hash(key) % partitions)
        batch = self._open.get(place)
        if batch is None:
            batch = self._open[place] = self._producer.create_batch()
        if batch.append(timestamp=None, key=key, value=value) is None:
            await self._send(place)
            batch = self._open[place] = self._producer.create_batch()
            batch.append(timestamp=None, key=key, value=value)

    async def push(self) -> None:
        """Send everything added so far, without waiting for Kafka to have it.

        Raises:
            WriteError: When Kafka refused an earlier record.
        """
        for place in list(self._open):
            await self._send(place)

    async def flush(self) -> None:
        """Send everything added so far, and wait until Kafka has it.

        Raises:
            WriteError: When Kafka refused any record.
        """
        await self.push()
        while self._under_way:
            await asyncio.wait(self._under_way)
        self._check()

    async def _look_up(self, topic: str) -> int:
        try:
            partitions = await self._producer.partitions_for(topic)
        except KafkaError as error:
            raise WriteError(f"cannot write to topic {topic}: {_explain(error)}") from error
        self._partitions[topic] = len(partitions)
        return len(partitions)

    async def _send(self, place: tuple[str, int]) -> None:
        self._check()
        topic, partition = place
        try:
            # Waits while an earlier batch of the partition has not been picked up: this is what slows us down to
            # the speed of the broker.
            future = await self._producer.send_batch(self._open.pop(place), topic, partition=partition)
        except KafkaError as error:
            raise WriteError(f"cannot write to topic {topic}: {_explain(error)}") from error
        self._under_way.add(future)
        future.add_done_callback(self._settle)

    def _settle(self, future: asyncio.Future[Any]) -> None:
        self._under_way.discard(future)
        if not future.cancelled() and (error := future.exception()) and self._failure is None:
            self._failure = error

    def _check(self) -> None:
        if self._failure is not None:
            raise WriteError(f"Kafka did not take a batch: {_explain(self._failure)}") from self._failure


@asynccontextmanager
async def connected(options: ClientOptions) -> AsyncIterator[Writer]:
    """Give a writer that is connected to Kafka, and flush it at the end unless something went wrong.

    Args:
        options: How to reach the brokers, see `streams.settings.kafka`.

    Raises:
        WriteError: When the brokers cannot be reached, or did not take everything.
    """
    producer = AIOKafkaProducer(enable_idempotence=True, max_batch_size=_BATCH_BYTES, **options)
    try:
        try:
            await producer.start()
        except KafkaError as error:
            raise WriteError(
                f"cannot reach Kafka at {', '.join(options['bootstrap_servers'])}: {_explain(error)}"
            ) from error
        writer = Writer(producer)
        yield writer
        await writer.flush()
    finally:
        await producer.stop()


async def produce(
    writer: Writer,
    messages: Iterable[Message],
    *,
    stop: asyncio.Event | None = None,
    seconds: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> int:
    """Write messages when they are due, until they end, `stop` is set or the time is over; give how many were written.

    Args:
        writer: Where to.
        messages: In order of `due`.
        stop: Ends it early; the message that was waited for is not written then.
        seconds: Ends it after this time.
        progress: Told how many were written, some times a second at most while there is work.
    """
    run = _Run(writer, stop or asyncio.Event(), float("inf") if seconds is None else seconds, progress)
    for message in messages:
        if not await run.ready(message.due):
            break
        await writer.write(message.topic, message.key, message.value)
        run.written += 1
    await writer.flush()
    run.report()
    return run.written


def at_rate(messages: Iterable[Message], rate: float) -> Iterator[Message]:
    """Make messages due at a steady rate, in records per second."""
    for number, message in enumerate(messages):
        yield Message(number / rate, message.topic, message.key, message.value)


class _Run:
    """The clock and the brakes of one `produce`."""

    def __init__(
        self, writer: Writer, stop: asyncio.Event, seconds: float, progress: Callable[[int], None] | None
    ) -> None:
        self.written = 0
        self._writer = writer
        self._stop = stop
        self._seconds = seconds
        self._progress = progress
        self._start = time.monotonic()
        self._elapsed = 0.0
        self._slice = 0

    async def ready(self, due: float) -> bool:
        """Wait until something is due; false when it is time to stop instead."""
        if due > self._elapsed:
            self._elapsed = time.monotonic() - self._start
            if due > self._elapsed:
                await self._pause(due)
        self._slice -= 1
        if self._slice > 0:
            return True
        self._slice = _SLICE
        await asyncio.sleep(0)
        self.report()
        self._elapsed = time.monotonic() - self._start
        return not self._stop.is_set() and self._elapsed < self._seconds

    def report(self) -> None:
        """Tell how far we are."""
        if self._progress is not None:
            self._progress(self.written)

    async def _pause(self, due: float) -> None:
        await self._writer.push()
        self.report()
        until = min(due, self._seconds)
        try:
            async with asyncio.timeout(max(until - self._elapsed, _TICK)):
                await self._stop.wait()
        except TimeoutError:
            pass
        self._elapsed = time.monotonic() - self._start
        self._slice = 0  # look at once whether to go on


def _explain(error: BaseException) -> str:
    text, name = str(error), type(error).__name__  # aiokafka's own errors say their name
    return text if text.startswith(name) else f"{name}: {text}"
