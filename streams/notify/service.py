"""A notifier: a group member and a pipeline for each receiver, and a server for its numbers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Collection, Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import aiohttp
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaConnectionError, KafkaError
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from prometheus_client import CollectorRegistry, ProcessCollector

from processors.alarms import Wording
from streams.notify.alertmanager import Alertmanager
from streams.notify.messages import Receiver
from streams.notify.numbers import Numbers, ReceiverNumbers, StandingCollector
from streams.notify.pipeline import Pipeline
from streams.notify.posting import Backoff, post
from streams.notify.reading import AlertLog, Limits
from streams.notify.web import serving
from streams.notify.webhook import Webhook
from streams.settings import Settings
from streams.settings.kafka import kafka_client_options
from streams.settings.notify import WebhookKey
from streams.topics import TopicMismatch, read_topics
from streams.web.access import access_of

logger = logging.getLogger(__name__)

_LOOK: Final = 1.0
"""Seconds between two looks for a topic or a broker that is missing."""
_COMPLAIN: Final = 30
"""Looks between two complaints about it."""
_ENDING: Final = 10.0
"""Seconds that attempts under way have at the end."""
_REBALANCE_MS: Final = 10_000
"""The least that members have to end their attempts when partitions change hands."""
_NEVER_MS: Final = 30 * 24 * 3600 * 1000
"""A receiver may be away for long, and nothing is read then. That is no reason to leave the group."""


class Notifier:
    """Tells the receivers that the settings name.

    Args:
        settings: All settings; they name a receiver.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._registry = CollectorRegistry()
        self._numbers = Numbers(self._registry)
        self._pipelines: list[Pipeline] = []
        self._trouble: str | None = "the topic of the alerts has not been looked for"
        ProcessCollector(registry=self._registry)
        self._registry.register(StandingCollector(self._pipelines, lambda: self.not_ready_because() is None))

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set.

        Raises:
            OSError: The web server's address is not free.
            KafkaError: Kafka refuses, and will go on to do so.
        """
        notify = self._settings.notify
        token = access_of(self._settings.web).metrics
        served = serving(notify.host, notify.port, self._registry, self.not_ready_because, token)
        async with served, AsyncExitStack() as stack:
            if await _unless(stop, self._prepare(stack)):
                await _work(self._pipelines, stop)

    def not_ready_because(self) -> str | None:
        """Return why not all that is ours can be told, None when it can."""
        if self._trouble:
            return self._trouble
        for pipeline in self._pipelines:
            if trouble := pipeline.not_ready_because():
                return trouble
        return None

    async def _prepare(self, stack: AsyncExitStack) -> None:
        await self._topic_is_there()
        for receiver in receivers(self._settings):
            self._pipelines.append(await stack.enter_async_context(self._pipeline(receiver)))
        self._trouble = None

    async def _topic_is_there(self) -> None:
        topic, looks = self._settings.topics.alerts, 0
        while not await self._finds(topic):
            self._trouble = f"the topic {topic} does not exist yet"
            if looks % _COMPLAIN == 0:
                logger.warning("waiting for the topic %s: a worker makes it", topic)
            looks += 1
            await asyncio.sleep(_LOOK)

    async def _finds(self, topic: str) -> bool:
        try:
            return topic in await read_topics([topic], kafka_client_options(self._settings.kafka))
        except (KafkaError, TopicMismatch) as error:  # it is just being made, or the broker has gone away
            logger.warning("the topic %s cannot be looked at: %s", topic, error)
            return False

    @asynccontextmanager
    async def _pipeline(self, receiver: Receiver) -> AsyncIterator[Pipeline]:
        settings, notify = self._settings, self._settings.notify
        numbers = ReceiverNumbers(self._numbers, receiver.name)
        timeout = aiohttp.ClientTimeout(total=notify.timeout.seconds)
        async with aiohttp.ClientSession(timeout=timeout) as client, _member(settings, receiver) as consumer:
            limits = Limits(notify.look_back.ms, notify.queue, settings.kafka.session_timeout.seconds / 2)
            yield Pipeline(
                receiver,
                AlertLog(
                    consumer,
                    settings.topics.alerts,
                    list_offsets=partial(_offsets, settings, group_of(settings, receiver.name)),
                    limits=limits,
                    numbers=numbers,
                ),
                partial(post, client, receiver.url),
                backoff=Backoff(notify.retry_first.seconds, notify.retry_most.seconds),
                numbers=numbers,
            )


def receivers(settings: Settings) -> list[Receiver]:
    """Return the receivers that the settings name."""
    notify = settings.notify
    wording = Wording(
        app=settings.app.id,
        severities={
            "warned": notify.severity_warned,
            "breached": notify.severity_breached,
            "escalated": notify.severity_escalated,
            "source_silent": notify.severity_silent,
        },
        zone=ZoneInfo(settings.funnel.zone),
    )
    times = {"reminding": notify.resend.seconds, "hold": notify.hold.seconds}
    found: list[Receiver] = [Alertmanager(_name(address), address, wording, **times) for address in notify.alertmanager]
    if notify.webhook is not None:
        gathering, lines = notify.digest_wait.seconds, notify.digest_lines
        key = WebhookKey(notify)
        found.append(Webhook(notify.webhook.reveal(), key, wording, gathering=gathering, lines=lines))
    return found


def _name(address: str) -> str:
    parts = urlsplit(address)
    return f"alertmanager/{parts.netloc}{parts.path.rstrip('/')}"


def group_of(settings: Settings, receiver: str) -> str:
    """Return the consumer group that keeps how far a receiver was told; each has its own."""
    return f"{settings.app.id}-notify-{receiver.replace('/', '-').replace(':', '-')}"


@asynccontextmanager
async def _member(settings: Settings, receiver: Receiver) -> AsyncIterator[AIOKafkaConsumer]:
    """Give a connected consumer in the group of a receiver; waits for the broker."""
    kafka = settings.kafka
    consumer = AIOKafkaConsumer(
        group_id=group_of(settings, receiver.name),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        session_timeout_ms=kafka.session_timeout.ms,
        heartbeat_interval_ms=kafka.session_timeout.ms // 4,
        rebalance_timeout_ms=max(kafka.session_timeout.ms, _REBALANCE_MS),
        max_poll_interval_ms=_NEVER_MS,
        fetch_max_wait_ms=kafka.fetch_max_wait.ms,
        max_partition_fetch_bytes=kafka.fetch_max_bytes,
        **kafka_client_options(kafka),
    )
    try:
        while not await _is_connected(consumer):  # noqa: ASYNC110  # the broker does not call
            await asyncio.sleep(_LOOK)
        yield consumer
    finally:
        await consumer.stop()


async def _offsets(
    settings: Settings, group: str, tps: Sequence[TopicPartition]
) -> Mapping[TopicPartition, OffsetAndMetadata]:
    """Return what a group has committed; a consumer does not tell the metadata of its own."""
    admin = AIOKafkaAdminClient(**kafka_client_options(settings.kafka))
    try:
        await admin.start()
        found: Mapping[TopicPartition, OffsetAndMetadata] = await admin.list_consumer_group_offsets(
            group, partitions=list(tps)
        )
        return found
    finally:
        await admin.close()


async def _is_connected(consumer: AIOKafkaConsumer) -> bool:
    try:
        await consumer.start()
    except KafkaConnectionError as error:
        logger.warning("waiting for Kafka: %s", error)
        return False
    return True


async def _unless(stop: asyncio.Event, work: Coroutine[Any, Any, None]) -> bool:
    """Do some work, or give it up when it is time to stop; say whether it was done."""
    task, stopping = asyncio.create_task(work), asyncio.create_task(stop.wait())
    try:
        await asyncio.wait({task, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        return task.done()
    finally:
        await _end({task, stopping})


async def _work(pipelines: Sequence[Pipeline], stop: asyncio.Event) -> None:
    """Read and tell until it is time to stop, or something fails; attempts under way are finished."""
    reading = {asyncio.create_task(pipeline.log.run()) for pipeline in pipelines}
    telling = {asyncio.create_task(pipeline.run()) for pipeline in pipelines}
    stopping = asyncio.create_task(stop.wait())
    try:
        done, _ = await asyncio.wait({*reading, *telling, stopping}, return_when=asyncio.FIRST_COMPLETED)
        for pipeline in pipelines:
            pipeline.stop()
        await asyncio.wait(telling, timeout=_ENDING)
        for task in done:
            task.result()  # raises what failed
    finally:
        await _end({*reading, *telling, stopping})


async def _end(tasks: Collection[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
