"""Dead letters on Kafka, read back."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaConsumer
from aiokafka.errors import KafkaTimeoutError
from aiokafka.structs import TopicPartition
from msgspec import Struct

from schemas.dead_letters import DeadLetter, from_record
from schemas.refusals import Reason
from streams.settings.kafka import ClientOptions
from streams.topics import read_topics

_READ_RECORDS: Final = 500
_READ_PAUSE_MS: Final = 20
"""How long to wait for records before a look at the position: markers of transactions wake nobody."""
_PATIENCE_SECONDS: Final = 30.0
"""How long a partition may give nothing although there is more: the broker has gone away."""


class Selection(Struct, frozen=True, kw_only=True):
    """Which dead letters are meant; what is None or empty does not matter.

    Attributes:
        partition: Partition that the record was read from, and in which its dead letter lies.
        offset: Offset that the record was read at.
        reasons: Why it is dead.
        since: When its dead letter was written at the earliest, ms since 1970.
    """

    partition: int | None = None
    offset: int | None = None
    reasons: frozenset[Reason] = frozenset()
    since: int | None = None

    @property
    def is_all(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

    def takes(self, letter: DeadLetter) -> bool:
        """Whether a letter, of the right partition and time, is meant."""
        return (not self.reasons or letter.reason in self.reasons) and self.offset in (None, letter.offset)


class Stored(Struct, frozen=True):
    """A dead letter and where it lies.

    Attributes:
        topic: The dead letters' topic.
        partition: Partition there.
        offset: Offset there.
        at: When it was written, ms since 1970.
        letter: What it says.
    """

    topic: str
    partition: int
    offset: int
    at: int
    letter: DeadLetter


class LetterLog:
    """The dead letters that are there now, partition by partition in log order. Use `reading` to get one.

    Attributes:
        total: Offsets between the first and the last to be read.
        passed: How many of them have been read.
        foreign: Records that no leadpulse wrote.
        missing: Those of the topics that do not exist.
    """

    def __init__(self, consumer: AIOKafkaConsumer, selection: Selection) -> None:
        self.total = self.passed = self.foreign = 0
        self.missing: list[str] = []
        self._consumer = consumer
        self._selection = selection
        self._spans: dict[TopicPartition, tuple[int, int]] = {}

    async def begin(self, partitions: Iterable[TopicPartition], *, new_only: bool) -> None:
        """Look where the partitions begin and end; what comes later is not read."""
        wanted = [tp for tp in sorted(partitions) if self._selection.partition in (None, tp.partition)]
        self._consumer.assign(wanted)
        self._consumer.pause(*wanted)
        begins = await self._consumer.beginning_offsets(wanted) if wanted else {}
        ends = await self._consumer.end_offsets(wanted) if wanted else {}
        begins |= await self._since(wanted, ends)
        for tp in wanted:
            seen = await self._consumer.committed(tp) if new_only else None
            self._spans[tp] = max(begins[tp], seen or 0), ends[tp]
        self.total = sum(max(end - begin, 0) for begin, end in self._spans.values())

    async def _since(
        self, partitions: Sequence[TopicPartition], ends: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, int]:
        if self._selection.since is None or not partitions:
            return {}
        found = await self._consumer.offsets_for_times(dict.fromkeys(partitions, max(self._selection.since, 0)))
        return {tp: at.offset if at else ends[tp] for tp, at in found.items()}

    async def letters(self) -> AsyncIterator[Stored]:
        """Yield the selected ones.

        Raises:
            KafkaError: The broker went away.
        """
        for tp in self._spans:
            async for record in self._records(tp):
                letter = from_record(record.key, record.value, record.headers)
                if letter is None:
                    self.foreign += 1
                elif self._selection.takes(letter):
                    yield Stored(record.topic, record.partition, record.offset, record.timestamp, letter)

    async def _records(self, tp: TopicPartition) -> AsyncIterator[Any]:
        begin, end = self._spans[tp]
        self._consumer.seek(tp, begin)
        self._consumer.resume(tp)
        position, heard = begin, time.monotonic()
        while position < end:  # the position passes transaction markers and aborted records, too
            fetched = await self._consumer.getmany(tp, timeout_ms=_READ_PAUSE_MS, max_records=_READ_RECORDS)
            for record in fetched.get(tp, ()):
                if record.offset < end:
                    yield record
            before, position = position, await self._consumer.position(tp)
            self.passed += min(position, end) - min(before, end)
            if position > before:
                heard = time.monotonic()
            elif time.monotonic() - heard > _PATIENCE_SECONDS:
                raise KafkaTimeoutError(f"nothing came from {tp.topic}[{tp.partition}] for {_PATIENCE_SECONDS:.0f} s")
        self._consumer.pause(tp)

    async def mark_seen(self) -> None:
        """Remember for `new_only` that everything was looked at. The consumer needs its group for that."""
        if self._spans:
            await self._consumer.commit({tp: end for tp, (_, end) in self._spans.items()})


@asynccontextmanager
async def reading(
    options: ClientOptions,
    topics: Sequence[str],
    selection: Selection,
    *,
    group: str | None = None,
    new_only: bool = False,
) -> AsyncIterator[LetterLog]:
    """Give the dead letters of some topics; what a transaction wrote that was not committed is none.

    Args:
        options: How to reach the brokers.
        topics: Topics of dead letters.
        selection: Which ones.
        group: Consumer group that remembers what has been seen.
        new_only: Only what came after the last `LetterLog.mark_seen` of the group.

    Raises:
        KafkaError: The brokers cannot be reached.
    """
    consumer = AIOKafkaConsumer(
        group_id=group,
        enable_auto_commit=False,
        isolation_level="read_committed",
        fetch_max_wait_ms=_READ_PAUSE_MS,  # what is to be read is there already
        **options,
    )
    try:
        await consumer.start()
        log = LetterLog(consumer, selection)
        found = await read_topics(topics, options)
        log.missing = [name for name in topics if name not in found]
        partitions = [TopicPartition(name, n) for name, topic in found.items() for n in range(topic.partitions)]
        await log.begin(partitions, new_only=new_only)
        yield log
    finally:
        await consumer.stop()
