"""A partition of the alerts topic, its group, and a receiver, in memory."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka.errors import CommitFailedError, GroupAuthorizationFailedError, KafkaConnectionError
from aiokafka.structs import OffsetAndMetadata, OffsetAndTimestamp, TopicPartition
from prometheus_client import CollectorRegistry

from processors.notices import Change
from schemas.alerts import Alert
from schemas.codec import encode
from streams.notify.messages import Message, Outcome
from streams.notify.numbers import Numbers, ReceiverNumbers
from streams.notify.pipeline import Pipeline
from streams.notify.posting import Answer, Backoff
from streams.notify.reading import AlertLog, Limits

TP = TopicPartition("alerts", 0)
NOW_MS = 1_800_000_000_000


class Record(NamedTuple):
    """A record as aiokafka gives it."""

    topic: str
    partition: int
    offset: int
    value: bytes | None
    timestamp: int = NOW_MS


class FakeConsumer:
    """One partition, read by one member.

    Attributes:
        values: What is in the log.
        committed: Offset and metadata; None when the group is new.
        history: Everything that was committed, as (told, tried).
        hidden: Records at the end that a fetch does not give yet.
        ours: Whether the group still has this member.
        fails: Whether the broker cannot be reached for a commit.
        refuses: Whether we may not be a member of the group.
    """

    def __init__(self, *alerts: Alert | bytes) -> None:
        self.values = [alert if isinstance(alert, bytes) else encode(alert) for alert in alerts]
        self.committed: OffsetAndMetadata | None = None
        self.history: list[tuple[int, int]] = []
        self.hidden, self.ours, self.fails, self.refuses = 0, True, False, False
        self._paused = False
        self._assigned: set[TopicPartition] = set()
        self._position = 0
        self._listener: Any = None

    def append(self, *alerts: Alert) -> None:
        self.values += map(encode, alerts)

    def subscribe(self, topics: Sequence[str], listener: Any) -> None:
        self._listener = listener

    def assignment(self) -> set[TopicPartition]:
        return self._assigned

    async def beginning_offsets(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, 0)

    async def end_offsets(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        return dict.fromkeys(tps, len(self.values))

    async def offsets_for_times(self, times: Mapping[TopicPartition, int]) -> dict[TopicPartition, Any]:
        return dict.fromkeys(times, OffsetAndTimestamp(0, NOW_MS) if self.values else None)

    def seek(self, tp: TopicPartition, offset: int) -> None:
        self._position = offset

    async def position(self, tp: TopicPartition) -> int:
        return self._position

    def last_stable_offset(self, tp: TopicPartition) -> int:
        return len(self.values)

    def pause(self, *tps: TopicPartition) -> None:
        self._paused = True

    def resume(self, *tps: TopicPartition) -> None:
        self._paused = False

    async def getmany(self, *, timeout_ms: int, max_records: int) -> dict[TopicPartition, list[Record]]:
        if self._listener and not self._assigned:
            self._assigned = {TP}
            await self._listener.on_partitions_assigned([TP])
            return {}
        await asyncio.sleep(0.001)
        if self.refuses:
            raise GroupAuthorizationFailedError("group")
        if self._paused:
            return {}
        end = min(len(self.values) - self.hidden, self._position + max_records)
        first, self._position = self._position, max(self._position, end)
        return {TP: [Record("alerts", 0, n, self.values[n]) for n in range(first, end)]}

    async def commit(self, offsets: Mapping[TopicPartition, tuple[int, str]]) -> None:
        if self.fails:
            raise KafkaConnectionError
        if not self.ours:
            raise CommitFailedError("gone")
        for told, tried in offsets.values():
            self.committed = OffsetAndMetadata(told, tried)
            self.history.append((told, int(tried)))

    async def list_offsets(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, OffsetAndMetadata]:
        return dict.fromkeys(tps, self.committed) if self.committed else {}


class FakeReceiver:
    """Takes changes in pairs, and notes the ids of what arrived.

    Attributes:
        answers: What becomes of the next messages; after them everything is delivered.
        heard: Ids of the alerts of each message, with those of reminders after an "open".
    """

    name, url, gathering = "fake", "http://fake", 0.0

    def __init__(self, *answers: Outcome, reminding: float | None = None) -> None:
        self.answers, self.reminding = list(answers), reminding
        self.heard: list[tuple[str, ...]] = []
        self.refuses: Callable[[Message], bool] = lambda _: False

    def messages(self, changes: Sequence[Change], now: float) -> Iterator[Message]:
        for first in range(0, len(changes), 2):
            yield Message(b"", {}, tuple(changes[first : first + 2]))

    def reminders(self, open_: Sequence[Alert], now: float) -> Iterator[Message]:
        yield Message(b"", {"open": ",".join(alert.alert_id for alert in open_)}, ())

    async def post(self, message: Message) -> Answer:
        await asyncio.sleep(0)
        outcome = self.answers.pop(0) if self.answers else Outcome.DELIVERED
        if self.refuses(message):
            outcome = Outcome.REFUSED
        if outcome in (Outcome.DELIVERED, Outcome.UNSURE):
            ids = (change.alert.alert_id for change in message.changes)
            self.heard.append(tuple(ids) if message.changes else ("open", message.headers["open"]))
        return Answer(outcome, "as told")


class Desk:
    """A pipeline between the two."""

    def __init__(self, consumer: FakeConsumer, receiver: FakeReceiver, queue: int = 100, proof: float = 60.0) -> None:
        self.registry = CollectorRegistry()
        numbers = ReceiverNumbers(Numbers(self.registry), receiver.name)
        self.log = AlertLog(
            consumer,
            "alerts",
            list_offsets=consumer.list_offsets,
            limits=Limits(look_back=1000, queue=queue, proof=proof),
            numbers=numbers,
        )
        backoff = Backoff(0.001, 0.002)
        self.pipeline = Pipeline(receiver, self.log, receiver.post, backoff=backoff, numbers=numbers)

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self.log.run()), asyncio.create_task(self.pipeline.run())]
        try:
            yield
        finally:
            self.pipeline.stop()
            await asyncio.wait_for(tasks[1], 5)
            tasks[0].cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def count(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(name, {"receiver": "fake", **labels}) or 0.0


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  # the pipeline works meanwhile
            await asyncio.sleep(0.002)
