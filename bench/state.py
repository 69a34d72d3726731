"""A big state, built without Kafka and written to the changelog in the form in which compaction leaves it."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from random import Random

from aiokafka import AIOKafkaProducer

from bench.events import new_id
from bench.lab import INTERACTIONS, LEADS, PARTITIONS, Job, create_topics
from processors.changelog import Changelog, Record
from processors.shard import Shard
from streams.producing import partition_of

REST_EVERY = 1000
"""Leads to be built between two calls of `rest`."""
_BATCH = 512 * 1024
_SAMPLE = 1000

Build = Callable[[int, int, Job], tuple[Shard, Changelog]]
"""Makes a partition's shard: (its number, how many leads, the job); a function of a module, for other processes."""


def id_in(partition: int, rng: Random) -> str:
    """Return a new lead id that belongs to a partition."""
    while partition_of((lead_id := new_id(rng)).encode(), PARTITIONS) != partition:
        pass
    return lead_id


def rest(shard: Shard) -> None:
    """Put the touched leads to rest, without a log."""
    shard.cool()
    shard.alerts.clear()
    shard.merge()
    shard.unlogged.clear()


def build_all(build: Build, job: Job, leads: int) -> tuple[list[str], float]:
    """Make the topics of a worker and its state, on all cores.

    Returns:
        The ids of some of the leads, and for how many seconds it took.
    """
    begun = time.perf_counter()
    asyncio.run(create_topics(job.broker, (LEADS, INTERACTIONS)))
    asyncio.run(create_topics(job.broker, (f"{job.name}-changelog",), {"cleanup.policy": "compact"}))
    work = [build] * PARTITIONS, range(PARTITIONS), [leads // PARTITIONS] * PARTITIONS, [job] * PARTITIONS
    with ProcessPoolExecutor(os.cpu_count(), mp_context=get_context("spawn"), initializer=_unpin) as pool:
        known = [lead_id for sample in pool.map(_build_and_write, *work) for lead_id in sample]
    return known, time.perf_counter() - begun


def _unpin() -> None:
    """Use all cores: nothing is measured while the state is built."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, range(os.cpu_count() or 1))


def _build_and_write(build: Build, partition: int, leads: int, job: Job) -> list[str]:
    shard, changelog = build(partition, leads, job)
    asyncio.run(_write(partition, _records(shard, changelog), job))
    return list(shard.cold)[:_SAMPLE]


def _records(shard: Shard, changelog: Changelog) -> Iterator[Record]:
    for lead_id, record in shard.cold.items():
        yield b"l" + lead_id.encode(), record
    # Nothing of what was deleted: compaction has removed it.
    yield from (record for record in changelog.flush() if record[1] is not None)


async def _write(partition: int, records: Iterator[Record], job: Job) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=job.broker, max_batch_size=_BATCH)
    topic = f"{job.name}-changelog"
    await producer.start()
    try:
        batch = producer.create_batch()
        for key, value in records:
            if batch.append(timestamp=None, key=key, value=value) is None:
                await producer.send_batch(batch, topic, partition=partition)
                batch = producer.create_batch()
                batch.append(timestamp=None, key=key, value=value)
        await producer.send_batch(batch, topic, partition=partition)
        await producer.flush()
    finally:
        await producer.stop()
