"""Faust's Kafka driver, bent in the few places where the engine needs it.

Everything here leans on internals of faust-streaming 0.15.3 and aiokafka 0.14.0. Each method says what it replaces and
why; tests/streams/engine/test_pins.py fails when one of these places changes.

Faust runs the group consumer in a thread with an event loop of its own. What that thread reads of the engine are single
attributes that the main thread replaces as a whole, so no lock is needed.
"""

# ruff: noqa: SLF001  # touching what is private is the job of this module

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Protocol

from aiokafka.errors import (
    GroupAuthorizationFailedError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from aiokafka.structs import OffsetAndMetadata
from faust.transport.consumer import ensure_TP
from faust.transport.drivers import aiokafka as faust_driver
from faust.types import TP
from mode import Service
from mode.utils.futures import notify
from mode.utils.logging import get_logger

from streams.engine.chunks import ChunkScheduler
from streams.engine.errors import InputTruncated
from streams.engine.instep import InStep
from streams.engine.options import EngineOptions
from streams.engine.records import hand_out_pieces

logger = get_logger(__name__)

IDLE_PAUSE = 0.05
"""Seconds between two looks when no partition may be fetched yet, or an input waits for another one."""
NEVER_MS = 30 * 24 * 3600 * 1000
"""Who fetches nothing does not leave the group for that; the protocol has no word for never."""
PIECES = 2
"""Pieces of an input that are taken at a time, a chunk together. aiokafka fetches on when it has found nothing behind
what it gave: asked for one piece, it would not look."""
GROUP_PAUSE = 1.0
"""Seconds between two looks at whether the group takes this worker."""


class Intake(Protocol):
    """What the driver asks the engine."""

    options: EngineOptions
    flowing: frozenset[TP]
    """Partitions whose state is ready for records; the others are not fetched."""

    def applied_positions(self) -> Mapping[TP, int]:
        """Return where the ready partitions want to be read from."""

    def committed_positions(self) -> Mapping[TP, int]:
        """Return what the transactions have committed, for the consumer group."""

    def group_refuses(self) -> None:
        """Take note that this worker may not be a member of the group."""


class ConsumerThread(faust_driver.AIOKafkaConsumerThread):
    """The thread that fetches, seeks and commits group offsets."""

    app: Any  # EngineApp, which imports this module

    def __post_init__(self) -> None:
        super().__post_init__()
        self.in_step = InStep(self._intake.options.chunk)
        self.sought: dict[TP, Any] = {}  # what aiokafka knew of an input when it was sought last
        self.group_offsets: dict[TP, int] = {}  # what the group is known to hold

    @property
    def _intake(self) -> Intake:
        return self.app.engine  # type: ignore[no-any-return]  # `app` is Any, see above

    def _is_ours(self, tp: TP) -> bool:
        return tp.topic in self._intake.options.inputs

    def _create_worker_consumer(self, transport: Any) -> Any:
        """Set what Faust has no setting for; the values are read when the consumer starts.

        Faust waits 1500 ms for the first byte, reads aborted records unless it runs its own transactions, and lets
        aiokafka jump over deleted records without a word ("none" turns that into an error, see `_fetch_records`). And
        aiokafka leaves the group when nothing is fetched for a while; but who has no partition, and waits for one,
        fetches nothing. Whether this worker gets on is for its own watch to say. (That interval has a setting, but one
        that an environment variable of Faust's overrules.)
        """
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = int(self._intake.options.fetch_max_wait * 1000)
        consumer._isolation_level = "read_committed"
        consumer._auto_offset_reset = "none"
        consumer._max_poll_interval_ms = NEVER_MS
        return consumer

    async def on_start(self) -> None:
        """Connect, and have the inputs read in pieces; no partition is assigned yet."""
        await super().on_start()
        size = max(1, self._intake.options.chunk // PIECES)
        hand_out_pieces(self._ensure_consumer()._fetcher, self._is_ours, size)

    async def _seek_wait(self, consumer: Any, partitions: Mapping[TP, int]) -> None:
        """Keep the ranges in step with the fetch position. Runs in this thread, and seeks before it first awaits."""
        for tp, offset in partitions.items():
            self.in_step.begin(ensure_TP(tp), offset)
            self.sought[ensure_TP(tp)] = _fetch_state(consumer, tp)
        await super()._seek_wait(consumer, partitions)

    async def _fetch_records(
        self,
        consumer: Any,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109  # Faust's signature
        max_records: int | None = None,
    ) -> Mapping[TP, Any]:
        """Fetch from ready partitions only, and hand on what is in step, as chunks.

        Faust pauses the partition in whose name a chunk came when the queue behind it is full. The other inputs of its
        number have to wait with it, or they would run ahead.
        """
        flowing = self._intake.flowing
        active_partitions = set(active_partitions)  # Faust's own, which the main thread changes
        full = {tp.partition for tp in flowing if tp not in active_partitions}
        wanted = {
            tp for tp in active_partitions if not self._is_ours(tp) or (tp in flowing and tp.partition not in full)
        }
        if not wanted:  # aiokafka takes an empty set for "all partitions"
            await asyncio.sleep(IDLE_PAUSE)
            return {}
        self.in_step.keep(lambda tp: _fetch_state(consumer, tp) is not None)
        ours = sorted(tp for tp in wanted if self._is_ours(tp))
        foreign: dict[TP, Any] = {}
        if (
            full or self.in_step.holds_back
        ):  # a queue drains, or an input turns out to have nothing more: no record tells
            timeout = IDLE_PAUSE
        try:
            await self._fetch(consumer, self.in_step.thirsty(ours), wanted.difference(ours), timeout, foreign)
        except (OffsetOutOfRangeError, NoOffsetForPartitionError) as error:
            return {**foreign, **await self._reset(consumer, error)}
        if not self.consumer.flow_active:
            return {}
        return {**foreign, **self.in_step.hand_on(ours, lambda tp: _has_more(consumer, tp))}

    async def _fetch(
        self,
        consumer: Any,
        asked: Iterable[TP],
        others: set[TP],
        timeout: float | None,  # noqa: ASYNC109  # Faust's
        foreign: dict[TP, Any],
    ) -> None:
        """Fetch, of each input about a chunk, so that none of them waits until another one is empty.

        aiokafka has no say in the order: asked for several partitions, it empties one after the other.
        """
        everything = {*asked, *others}
        moved = False
        for tp in everything:
            moved |= await self._fetch_from(consumer, {tp}, 0.0, foreign)
        if everything and not moved:  # an empty set, again, would be all partitions
            await self._fetch_from(consumer, everything, timeout, foreign)

    async def _fetch_from(
        self,
        consumer: Any,
        places: set[TP],
        timeout: float | None,  # noqa: ASYNC109  # Faust's
        foreign: dict[TP, Any],
    ) -> bool:
        """Take what was fetched, with the range that it covers; return whether there was anything.

        The fetch position also moves over transaction markers and aborted records, with no record to show for it; such
        an empty range is handed on too, so that the position of an input reaches its end offset. Nothing is awaited
        between the fetch and the look at the position, so no seek comes between.
        """
        most = PIECES if any(map(self._is_ours, places)) else self._intake.options.chunk
        got = await super()._fetch_records(consumer, places, timeout=timeout, max_records=most)
        records = {ensure_TP(tp): found for tp, found in got.items()}
        moved = False
        for tp in places:
            if not self._is_ours(tp):
                if tp in records:
                    foreign[tp], moved = records[tp], True
                continue
            state, start = _fetch_state(consumer, tp), self.in_step.fetched_to(tp)
            if start is None or state is None:
                continue
            joins = self.sought.get(tp) is state
            if not joins:
                self._join(consumer, tp, start)
            elif state.has_valid_position and state.position > start:
                self.in_step.add(tp, state.position, list(chain.from_iterable(records.get(tp, ()))))
                moved = True
        return moved

    def _join(self, consumer: Any, tp: TP, start: int) -> None:
        """Let the fetch join what is in hand, after the group has assigned an input anew.

        aiokafka begins each assignment at the offset that the group holds, and a fetch that was under way waits for the
        assignment and returns what is there: records that were handed on before, as if they came next.
        """
        consumer.seek(faust_driver.ensure_aiokafka_TP(tp), start)
        self.sought[tp] = _fetch_state(consumer, tp)

    async def _reset(self, consumer: Any, error: KafkaError) -> dict[TP, Any]:
        """Handle a fetch position that is not on the log.

        Of the engine's inputs, records were deleted before they were read: hand on the lost range, as a range of its
        own behind everything fetched before. Of other topics, do what `consumer_auto_offset_reset` says.
        """
        beyond = isinstance(error, OffsetOutOfRangeError)
        lost: dict[TP, Any] = {}
        for found in error.args[0] if beyond else error.args:
            try:
                lost.update(await self._reset_one(consumer, found, beyond=beyond))
            except KafkaError as failure:  # the broker is away, or the partition was taken: a fetch will say it again
                logger.warning("%s-%s: not known where it begins and ends: %r", *ensure_TP(found), failure)
                await asyncio.sleep(IDLE_PAUSE)
        return lost

    async def _reset_one(self, consumer: Any, found: Any, *, beyond: bool) -> dict[TP, Any]:
        tp = ensure_TP(found)
        begin = (await consumer.beginning_offsets([found]))[found]
        end = (await consumer.end_offsets([found]))[found]
        if not self._is_ours(tp):
            consumer.seek(found, begin if self.app.conf.consumer_auto_offset_reset == "earliest" else end)
        elif (start := self.in_step.fetched_to(tp)) is not None and beyond:
            if start > end:
                raise InputTruncated(f"{tp.topic}-{tp.partition} ends at {end}, but was read up to {start}")
            if start < begin:
                consumer.seek(found, begin)
                return {tp: self.in_step.lose(tp, begin)}
        return {}

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        """Commit to the group, never while a rejoin is pending, and never crash for it.

        A commit that is sent while JoinGroup waits on the same connection is executed with the old generation; aiokafka
        then forgets its member id and rejoins, which begins the next rebalance, and so on. Group offsets are a courtesy
        to lag tools, so a failure is only worth a line: Faust would end the process.
        """
        consumer = self._ensure_consumer()
        coordinator = consumer._coordinator
        if coordinator._rejoin_needed_fut.done() or coordinator._performed_join_prepare:
            return False
        owned = {tp: offset for tp, offset in offsets.items() if tp in self.assignment()}
        try:
            await consumer.commit(
                {faust_driver.ensure_aiokafka_TP(tp): OffsetAndMetadata(offset, "") for tp, offset in owned.items()}
            )
        except KafkaError as error:
            logger.warning("the group offsets were not committed, the next round will do it: %r", error)
            return False
        self.group_offsets.update(owned)
        return True

    def request_rejoin(self) -> None:
        """Ask the group anew who owns what; may be called from any thread."""
        self.thread_loop.call_soon_threadsafe(self._ensure_consumer()._coordinator.request_rejoin)

    @Service.task
    async def _watch_group(self) -> None:
        """Notice that the group refuses this worker.

        aiokafka says so only when somebody fetches, and waits until then; but without a partition nobody does.
        """
        while not self.should_stop:
            await self.sleep(GROUP_PAUSE)
            coordinator = getattr(self._consumer, "_coordinator", None)
            if isinstance(getattr(coordinator, "_pending_exception", None), GroupAuthorizationFailedError):
                self.parent_loop.call_soon_threadsafe(self._intake.group_refuses)
                return

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Leave the engine's inputs to its own watch: Faust's looks at acknowledged offsets, which we do not keep."""
        if not self._is_ours(tp):
            super().verify_event_path(now, tp)


def _fetch_state(consumer: Any, tp: TP) -> Any:
    """Return what aiokafka knows of an assigned partition, None for another one."""
    return consumer._subscription.subscription.assignment.state_value(tp)


def _has_more(consumer: Any, tp: TP) -> bool:
    """Return whether aiokafka knows of records behind the fetch position, or has not heard yet."""
    state = _fetch_state(consumer, tp)
    return bool(state is not None and state.has_valid_position and (state.lso is None or state.position < state.lso))


class _ReadOffsets(defaultdict[TP, int | None]):
    """Faust drops records below the offset it read last, and fills "gaps" above it: both off for the inputs."""

    def __init__(self, inputs: Iterable[str]) -> None:
        super().__init__(lambda: None)
        self._inputs = frozenset(inputs)

    def __getitem__(self, tp: TP) -> int | None:
        return None if tp.topic in self._inputs else super().__getitem__(tp)


class Consumer(faust_driver.Consumer):
    """The main thread's side of the group consumer."""

    app: Any  # EngineApp, which imports this module
    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        options = self._intake.options
        self.scheduler = ChunkScheduler()
        self._read_offset = _ReadOffsets(options.inputs)

    @property
    def _intake(self) -> Intake:
        return self.app.engine  # type: ignore[no-any-return]  # `app` is Any, see above

    @property
    def thread(self) -> ConsumerThread:
        """The thread that talks to the broker."""
        return self._thread

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    def ack(self, message: Any) -> bool:
        """Count a chunk as no longer in flight, which is all that `wait_empty` asks; acks move no offset here."""
        if message.topic not in self._intake.options.inputs:
            return super().ack(message)
        message.acked = True
        self._unacked_messages.discard(message)
        notify(self._waiting_for_ack)
        return True

    def _filter_committable_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        """Commit the positions of the transactions to the group, where they differ from what it holds.

        Faust would derive offsets from acks, stop at the first gap, and believe a refused commit to be done.
        """
        intake, known = self._intake, self.thread.group_offsets
        offsets: dict[TP, int] = super()._filter_committable_offsets(
            tp for tp in tps if tp.topic not in intake.options.inputs
        )
        offsets.update({tp: offset for tp, offset in intake.committed_positions().items() if known.get(tp) != offset})
        return offsets

    async def perform_seek(self) -> None:
        """Begin behind the last applied record, not at the group's offset. Faust calls this after each rebalance."""
        inputs = self._intake.options.inputs
        if any(tp.topic not in inputs for tp in self.assignment()):
            await super().perform_seek()
        assignment = self.assignment()
        positions = {tp: offset for tp, offset in self._intake.applied_positions().items() if tp in assignment}
        if positions:
            await self.seek_wait(positions)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Forget what the group held: another worker may commit before the partition comes back."""
        await super().on_partitions_revoked(revoked)
        self.thread.group_offsets.clear()


class Transport(faust_driver.Transport):
    """Makes the consumer above."""

    Consumer = Consumer
