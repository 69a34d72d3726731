"""Listening to the alerts of a run, and writing the leads that they are about."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from processors.rows import milliseconds
from schemas.alerts import LeadAlert, SourceResumed, SourceSilent
from schemas.codec import ALERT_DECODER, encode
from schemas.interaction_events import Interaction
from schemas.lead_events import Created
from streams.producing import Message, at_rate, connected, produce
from streams.settings.kafka import kafka_client_options
from tests.integration.harness.leadpulse import LeadpulseRun


class Heard(NamedTuple):
    """An alert, and when a reader of committed records had it."""

    alert: LeadAlert
    at: float
    """Seconds since 1970."""

    @property
    def late(self) -> float:
        """Seconds from the moment that the alert is about."""
        return self.at - milliseconds(self.alert.at) / 1000


class Listener:
    """Everything that was heard so far. Use `listening` to get one."""

    def __init__(self) -> None:
        self.heard: list[Heard] = []

    def of(self, *kinds: type[LeadAlert]) -> list[Heard]:
        """Return what was heard of some kinds."""
        return [heard for heard in self.heard if isinstance(heard.alert, kinds)]

    async def until(self, enough: Callable[[], bool], timeout: float) -> None:
        """Wait until enough was heard.

        Raises:
            AssertionError: If that does not happen.
        """
        deadline = time.monotonic() + timeout
        while not enough():
            assert time.monotonic() < deadline, f"heard only {[str(type(heard.alert)) for heard in self.heard[-9:]]}"
            await asyncio.sleep(0.05)

    async def listen(self, consumer: AIOKafkaConsumer) -> None:
        """Take note of alerts about leads for ever."""
        async for record in consumer:
            alert = ALERT_DECODER.decode(record.value or b"")
            if not isinstance(alert, SourceSilent | SourceResumed):
                self.heard.append(Heard(alert, time.time()))


@contextlib.asynccontextmanager
async def listening(run: LeadpulseRun) -> AsyncIterator[Listener]:
    """Listen to the alerts topic, which must exist, as a reader who trusts transactions."""
    consumer = AIOKafkaConsumer(bootstrap_servers=run.broker, isolation_level="read_committed", fetch_max_wait_ms=50)
    await consumer.start()
    tps = [TopicPartition(run.settings.topics.alerts, number) for number in range(run.partitions)]
    consumer.assign(tps)
    await consumer.seek_to_beginning(*tps)
    listener = Listener()
    task = asyncio.create_task(listener.listen(consumer))
    try:
        yield listener
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        await consumer.stop()


def lead(run: LeadpulseRun, lead_id: str, at: float, due: float = 0) -> Message:
    """A lead that is created at a time (s since 1970)."""
    event = Created(event_id=f"{lead_id}-c", lead_id=lead_id, occurred_at=_moment(at), source="web", team="north")
    return Message(due, run.inputs[0], lead_id.encode(), encode(event))


def answer(run: LeadpulseRun, lead_id: str, at: float, due: float = 0) -> Message:
    """Its answer at a time (s since 1970)."""
    event = Interaction(
        event_id=f"{lead_id}-a",
        lead_id=lead_id,
        occurred_at=_moment(at),
        direction="out",
        channel="call",
        outcome="connected",
    )
    return Message(due, run.inputs[1], lead_id.encode(), encode(event))


async def write(run: LeadpulseRun, messages: Iterable[Message], rate: float = 5000) -> None:
    """Write messages at their times, or as fast as the rate allows those that have none."""
    async with connected(kafka_client_options(run.settings.kafka)) as writer:
        given: list[Any] = list(messages)
        await produce(writer, given if any(message.due for message in given) else at_rate(given, rate))


def _moment(seconds: float) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(seconds * 1000))
