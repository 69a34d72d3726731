"""Reading a state back: the changelog of one partition, from its beginning to its last stable offset."""

import asyncio
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaTimeoutError
from mode.utils.logging import get_logger

from streams.engine.errors import InputTruncated
from streams.engine.options import EngineOptions
from streams.engine.positions import POSITION_KEY, decode_position
from streams.engine.state import RESERVED, State

logger = get_logger(__name__)

READ_SIZE = 4 << 20
LOOK_MS = 200
SILENT_LOOKS = 75
"""Looks in a row without a record, 15 s in all, after which a recovery begins anew. Looks are counted, not time: while
another partition of this worker makes its numbers anew, nobody looks and nothing is silent."""
READ_RECORDS = 5000
"""Records loaded before the event loop gets a turn; about 10 ms."""


class Recovered(NamedTuple):
    """What recovery found beside the state."""

    position: dict[str, int]
    records: int
    lost: dict[str, int]
    """Offsets of each input that were deleted before they were processed."""
    end: int
    """Offset at which the changelog ended."""


async def recover(partition: int, state: State, options: EngineOptions) -> Recovered:
    """Load a state from the changelog. The partition's producer must be open already, see `TransactionalProducer.open`.

    Values go into the state as they come, so memory holds one fetch beside it. Of several values of a key the newest
    holds; the changelog was compacted or it was not, the result is the same.

    Raises:
        InputTruncated: If an input ends before the position in the changelog.
        KafkaError: If the broker cannot be reached for longer than the request timeout.
    """
    consumer = AIOKafkaConsumer(
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        fetch_max_wait_ms=100,
        max_partition_fetch_bytes=READ_SIZE,
        **options.client_arguments(),
    )
    changelog = TopicPartition(options.changelog_topic, partition)
    inputs = [TopicPartition(topic, partition) for topic in options.inputs]
    try:
        await consumer.start()
        consumer.assign([changelog, *inputs])
        consumer.pause(*inputs)  # assigned only because aiokafka is slow to find the leaders of other topics
        position, records = await _read(consumer, changelog, state)
        end = await consumer.position(changelog)
        lost = await _check_inputs(consumer, inputs, position, options.changelog_topic)
    finally:
        await consumer.stop()
    for _ in state.loaded():
        await asyncio.sleep(0)
    return Recovered(position, records, lost, end)


async def _read(consumer: Any, changelog: TopicPartition, state: State) -> tuple[dict[str, int], int]:
    """Load every record; the fetch position also passes transaction markers, so it does reach the end."""
    await consumer.seek_to_beginning(changelog)
    goal = (await consumer.end_offsets([changelog]))[changelog]
    position: dict[str, int] = {}
    count = 0
    silent = 0
    while not await _at_end(consumer, changelog, goal):
        if silent > SILENT_LOOKS:
            raise KafkaTimeoutError(f"{changelog.topic}-{changelog.partition} could not be read to its end")
        fetched = await consumer.getmany(changelog, timeout_ms=LOOK_MS, max_records=READ_RECORDS)
        silent = 0 if fetched else silent + 1
        for record in fetched.get(changelog, ()):
            if record.key == POSITION_KEY:
                position = decode_position(record.value)
            elif not record.key.startswith(RESERVED):
                state.load(record.key, record.value)
            count += 1
    return position, count


async def _at_end(consumer: Any, changelog: TopicPartition, goal: int) -> bool:
    """Return whether everything was read and nothing is undecided.

    A leader that was just elected tells fetches a high watermark from before, until its followers have caught up. Asked
    for its end (`goal`), it does not answer before it knows that (KIP-207).

    We are the only writer and have no transaction open. So if the last stable offset is below the high watermark, a
    marker is still on its way, and it has to be waited for: our next commit would decide what it leaves open.
    """
    stable, end = consumer.last_stable_offset(changelog), consumer.highwater(changelog)
    return stable is not None and stable == end and await consumer.position(changelog) >= max(end, goal)


async def _check_inputs(
    consumer: Any, inputs: list[TopicPartition], position: dict[str, int], changelog: str
) -> dict[str, int]:
    """Move the position to what is still on the log; return how much was lost."""
    begins, ends = await consumer.beginning_offsets(inputs), await consumer.end_offsets(inputs)
    lost: dict[str, int] = {}
    for tp in inputs:
        known = position.get(tp.topic)
        if known is not None and known > ends[tp]:
            raise InputTruncated(
                f"{tp.topic}-{tp.partition} ends at offset {ends[tp]}, but the changelog {changelog} says that it was "
                f"processed up to {known}: the topic was recreated or lost data. Give the app a new id (and so a new "
                "changelog), or restore the topic."
            )
        if known is not None and known < begins[tp]:
            lost[tp.topic] = begins[tp] - known
        position[tp.topic] = max(known or 0, begins[tp])
    return lost
