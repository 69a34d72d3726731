"""Reading a state back: the changelog of one partition, from its beginning to its last stable offset."""

import gc
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from mode.utils.logging import get_logger

from streams.engine.errors import InputTruncated
from streams.engine.options import EngineOptions
from streams.engine.positions import POSITION_KEY, decode_position
from streams.engine.state import RESERVED, State

logger = get_logger(__name__)

READ_SIZE = 4 << 20
READ_RECORDS = 5000
"""Records loaded before the event loop gets a turn; about 10 ms."""


class Recovered(NamedTuple):
    """What recovery found beside the state."""

    position: dict[str, int]
    records: int
    lost: dict[str, int]
    """Offsets of each input that were deleted before they were processed."""


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
        lost = await _check_inputs(consumer, inputs, position, options.changelog_topic)
    finally:
        await consumer.stop()
    state.loaded()
    _settle_memory()
    return Recovered(position, records, lost)


async def _read(consumer: Any, changelog: TopicPartition, state: State) -> tuple[dict[str, int], int]:
    """Load every record; the fetch position also passes transaction markers, so it does reach the end offset."""
    await consumer.seek_to_beginning(changelog)
    end = (await consumer.end_offsets([changelog]))[changelog]
    position: dict[str, int] = {}
    count = 0
    while await consumer.position(changelog) < end:
        fetched = await consumer.getmany(changelog, timeout_ms=200, max_records=READ_RECORDS)
        for record in fetched.get(changelog, ()):
            if record.key == POSITION_KEY:
                position = decode_position(record.value)
            elif not record.key.startswith(RESERVED):
                state.load(record.key, record.value)
            count += 1
    return position, count


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


def _settle_memory() -> None:
    """Take the state out of the garbage collector's walks.

    Faust calls gc.collect() in a loop at every rebalance. Unfreezing first lets the collector find what a former state
    of this process left behind.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
