"""The topics that a worker needs: planned, made where missing, and checked where they exist."""

import asyncio
import enum
import logging
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, UnknownTopicOrPartitionError, for_code

from streams.engine.errors import EngineError

logger = logging.getLogger(__name__)

RETRY_PAUSE: Final = 1.0
COMPLAINT_INTERVAL: Final = 10.0
VISIBILITY_PAUSE: Final = 0.1
CREATE_TIMEOUT: Final = 30.0
RECORD_OVERHEAD: Final = 64 << 10
"""Bytes allowed on top of the largest record for the batch around it and the headers of a dead letter."""
_POLICY: Final = "cleanup.policy"


class TopicMismatch(EngineError):
    """Existing topics cannot be used together; nothing was changed."""


class Role(enum.Enum):
    """What a topic is for."""

    INPUT = "input"
    CHANGELOG = "changelog"
    OUTPUT = "output"


class TopicPlan(msgspec.Struct, frozen=True):
    """A topic as it has to be."""

    name: str
    role: Role
    configs: Mapping[str, str] = {}


class FoundTopic(NamedTuple):
    """A topic as it is."""

    partitions: int
    cleanup_policy: str


class Layout(NamedTuple):
    """What the topics of an app have in common."""

    partitions: int
    created: tuple[str, ...]


def plan_topics(
    *,
    inputs: Sequence[str],
    changelog: str,
    outputs: Sequence[str],
    max_record_size: int,
    changelog_configs: Mapping[str, str] | None = None,
) -> list[TopicPlan]:
    """Return the plans for the topics of an app.

    Args:
        inputs: Topics to read.
        changelog: Topic of the state.
        outputs: Topics for alerts and dead letters.
        max_record_size: Largest state or output record in bytes.
        changelog_configs: Topic configuration that goes before ours.
    """
    sizes = {"max.message.bytes": str(max_record_size + RECORD_OVERHEAD)}
    compacted = {_POLICY: "compact", **sizes, **(changelog_configs or {})}
    return [
        *(TopicPlan(name, Role.INPUT) for name in inputs),
        TopicPlan(changelog, Role.CHANGELOG, compacted),
        *(TopicPlan(name, Role.OUTPUT, sizes) for name in outputs),
    ]


def check_layout(plans: Iterable[TopicPlan], found: Mapping[str, FoundTopic], wanted_partitions: int) -> int:
    """Return the number of partitions that all topics share: what exists decides, else the wanted number.

    Raises:
        TopicMismatch: If the existing topics contradict each other.
    """
    plans = list(plans)
    counts = {plan.name: found[plan.name].partitions for plan in plans if plan.name in found}
    inputs = {plan.name: counts[plan.name] for plan in plans if plan.role is Role.INPUT and plan.name in counts}
    if len(set(inputs.values())) > 1:
        listed = ", ".join(f"{name} has {count}" for name, count in inputs.items())
        raise TopicMismatch(
            f"the inputs must have the same number of partitions, but {listed}: "
            "a key of one topic would not meet itself in the other"
        )
    count = next(iter(inputs.values()), wanted_partitions)
    for plan in plans:
        if plan.name in found:
            _check_topic(plan, found[plan.name], count)
    return count


def _check_topic(plan: TopicPlan, topic: FoundTopic, count: int) -> None:
    if plan.role is Role.CHANGELOG and topic.partitions != count:
        raise TopicMismatch(
            f"the changelog {plan.name} has {topic.partitions} partitions, but the inputs have {count}: its states "
            "belong to another partitioning. Give the app a new id (and so a new changelog) to build them anew."
        )
    if plan.role is Role.CHANGELOG and topic.cleanup_policy != "compact":
        raise TopicMismatch(
            f"the changelog {plan.name} has cleanup.policy={topic.cleanup_policy}; it must be compact, "
            "anything else deletes state"
        )
    if plan.role is Role.OUTPUT and topic.partitions < count:
        raise TopicMismatch(
            f"{plan.name} has {topic.partitions} partitions, but outputs go to the partition of their input: "
            f"it needs {count}"
        )


async def ensure_topics(
    plans: Sequence[TopicPlan],
    *,
    client_arguments: Mapping[str, Any],
    partitions: int,
    replication_factor: int = 1,
    create: bool = True,
) -> Layout:
    """Wait for the broker, check the topics that exist and make those that do not.

    Args:
        plans: The topics, see `plan_topics`.
        client_arguments: aiokafka arguments: bootstrap_servers and security.
        partitions: Number of partitions where no input exists yet.
        replication_factor: Copies of each new partition.
        create: Whether to make missing topics; otherwise they are a mismatch.

    Raises:
        TopicMismatch: If existing topics cannot be used, or missing ones may not or cannot be made.
    """
    names = [plan.name for plan in plans]
    admin = await _connect(client_arguments)
    try:
        found = await _describe(admin, names)
        count = check_layout(plans, found, partitions)
        missing = [plan for plan in plans if plan.name not in found]
        if missing and not create:
            raise TopicMismatch(f"missing topics: {', '.join(plan.name for plan in missing)}")
        created = await _create(admin, missing, count, replication_factor)
        if missing:  # another worker may have been quicker, with other settings
            count = check_layout(plans, await _await_topics(admin, names), partitions)
    finally:
        await admin.close()
    return Layout(count, tuple(created))


async def read_topics(names: Sequence[str], client_arguments: Mapping[str, Any]) -> dict[str, FoundTopic]:
    """Return those of the topics that exist, as they are; waits for the broker."""
    admin = await _connect(client_arguments)
    try:
        return await _describe(admin, names)
    finally:
        await admin.close()


async def _connect(client_arguments: Mapping[str, Any]) -> Any:
    """Return a connected admin client, however long the broker takes; say now and then who is waited for."""
    started = time.monotonic()
    complained_at = -COMPLAINT_INTERVAL
    while True:
        admin = AIOKafkaAdminClient(**client_arguments)
        try:
            await admin.start()
        except KafkaError as error:
            await admin.close()
            waited = time.monotonic() - started
            if waited - complained_at >= COMPLAINT_INTERVAL:
                complained_at = waited
                logger.warning("waiting for Kafka at %s: %s", ", ".join(client_arguments["bootstrap_servers"]), error)
            await asyncio.sleep(RETRY_PAUSE)
        else:
            return admin


async def _describe(admin: Any, names: Sequence[str]) -> dict[str, FoundTopic]:
    partitions: dict[str, int] = {}
    for topic in await admin.describe_topics(list(names)):
        error = for_code(topic["error_code"])
        if topic["error_code"] == 0:
            partitions[topic["topic"]] = len(topic["partitions"])
        elif error is not UnknownTopicOrPartitionError:
            raise TopicMismatch(f"cannot look at topic {topic['topic']}: {error.__name__}")
    policies = await _policies(admin, list(partitions))
    return {name: FoundTopic(count, policies[name]) for name, count in partitions.items()}


async def _await_topics(admin: Any, names: Sequence[str]) -> dict[str, FoundTopic]:
    """Return the topics once the broker knows all of them; a new one needs a moment."""
    deadline = time.monotonic() + CREATE_TIMEOUT
    while len(found := await _describe(admin, names)) < len(names):
        if time.monotonic() > deadline:
            raise TopicMismatch(f"topics do not appear: {', '.join(sorted(set(names) - set(found)))}")
        await asyncio.sleep(VISIBILITY_PAUSE)
    return found


async def _policies(admin: Any, names: Sequence[str]) -> dict[str, str]:
    if not names:
        return {}
    wanted = [ConfigResource(ConfigResourceType.TOPIC, name, configs={_POLICY: None}) for name in names]
    policies: dict[str, str] = {}
    for response in await admin.describe_configs(wanted):
        for code, message, _, name, entries in response.resources:
            if code:
                raise TopicMismatch(
                    f"cannot read the configuration of topic {name}: {message or for_code(code).__name__}"
                )
            policies[name] = next(entry[1] for entry in entries if entry[0] == _POLICY)
    return policies


async def _create(admin: Any, plans: Sequence[TopicPlan], partitions: int, replication_factor: int) -> list[str]:
    if not plans:
        return []
    topics = [NewTopic(plan.name, partitions, replication_factor, topic_configs=dict(plan.configs)) for plan in plans]
    response = await admin.create_topics(topics, timeout_ms=int(CREATE_TIMEOUT * 1000))
    created = []
    for name, code, message in response.topic_errors:
        if code == 0:
            created.append(name)
            logger.info("created topic %s with %d partitions", name, partitions)
        elif code != TopicAlreadyExistsError.errno:  # another worker was quicker
            raise TopicMismatch(f"cannot create topic {name}: {message or for_code(code).__name__}")
    return created
