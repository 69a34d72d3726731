"""Dead letters on their way back: judged by the rules of now, and put where they came from."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from msgspec import Struct, structs

from schemas.cloudevents import decode_record
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER
from schemas.dead_letters import DeadLetter, Header, from_record
from schemas.refusals import Reason, Refusal, processing_error, refuse
from streams.engine.records import Record
from streams.engine.state import RecordFailed
from streams.plan import state_factory
from streams.producing import partition_of
from streams.settings import Settings
from streams.settings.kafka import ClientOptions
from streams.topics import RECORD_OVERHEAD

_UNDER_WAY: Final = 500
_LARGEST_RECORD: Final = (8 << 20) + RECORD_OVERHEAD
_JUDGED_BY_ONE: Final = 1000
"""Records after which the judge begins with an empty state again, so that its memory is bounded."""


class Returning(Struct, frozen=True, kw_only=True):
    """A record on its way back.

    Attributes:
        topic: The input that it came from.
        partition: Partition it came from.
        key: Its key.
        value: Its value, mended or as it was.
        headers: What its producer gave it.
    """

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: tuple[Header, ...] = ()


def returning(letter: DeadLetter) -> Returning:
    """Return the record that a dead letter was made of, for the place it came from."""
    return Returning(
        topic=letter.topic, partition=letter.partition, key=letter.key, value=letter.value, headers=letter.headers
    )


class Judge:
    """Tells what a worker would say to a record now.

    The worker's own code decides, on a state without leads: a processing error that depends on the history of the lead
    is not foreseen.

    Args:
        settings: Topics, funnel and clock.
        partitions: Input topic -> number of its partitions.
    """

    def __init__(self, settings: Settings, partitions: Mapping[str, int]) -> None:
        self._partitions = partitions
        self._decoders: dict[str, Any] = {
            settings.topics.leads: LEAD_DECODER,
            settings.topics.interactions: INTERACTION_DECODER,
        }
        self._dead = settings.topics.dead_letters
        self._new_state = state_factory(settings)
        self._state = self._new_state(0)
        self._judged = 0

    def has_no_place(self, record: Returning) -> Refusal | None:
        """Return why a record cannot be put anywhere, None when it can."""
        if record.key is None and record.value is None:
            return refuse(Reason.MALFORMED, "", "it has neither key nor value: there is nothing to send")
        if record.topic not in self._partitions:
            return refuse(Reason.INVALID, "", f"{record.topic} is no input of this application")
        count = self._partitions[record.topic]
        if record.partition >= count:
            return refuse(Reason.INVALID, "", f"{record.topic} has {count} partitions, {record.partition} is none")
        return None

    def refusal(self, record: Returning) -> Refusal | None:
        """Return why a worker would refuse a record, None when it would take it."""
        self._judged += 1
        if self._judged % _JUDGED_BY_ONE == 0:
            self._state = self._new_state(0)
        state = self._state
        try:
            state.apply([_as_read(record)])
        except RecordFailed as failed:
            self._state = self._new_state(0)
            return processing_error(failed.cause)
        letters = [from_record(o.key, o.value, o.headers) for o in state.outputs if o.topic == self._dead(record.topic)]
        state.outputs.clear()
        return next((Refusal(said.reason, said.field, said.message) for said in letters if said is not None), None)

    def rekeyed(self, record: Returning) -> Returning:
        """Return a record under its lead id, in the partition where Kafka's default partitioner wants that.

        One that cannot be read stays as it is.
        """
        event = decode_record(self._decoders[record.topic], record.value, record.headers)
        if isinstance(event, Refusal):
            return record
        key = event.lead_id.encode()
        return structs.replace(record, key=key, partition=partition_of(key, self._partitions[record.topic]))

    def strays(self, record: Returning) -> Refusal | None:
        """Return what is wrong when a record is about to go where its key does not belong, by the default partitioner.

        In a partition that is not the lead's, it would be the beginning of a second lead with the same id.
        """
        key = record.key or b""
        home = partition_of(key, self._partitions[record.topic])
        if home == record.partition:
            return None
        detail = f"its key belongs to partition {home}, it came from {record.partition}: its key was edited"
        return refuse(Reason.KEY_MISMATCH, "key", detail)


def _as_read(record: Returning) -> Record:
    return Record(record.topic, record.partition, 0, 0, record.key, record.value, record.headers)


class Returner:
    """Puts records back, in order within each partition. Use `returner` to get one."""

    def __init__(self, producer: AIOKafkaProducer) -> None:
        self._producer = producer
        self._under_way: list[asyncio.Future[Any]] = []

    async def put(self, record: Returning) -> None:
        """Send one.

        Raises:
            KafkaError: Kafka did not take an earlier one.
        """
        sent = await self._producer.send(
            record.topic, record.value, record.key, partition=record.partition, headers=list(record.headers)
        )
        self._under_way.append(sent)
        if len(self._under_way) >= _UNDER_WAY:
            await self.settle()

    async def settle(self) -> None:
        """Wait until Kafka has all.

        Raises:
            KafkaError: Kafka did not take one.
        """
        under_way, self._under_way = self._under_way, []
        for outcome in await asyncio.gather(*under_way, return_exceptions=True):
            if isinstance(outcome, BaseException):
                raise outcome


@asynccontextmanager
async def returner(options: ClientOptions) -> AsyncIterator[Returner]:
    """Give what puts records back; everything is with Kafka when the block ends well.

    Raises:
        KafkaError: The brokers cannot be reached or did not take a record.
    """
    producer = AIOKafkaProducer(enable_idempotence=True, max_request_size=_LARGEST_RECORD, **options)
    try:
        await producer.start()
        made = Returner(producer)
        yield made
        await made.settle()
    finally:
        await producer.stop()
