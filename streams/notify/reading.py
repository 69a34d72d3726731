"""The alerts topic as one receiver's consumer group reads it.

What was told is what lies before the group's committed offset. When a partition comes to this process, the part before
it is read again, as far back as incidents are remembered: that gives the incidents that are open, without a store of
their own.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.errors import (
    CommitFailedError,
    GroupAuthorizationFailedError,
    IllegalStateError,
    KafkaError,
    TopicAuthorizationFailedError,
)
from aiokafka.structs import OffsetAndMetadata, TopicPartition
from msgspec import Struct

from processors.notices import Incidents
from schemas.alerts import Alert
from schemas.codec import ALERT_DECODER, UNREADABLE
from streams.notify.numbers import ReceiverNumbers

logger = logging.getLogger(__name__)

_POLL_MS: Final = 200
_MOST_RECORDS: Final = 500
_PAUSE: Final = 1.0
_HANDOVER: Final = 5.0
"""Seconds that a rebalance waits for an attempt under way: what it told can still be committed."""
_PATIENCE: Final = 2.0
"""Seconds to wait for a commit. The client would wait for the broker for ever, and open alarms must be kept up."""

Positions = Mapping[TopicPartition, int]
ListOffsets = Callable[[Sequence[TopicPartition]], Awaitable[Mapping[TopicPartition, OffsetAndMetadata]]]


class Known(NamedTuple):
    """How much of a partition the receiver knows, as the group has committed it: its offset, and the metadata beside.

    Attributes:
        told: Everything before this offset was told.
        tried: What lies before this offset may have been told: an attempt began, and its end was not seen.
    """

    told: int
    tried: int


class Part:
    """One partition.

    Args:
        begin: Where it is read from.
        known: What the group has committed.
        goal: Its end when it was taken over.

    Attributes:
        incidents: What is to be told, and what is open.
        position: Offset of the next record.
        known: What the group has committed.
    """

    def __init__(self, begin: int, known: Known, goal: int) -> None:
        self.incidents = Incidents()
        self.position, self.known = begin, known
        self._before, self._goal = known, goal

    @property
    def caught_up(self) -> bool:
        """Whether everything is known that was there at the takeover: before, an answer may be yet to come."""
        return self.position >= self._goal

    def take(self, offset: int, alert: Alert, at: int) -> None:
        """Fold one record."""
        self.incidents.take(alert, at, perhaps_known=offset < self._before.tried)
        if offset < self._before.told:
            self.incidents.settle()


class Limits(Struct, frozen=True):
    """How much and how long.

    Attributes:
        look_back: How long an incident is remembered of which nothing is heard, ms.
        queue: How many changes may wait to be told before reading stops.
        proof: For how many seconds a commit proves that the partitions are still ours.
    """

    look_back: int
    queue: int
    proof: float


class AlertLog(ConsumerRebalanceListener):  # type: ignore[misc]  # aiokafka has no types
    """Reads the topic into incidents, and commits what was told of them.

    Args:
        consumer: Read-committed member of the receiver's group, that does not commit by itself.
        topic: The alerts topic.
        list_offsets: Gives what the group has committed, with the metadata.
        limits: How much and how long.
        numbers: Told of what could not be read.

    Attributes:
        parts: The partitions that are ours and open.
        changed: Set when there may be something to do.
        telling: Held while a receiver is told: partitions are not given away in the middle of it.
        joined: Whether the group has given us partitions, or none, since the start.
        answered_at: When Kafka last took a commit or gave us partitions, on the monotonic clock.
    """

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        topic: str,
        *,
        list_offsets: ListOffsets,
        limits: Limits,
        numbers: ReceiverNumbers,
    ) -> None:
        self.parts: dict[TopicPartition, Part] = {}
        self.changed, self.telling = asyncio.Event(), asyncio.Lock()
        self.joined = False
        self._consumer, self._topic, self._numbers = consumer, topic, numbers
        self._list_offsets, self._limits = list_offsets, limits
        self._proved_at = self.answered_at = time.monotonic()

    # -- the group -----------------------------------------------------------------------------------------------

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Give up all partitions; aiokafka takes them all for every rebalance."""
        try:
            async with asyncio.timeout(_HANDOVER), self.telling:
                pass
        except TimeoutError:
            logger.warning("a rebalance did not wait for a receiver; what it is just told, it may be told again")
        self.parts.clear()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """Note that there is an assignment; `run` opens the partitions."""
        self._proved_at = self.answered_at = time.monotonic()
        self.joined = True
        self.look()

    # -- reading -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Read for ever.

        Raises:
            KafkaError: We may not.
        """
        self._consumer.subscribe([self._topic], listener=self)
        while True:
            try:
                await self._open_new()
                await self._read()
            except (GroupAuthorizationFailedError, TopicAuthorizationFailedError):
                raise
            except KafkaError as error:  # a rebalance came in between, or the broker is away
                logger.info("%s; reading goes on in a moment", type(error).__name__)
                await asyncio.sleep(_PAUSE)

    async def _open_new(self) -> None:
        new = [tp for tp in self._consumer.assignment() if tp not in self.parts]
        if not new:
            return
        since = int(time.time() * 1000) - self._limits.look_back
        begins, ends = await self._consumer.beginning_offsets(new), await self._consumer.end_offsets(new)
        recent = await self._consumer.offsets_for_times(dict.fromkeys(new, since))
        first = {tp: found.offset if (found := recent.get(tp)) else ends[tp] for tp in new}
        committed = await self._committed(new)
        for tp in new:
            known = Known(*(min(max(offset, begins[tp]), ends[tp]) for offset in committed.get(tp, (first[tp],) * 2)))
            begin = min(first[tp], known.told)
            self._consumer.seek(tp, begin)
            self.parts[tp] = Part(begin, known, ends[tp])
        logger.info("%d partitions taken over by the notifier of %s", len(new), self._numbers.receiver)

    async def _committed(self, tps: Sequence[TopicPartition]) -> dict[TopicPartition, Known]:
        found = await self._list_offsets(tps)
        return {
            tp: Known(at.offset, int(at.metadata) if at.metadata.isdecimal() else at.offset)
            for tp, at in found.items()
            if at.offset >= 0
        }

    async def _read(self) -> None:
        # With no room nothing is fetched, but the group is heard: that it refuses us, say.
        steer = self._consumer.pause if self._is_full else self._consumer.resume
        steer(*self._consumer.assignment())
        fetched = await self._consumer.getmany(timeout_ms=_POLL_MS, max_records=_MOST_RECORDS)
        for tp, records in fetched.items():
            if part := self.parts.get(tp):  # else the partition came this moment, and is read again from its begin
                self._take(part, records)
        moved = False
        for tp, part in list(self.parts.items()):
            before, part.position = part.position, await self._consumer.position(tp)
            moved |= part.position != before
        if moved:
            self.look()

    def _take(self, part: Part, records: Iterable[Any]) -> None:
        for record in records:
            try:
                alert = ALERT_DECODER.decode(record.value or b"")
            except UNREADABLE as error:
                self._numbers.unreadable()
                logger.error(
                    "%s[%d] offset %d is no alert, left out: %s",
                    *(record.topic, record.partition, record.offset, type(error).__name__),
                )
            else:
                part.take(record.offset, alert, record.timestamp)

    def look(self) -> None:
        """Look again whether there is something to tell."""
        self.changed.set()

    # -- telling -------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> int:
        """How many changes wait to be told."""
        return sum(len(part.incidents) for part in self.parts.values())

    @property
    def _is_full(self) -> bool:
        return self.waiting >= self._limits.queue

    @property
    def oldest(self) -> int | None:
        """Time of the oldest record that waits to be told, ms."""
        return min((at for part in self.parts.values() if (at := part.incidents.oldest) is not None), default=None)

    @property
    def behind(self) -> int:
        """Offsets between what is committed and what is known to be there."""
        ends = {tp: self._end(tp, part) for tp, part in self.parts.items()}
        return sum(max(0, ends[tp] - part.known.told) for tp, part in self.parts.items())

    def _end(self, tp: TopicPartition, part: Part) -> int:
        try:
            return max(part.position, self._consumer.last_stable_offset(tp) or 0)
        except (AssertionError, IllegalStateError):  # given away this moment
            return part.position

    def tellable(self) -> list[tuple[TopicPartition, Part]]:
        """Return the partitions of which alarms may be told: those that caught up, or all when no more can be read."""
        full = self._is_full
        return [(tp, part) for tp, part in self.parts.items() if part.caught_up or full]

    def forget(self) -> None:
        """Let go of incidents of which nothing was heard for long."""
        for part in self.parts.values():
            part.incidents.forget(int(time.time() * 1000) - self._limits.look_back)

    async def intend(self, positions: Positions) -> bool:
        """Note in Kafka that an attempt begins to tell what lies before these positions; false when it is not ours."""
        return await self._commit(
            {tp: Known(part.known.told, at) for tp, at in positions.items() if (part := self.parts.get(tp))}
        )

    async def commit(self, positions: Positions) -> bool:
        """Note in Kafka that everything before these positions is told; false when it is not ours."""
        return await self._commit({tp: Known(at, at) for tp, at in positions.items()})

    async def is_ours(self) -> bool:
        """Return whether the partitions are ours still.

        A process that was frozen does not know what happened meanwhile, and what it would tell may be over long ago. A
        commit tells, and is asked for when the last one is some time ago.
        """
        if time.monotonic() - self._proved_at < self._limits.proof:
            return True
        return await self._commit({tp: part.known for tp, part in self.parts.items()})

    async def _commit(self, known: Mapping[TopicPartition, Known]) -> bool:
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._consumer.commit({tp: (told, str(tried)) for tp, (told, tried) in known.items()})
        except (CommitFailedError, IllegalStateError):
            logger.info("the partitions have gone to another notifier")
            return False
        except (KafkaError, TimeoutError) as error:
            # Nobody else can have been given them by a broker that is away: go on for a while.
            logger.warning("what was told could not be committed: %s", type(error).__name__)
        else:
            self.answered_at = time.monotonic()
            for tp, of_tp in known.items():
                if part := self.parts.get(tp):
                    part.known = of_tp
        self._proved_at = time.monotonic()
        return True
