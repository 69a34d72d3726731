"""The engine: exactly-once processing of co-partitioned topics into one state per partition."""

import asyncio
import contextlib
import os
import time
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple, cast

from aiokafka.errors import IllegalStateError
from faust.types import TP
from mode.utils.logging import get_logger

from streams.engine.app import EngineApp
from streams.engine.chunks import Chunk, PassThroughSchema
from streams.engine.driver import Consumer
from streams.engine.errors import EngineError, GroupRefused, NotCopartitioned, ProcessingStopped
from streams.engine.observer import EngineObserver
from streams.engine.ownership import Ownership
from streams.engine.partition import OwnedPartition, Verdict
from streams.engine.state import RecordFailed, State, StateFactory
from streams.engine.watch import Observed, OffsetWatch

logger = get_logger(__name__)

EXIT_FAILED = 70
"""EX_SOFTWARE: the engine cannot vouch for its memory; a supervisor starts the worker again."""
CRASH_TIMEOUT = 5.0
HOLE_PATIENCE = 1.0
TAIL_PATIENCE = 5.0
TAIL_CHECK_INTERVAL = 2.0
TICK_INTERVAL = 0.1


class InputProgress(NamedTuple):
    """How far one partition of one input has come."""

    topic: str
    partition: int
    applied: int
    committed: int
    end: Observed | None
    """Last stable offset and the wall time in ms of the question; None before the first answer."""
    newest_timestamp: int | None
    """Timestamp in ms of the last applied record; None before the first one of this life."""

    @property
    def lag(self) -> int | None:
        """Offsets on the log that are not committed yet."""
        return None if self.end is None else max(self.end.offset - self.committed, 0)


class Engine:
    """Applies chunks of records to states, and commits each state with its position and outputs in one transaction.

    Args:
        app: The Faust app to live in.
        factory: Makes the empty state of a partition.
        observer: Told what happens.
    """

    def __init__(self, app: EngineApp, factory: StateFactory, observer: EngineObserver | None = None) -> None:
        self.app = app
        self.options = app.options
        self.observer = observer or EngineObserver()
        self.failure: BaseException | None = None
        """What ended the engine."""
        self._stopping = False
        self._ownership = Ownership(
            self.options,
            factory,
            self.observer,
            seek=self._seek,
            request_rejoin=self._request_rejoin,
            fail=self._fail,
        )
        self._watch = OffsetWatch(self.options, self.observer)
        self._sought_at: dict[TP, float] = {}
        self._silent_since: dict[TP, float] = {}
        self._watching: asyncio.Task[None] | None = None
        self._ticking: asyncio.Task[None] | None = None
        self._crashing: asyncio.Task[None] | None = None
        app.engine = self
        self._register()

    def _register(self) -> None:
        """Hang the engine into the app, by official hooks only.

        The signal is awaited before records flow after a rebalance, and outside of aiokafka's rebalance callback, so
        that heartbeats go on.
        """
        app = self.app
        app.on_rebalance_complete.connect(self._on_rebalance_complete)
        topic = app.topic(*self.options.inputs, schema=PassThroughSchema())
        app.agent(topic, name="engine")(self._consume)
        app.timer(TAIL_CHECK_INTERVAL)(self._look_for_lost_tails)

    @property
    def _consumer(self) -> Consumer:
        """Our consumer; the app makes it on first use."""
        return cast(Consumer, self.app.consumer)

    # What the app, the web side and the driver ask.

    @property
    def assigned(self) -> frozenset[int]:
        """Partition numbers that the group gave this worker."""
        return self._ownership.assigned

    @property
    def states(self) -> dict[int, State]:
        """The recovered states by partition number."""
        return {number: life.state for number, life in self._ownership.running.items()}

    @property
    def fences(self) -> dict[int, int]:
        """By partition number, what is larger for every later owner of it; see `OwnedPartition.fence`."""
        return {number: life.fence for number, life in self._ownership.running.items()}

    @property
    def flowing(self) -> frozenset[TP]:
        """Inputs that may be fetched."""
        return self._ownership.flowing

    @property
    def broker_answers(self) -> bool:
        """Whether the broker answered the last question for end offsets."""
        return self._watch.broker_answers

    def not_ready_because(self) -> str | None:
        """Return why this worker should get no questions about its partitions, or None when it is ready."""
        if self.failure is not None or self._stopping:
            return "stopping"
        if self.app.rebalancing:
            return "the consumer group is rebalancing"
        if not self.assigned:
            return "no partition is assigned"
        if missing := sorted(self.assigned - set(self._ownership.running)):
            return f"partitions {', '.join(map(str, missing))} are being recovered"
        return None

    def progress(self) -> Iterator[InputProgress]:
        """Yield how far each input of each running partition has come."""
        for number, life in sorted(self._ownership.running.items()):
            for topic in self.options.inputs:
                yield InputProgress(
                    topic,
                    number,
                    life.applied.get(topic, 0),
                    life.committed.get(topic, 0),
                    self._watch.ends.get(TP(topic, number)),
                    life.newest_timestamp.get(topic),
                )

    def applied_positions(self) -> dict[TP, int]:
        """Return the next offset to fetch of each input that flows."""
        running = self._ownership.running
        return {tp: running[tp.partition].applied[tp.topic] for tp in self.flowing}

    def committed_positions(self) -> dict[TP, int]:
        """Return the committed position of each input that flows."""
        running = self._ownership.running
        return {tp: running[tp.partition].committed[tp.topic] for tp in self.flowing}

    def group_refuses(self) -> None:
        """End: a permission is missing, which no waiting mends."""
        self._fail("no membership", GroupRefused(f"not allowed to read the consumer group {self.options.app_id}"))

    # Life of the engine.

    async def _on_rebalance_complete(self, *_: Any, **__: Any) -> None:
        if self._watching is None:
            self._watching = asyncio.create_task(self._watch.run(self._interesting_inputs))
            self._ticking = asyncio.create_task(self._tick_forever())
            for task in (self._watching, self._ticking):
                task.add_done_callback(self._task_ended)
        try:
            await self._ownership.rebalanced(self._assigned_numbers())
        except Exception as error:  # nothing may be half done after a rebalance
            self._fail("rebalance", error)

    def _task_ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail("a task that has no end", error)

    async def _tick_forever(self) -> None:
        """Let time pass for the states: what is due on a silent stream comes about here."""
        while self.failure is None:
            await asyncio.sleep(TICK_INTERVAL)
            for number, life in list(self._ownership.running.items()):
                try:
                    life.tick(self._watch.ends)
                except Exception as error:  # nothing says which record is at fault: fail fast
                    self._fail(f"partition {number}: tick", error)

    def _assigned_numbers(self) -> set[int]:
        inputs = [tp for tp in self.app.consumer.assignment() if tp.topic in self.options.inputs]
        numbers = {tp.partition for tp in inputs}
        if len(inputs) != len(numbers) * len(self.options.inputs):
            raise NotCopartitioned(f"the inputs are not assigned together: {sorted(inputs)}")
        return numbers

    def _interesting_inputs(self) -> list[TP]:
        return [TP(topic, number) for number in self.assigned for topic in self.options.inputs]

    def stopping(self) -> None:
        """Begin an orderly stop, which may not take for ever: without a broker nothing can be committed any more."""
        self._stopping = True
        asyncio.get_running_loop().call_later(self.options.stop_timeout, self._give_up_stopping)

    def _give_up_stopping(self) -> None:
        logger.critical(
            "could not stop within %.0f s; what is not committed will be done again", self.options.stop_timeout
        )
        os._exit(EXIT_FAILED)

    async def close(self) -> None:
        """Give up all partitions and clients."""
        await self._ownership.close()
        tasks = [task for task in (self._watching, self._ticking) if task is not None]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _fail(self, what: str, error: BaseException) -> None:
        """End the process: memory may be ahead of the log or wrong, and only a restart is sure to mend that."""
        if self.failure is not None:
            return
        self.failure = error
        self._ownership.end_all()
        explained = isinstance(error, EngineError)
        logger.critical(
            "engine stopped: %s: %s", what, error if explained else repr(error), exc_info=None if explained else error
        )
        loop = asyncio.get_running_loop()
        loop.call_later(CRASH_TIMEOUT, os._exit, EXIT_FAILED)  # if the orderly stop hangs
        self._crashing = loop.create_task(self.app.crash(error))

    # The way of a chunk.

    async def _consume(self, stream: Any) -> None:
        async for event in stream.noack().events():
            try:
                await self._handle(event)
            except Exception as error:  # nothing is known about the record that failed: fail fast
                self._fail(f"{event.message.tp} near offset {event.message.offset}", error)

    async def _handle(self, event: Any) -> None:
        """Apply one chunk, or let it go.

        A chunk that is let go is acknowledged: acks only tell Faust that nothing is in flight, they move no offset.
        """
        number, chunk = event.message.partition, event.message.value
        life = self._ownership.running.get(number)
        if life is not None:
            await life.has_room()
        if life is None or self._ownership.running.get(number) is not life or self.failure is not None:
            event.ack()
            return
        before = {TP(topic, number): life.applied.get(topic, 0) for topic in chunk.spans}
        try:
            verdict = life.take(chunk, event.ack)
        except RecordFailed as failed:
            event.ack()
            self._poisoned(life, chunk, failed)
            return
        if verdict is Verdict.APPLIED:
            if chunk.lost:
                self._note_loss(chunk, before)
            return
        event.ack()
        if verdict is Verdict.REPLAY:
            self.observer.skipped(number, len(chunk.records))
        else:
            await self._refill(chunk, before)

    def _note_loss(self, chunk: Chunk, before: Mapping[TP, int]) -> None:
        for (topic, number), position in before.items():
            offsets = chunk.spans[topic].end - position
            logger.critical("%s-%s: %d offsets were deleted before they were processed", topic, number, offsets)
            self.observer.lost_input(topic, number, offsets)

    def _poisoned(self, life: OwnedPartition, chunk: Chunk, failed: RecordFailed) -> None:
        """Recover the partition without the record that failed; its state may have taken half of it."""
        topic, offset, poisons = failed.topic, failed.offset, self._ownership.poisons(life.number)
        logger.error("%s-%s: processing failed at offset %s", topic, life.number, offset, exc_info=failed.cause)
        self.observer.poisoned(topic, life.number, offset)
        if self.options.on_processing_error == "stop":
            problem = ProcessingStopped(
                f"{topic}-{life.number}: processing failed at offset {offset}: {failed.cause!r}"
            )
            self._fail("told to stop on processing errors", problem)
        elif (topic, offset) in poisons or all((r.topic, r.offset) != (topic, offset) for r in chunk.records):
            self._fail("a state blamed a record that it did not get, or could not reject", failed)
        else:
            poisons.add(topic, offset, failed.cause)
            self.observer.recovering_again(life.number)
            self._ownership.replace(life)

    # Chunks that got lost on the way: Faust drops queued ones at rebalances.

    async def _refill(self, chunk: Chunk, positions: Mapping[TP, int]) -> None:
        """Fetch again from the positions. Right after a seek, chunks from before it are still on their way."""
        if any(time.monotonic() - self._sought_at.get(tp, 0.0) < HOLE_PATIENCE for tp in positions):
            return
        for tp, position in positions.items():
            start = chunk.spans[tp.topic].start
            if start > position:
                logger.warning("%s-%s: hole %s..%s, seeking back", tp.topic, tp.partition, position, start)
                self.observer.hole(tp.topic, tp.partition)
        await self._seek_back(positions)

    async def _look_for_lost_tails(self) -> None:
        """Seek back where the last chunk of an input got lost, so that no later one reveals the hole."""
        silent = self._silent_inputs()
        now = time.monotonic()
        self._silent_since = {tp: self._silent_since.get(tp, now) for tp in silent}
        for tp, since in list(self._silent_since.items()):
            if now - since > TAIL_PATIENCE:
                logger.warning("%s-%s: nothing arrives after %s, seeking back", tp.topic, tp.partition, silent[tp])
                self.observer.hole(tp.topic, tp.partition)
                await self._seek_back({tp: silent[tp]})

    def _silent_inputs(self) -> dict[TP, int]:
        """Return the inputs that were handed on further than they were applied, though nothing is in progress."""
        if self.app.rebalancing:
            return {}
        handed_on_to = self._consumer.thread.in_step.handed_on_to
        return {
            tp: position
            for tp, position in self.applied_positions().items()
            if handed_on_to(tp) > position and self._ownership.running[tp.partition].is_settled
        }

    def _request_rejoin(self) -> None:
        self._consumer.thread.request_rejoin()

    async def _seek(self, positions: Mapping[TP, int]) -> None:
        self._sought_at.update(dict.fromkeys(positions, time.monotonic()))
        await self._consumer.seek_wait(positions)

    async def _seek_back(self, positions: Mapping[TP, int]) -> None:
        with contextlib.suppress(IllegalStateError):  # not assigned any more: who settles it anew will seek
            await self._seek(positions)
