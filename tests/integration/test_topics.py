"""Topics on a real broker: made, left alone, refused."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from streams.topics import FoundTopic, Layout, TopicMismatch, TopicPlan, ensure_topics, plan_topics, read_topics

pytestmark = pytest.mark.integration


def plans(prefix: str) -> list[TopicPlan]:
    return plan_topics(
        inputs=(f"{prefix}-left", f"{prefix}-right"),
        changelog=f"{prefix}-state",
        outputs=(f"{prefix}-alerts",),
        max_record_size=2_000_000,
    )


async def ensure(kafka: str, wanted: Sequence[TopicPlan], partitions: int = 3, **options: object) -> Layout:
    return await ensure_topics(
        wanted,
        client_arguments={"bootstrap_servers": kafka},
        partitions=partitions,
        **options,  # type: ignore[arg-type]  # passed through
    )


async def make(kafka: str, name: str, partitions: int, configs: Mapping[str, str] | None = None) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    await admin.create_topics([NewTopic(name, partitions, 1, topic_configs=dict(configs or {}))])
    while name not in await admin.list_topics():  # noqa: ASYNC110  # the broker needs a moment
        await asyncio.sleep(0.05)
    await admin.close()


@pytest.fixture
def prefix() -> str:
    return f"topics-{uuid.uuid4().hex[:8]}"


async def test_missing_topics_are_made_once(kafka: str, prefix: str) -> None:
    wanted = plans(prefix)
    layout = await ensure(kafka, wanted)
    assert layout == Layout(3, tuple(plan.name for plan in wanted))
    assert await ensure(kafka, wanted, partitions=7) == Layout(3, ())
    found = await read_topics([plan.name for plan in wanted], {"bootstrap_servers": kafka})
    assert found[f"{prefix}-state"] == FoundTopic(3, "compact")
    assert found[f"{prefix}-left"] == FoundTopic(3, "delete")


async def test_workers_that_start_together_do_not_get_in_each_others_way(kafka: str, prefix: str) -> None:
    wanted = plans(prefix)
    layouts = await asyncio.gather(*(ensure(kafka, wanted) for _ in range(3)))
    assert {layout.partitions for layout in layouts} == {3}


async def test_an_existing_input_decides_for_the_others(kafka: str, prefix: str) -> None:
    await make(kafka, f"{prefix}-right", 5)
    assert (await ensure(kafka, plans(prefix))).partitions == 5


async def test_inputs_that_differ_are_refused_and_nothing_is_made(kafka: str, prefix: str) -> None:
    await make(kafka, f"{prefix}-left", 2)
    await make(kafka, f"{prefix}-right", 3)
    with pytest.raises(TopicMismatch, match="must have the same number of partitions"):
        await ensure(kafka, plans(prefix))
    assert f"{prefix}-state" not in await read_topics([f"{prefix}-state"], {"bootstrap_servers": kafka})


async def test_a_changelog_that_is_not_compacted_is_refused(kafka: str, prefix: str) -> None:
    await make(kafka, f"{prefix}-state", 3, {"cleanup.policy": "compact,delete"})
    with pytest.raises(TopicMismatch, match=r"cleanup\.policy=compact,delete"):
        await ensure(kafka, plans(prefix))


async def test_missing_topics_are_named_when_none_may_be_made(kafka: str, prefix: str) -> None:
    with pytest.raises(TopicMismatch, match=f"missing topics: {prefix}-left, {prefix}-right"):
        await ensure(kafka, plans(prefix), create=False)


async def test_a_replication_that_the_cluster_cannot_give_is_refused_with_the_brokers_words(
    kafka: str, prefix: str
) -> None:
    with pytest.raises(TopicMismatch, match="cannot create topic"):
        await ensure(kafka, plans(prefix), replication_factor=50)
