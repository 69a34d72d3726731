"""Reading topics whole, as a consumer that trusts transactions does."""

from collections.abc import Iterable

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from tests.integration.harness.tally import Entry

Log = dict[int, list[Entry]]


async def read_topic(broker: str, topic: str, partitions: int, isolation_level: str = "read_committed") -> Log:
    """Return every visible record by partition, up to the last stable offset at the time of the call."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=broker,
        isolation_level=isolation_level,
        max_partition_fetch_bytes=4 << 20,
        fetch_max_wait_ms=50,
    )
    await consumer.start()
    try:
        tps = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(tps)
        await consumer.seek_to_beginning(*tps)
        ends = await consumer.end_offsets(tps)
        found: Log = {number: [] for number in range(partitions)}
        while todo := [tp for tp in tps if await consumer.position(tp) < ends[tp]]:
            for tp, records in (await consumer.getmany(*todo, timeout_ms=200)).items():
                found[tp.partition] += [Entry(r.offset, r.key, r.value, r.headers) for r in records]
        return found
    finally:
        await consumer.stop()


async def end_offsets(broker: str, topics: Iterable[str], partitions: int) -> dict[tuple[str, int], int]:
    """Return the last stable offsets."""
    consumer = AIOKafkaConsumer(bootstrap_servers=broker, isolation_level="read_committed")
    await consumer.start()
    try:
        ends = await consumer.end_offsets([TopicPartition(topic, n) for topic in topics for n in range(partitions)])
        return {(tp.topic, tp.partition): offset for tp, offset in ends.items()}
    finally:
        await consumer.stop()


async def group_offsets(broker: str, group: str) -> dict[tuple[str, int], int]:
    """Return what a consumer group has committed, as a lag tool sees it."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        offsets = await admin.list_consumer_group_offsets(group)
        return {(tp.topic, tp.partition): found.offset for tp, found in offsets.items()}
    finally:
        await admin.close()


async def topics_exist(broker: str, topics: Iterable[str]) -> bool:
    """Return whether all of them are there."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        return set(topics) <= set(await admin.list_topics())
    finally:
        await admin.close()
