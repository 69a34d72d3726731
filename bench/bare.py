"""A process that is measured: a loop that only reads, decodes and counts, as fast as aiokafka can."""

from __future__ import annotations

import asyncio
import sys
from collections import defaultdict

from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec import json

from bench.lab import INTERACTIONS, LEADS, PARTITIONS, Job, Pace, Stopwatch
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER


async def run(job: Job) -> Pace:
    """Count the events of each lead."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=job.broker,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_partition_fetch_bytes=2 << 20,
    )
    await consumer.start()
    consumer.assign([TopicPartition(topic, n) for topic in (LEADS, INTERACTIONS) for n in range(PARTITIONS)])
    decoders = {LEADS: LEAD_DECODER.decode, INTERACTIONS: INTERACTION_DECODER.decode}
    counts, done, watch = defaultdict[str, int](int), 0, Stopwatch(job.events)
    try:
        while (pace := watch.look(done)) is None:
            for tp, records in (await consumer.getmany(timeout_ms=500)).items():
                decode = decoders[tp.topic]
                for record in records:
                    counts[decode(record.value).lead_id] += 1
                done += len(records)
    finally:
        await consumer.stop()
    return pace


if __name__ == "__main__":
    given = json.decode(sys.argv[1], type=Job)
    given.pin()
    print(json.encode(asyncio.run(run(given))).decode(), flush=True)
