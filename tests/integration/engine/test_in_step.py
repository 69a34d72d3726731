"""A backlog of two inputs reaches the state in the order in which it was written, though they differ in length."""

import time
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec
import pytest
from aiokafka import AIOKafkaProducer

from streams.services import KafkaService
from tests.integration.harness.log import read_topic
from tests.integration.harness.run import Run

pytestmark = pytest.mark.integration

KEYS = 3000
Written = tuple[int, bytes, bytes]
"""Timestamp in ms, key and value."""


async def test_a_backlog_of_both_inputs_is_applied_in_the_order_of_its_time(
    broker: KafkaService, tmp_path: Path
) -> None:
    with Run(broker.bootstrap, tmp_path, partitions=1, engine={"chunk": 100, "max_pending": 500}) as run:
        maker = run.start_worker()
        maker.wait_for("recovered")
        maker.ask_to_end()
        assert maker.wait() == 0
        begin = int(time.time() * 1000) - 10 * KEYS
        keys = [(begin + 10 * n, b"key-%06d" % n) for n in range(KEYS)]
        left, right = run.topics.inputs
        await _write(run, left, ((at + 3, key, b"erase 0") for at, key in keys))
        await _write(run, right, (one for at, key in keys for one in ((at, key, b"add 1"), (at + 6, key, b"add 2"))))
        run.start_worker()
        await run.settle()
        [changelog] = (await read_topic(run.broker, run.topics.changelog, 1)).values()
    last = {entry.key: entry.value for entry in changelog}
    wanted = msgspec.msgpack.encode({right: [1, zlib.crc32(b"2")]})
    in_order = sum(last.get(key) == wanted for _, key in keys)
    # Not all: the inputs are in step from when the first fetch of each was answered, and only as long as they answer.
    assert in_order > 0.9 * KEYS, f"{in_order} of {KEYS} keys were erased between their two additions"


async def _write(run: Run, topic: str, records: Iterable[Written]) -> None:
    async with AIOKafkaProducer(bootstrap_servers=run.broker) as producer:
        batch = producer.create_batch()
        for timestamp, key, value in records:
            if batch.append(timestamp=timestamp, key=key, value=value) is None:
                await producer.send_batch(batch, topic, partition=0)
                batch = producer.create_batch()
                batch.append(timestamp=timestamp, key=key, value=value)
        await producer.send_batch(batch, topic, partition=0)
        await producer.flush()
