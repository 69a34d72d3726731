"""One life of an owned partition: from opening its producer to closing it. A failed life is replaced, never mended."""

import asyncio
import contextlib
import enum
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from faust.types import TP
from mode.utils.logging import get_logger

from streams.engine.chunks import Chunk
from streams.engine.errors import UnknownOutput
from streams.engine.observer import EngineObserver
from streams.engine.options import EngineOptions
from streams.engine.packing import PackedRecord
from streams.engine.poisons import Poisons, split_at
from streams.engine.positions import POSITION_KEY, encode_position
from streams.engine.reached import Reached
from streams.engine.records import Header, Record
from streams.engine.recovery import recover
from streams.engine.state import State
from streams.engine.transaction import TransactionalProducer, Writes
from streams.engine.watch import Observed

logger = get_logger(__name__)


class Verdict(enum.Enum):
    """What became of a chunk."""

    APPLIED = enum.auto()
    REPLAY = enum.auto()
    HOLE = enum.auto()


class _Pending(NamedTuple):
    """A chunk that is applied and not yet committed."""

    acknowledge: Callable[[], Any]
    records: int
    timestamp: int | None


class Closed(Exception):
    """The life ended while a commit was being prepared."""


class OwnedPartition:
    """The state of one partition, its position in the inputs, and the committer that writes both.

    Chunks are applied at once; the committer writes everything applied since its last commit as one transaction, and
    while that is under way the next chunks are applied.
    """

    def __init__(  # noqa: PLR0913  # the last two by name
        self,
        number: int,
        state: State,
        options: EngineOptions,
        observer: EngineObserver,
        *,
        poisons: Poisons,
        on_failure: Callable[["OwnedPartition", BaseException], None],
    ) -> None:
        self.number = number
        self.state = state
        self.applied: dict[str, int] = {}
        """Next offset to apply of each input."""
        self.committed: dict[str, int] = {}
        """Next offset of each input after the last committed transaction."""
        self.newest_timestamp: dict[str, int] = {}
        """Timestamp in ms of the last applied record of each input."""
        self.has_committed_input = False
        """Whether a transaction of this life held input; the first one only proves the ownership."""
        self.lost: dict[str, int] = {}
        """Input -> offsets that were deleted before they were processed, found at the opening and not told yet."""
        self.fence = -1
        """Where the changelog ended when this life began. It grows from owner to owner, since each must commit before
        it runs: whoever keeps it beside what it writes elsewhere can tell a former owner by a smaller one."""
        self._options = options
        self._observer = observer
        self._poisons = poisons
        self._on_failure = on_failure
        self._reached = Reached(number, options.inputs)
        self._producer = TransactionalProducer(number, options)
        self._pending: list[_Pending] = []
        self._pending_records = 0
        self._pending_bytes = 0  # of the outputs
        self._outputs_noted = 0
        self._outcome_known = asyncio.Lock()  # held while a transaction is under way
        self._work = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._enough = asyncio.Event()  # for a transaction that does not wait for more
        self._committer: asyncio.Task[None] | None = None
        self._alive = True
        self.broken_by: Exception | None = None
        """Why a commit of this life failed."""

    @property
    def alive(self) -> bool:
        """Whether this life may still apply and commit."""
        return self._alive

    @property
    def is_settled(self) -> bool:
        """Whether everything that was applied is committed."""
        return not self._pending and not self._outcome_known.locked()

    async def open(self) -> None:
        """Fence every former owner, then read the state back."""
        started = time.monotonic()
        await self._producer.open()
        recovered = await recover(self.number, self.state, self._options)
        self.applied = recovered.position
        self.committed = dict(recovered.position)
        self.fence = recovered.end
        seconds = time.monotonic() - started
        self._observer.partition_recovered(self.number, seconds, recovered.records)
        logger.info("partition %s: recovered %d records in %.2f s", self.number, recovered.records, seconds)
        self.lost = recovered.lost

    def start(self) -> None:
        """Begin to commit what is applied."""
        if self._committer is None:
            self._committer = asyncio.create_task(self._commit_forever())

    async def has_room(self) -> None:
        """Wait until few enough records are pending, or the life ends."""
        await self._room.wait()

    def take(self, chunk: Chunk, acknowledge: Callable[[], Any]) -> Verdict:
        """Apply a chunk; after REPLAY and HOLE the caller acknowledges it.

        Raises:
            RecordFailed: If a record failed. This life is over then: its state may hold half a chunk.
        """
        spans, applied = chunk.spans, self.applied
        if any(span.start > applied.get(topic, 0) for topic, span in spans.items()):
            return Verdict.HOLE
        if all(span.end <= applied.get(topic, 0) for topic, span in spans.items()):
            return Verdict.REPLAY
        records = chunk.since(applied)
        started = time.perf_counter()
        try:
            self._apply(records)
        except BaseException:
            self.end()
            raise
        for topic, span in spans.items():
            if span.end > applied.get(topic, 0):
                applied[topic] = span.end
                if span.newest is not None:
                    self.newest_timestamp[topic] = span.newest
        if records:
            self._observer.chunk_applied(self.number, len(records), time.perf_counter() - started)
        if len(records) < len(chunk.records):
            self._observer.skipped(self.number, len(chunk.records) - len(records))
        self._note(_Pending(acknowledge, len(records), records[0].timestamp if records else None))
        chunk.release()
        return Verdict.APPLIED

    def tick(self, ends: Mapping[TP, Observed]) -> None:
        """Let time pass for the state, up to when everything is known.

        Args:
            ends: Where the inputs ended, and when that was seen.
        """
        self._reached.observe(ends)
        reached = self._reached.time(self.applied)
        if not self._alive or reached is None:
            return
        try:
            changed = self.state.tick(reached)
        except BaseException:
            self.end()
            raise
        if changed:
            self._note(_Pending(lambda: None, 0, None))

    def _apply(self, records: Sequence[Record]) -> None:
        if not self._poisons:
            if records:
                self.state.apply(records)
            return
        for good, failed in split_at(records, self._poisons):
            if good:
                self.state.apply(good)
            if failed is not None:
                self.state.reject(failed, self._poisons.cause(failed.topic, failed.offset))

    def _note(self, pending: _Pending) -> None:
        self._pending.append(pending)
        self._pending_records += pending.records
        new = self.state.outputs[self._outputs_noted :]
        self._outputs_noted += len(new)
        self._pending_bytes += sum([len(output.key or b"") + len(output.value or b"") for output in new])
        records, size = self._options.max_pending, self._options.max_pending_bytes
        if self._pending_records >= records or self._pending_bytes >= size:
            self._room.clear()
        if self._pending_records >= records // 2 or self._pending_bytes >= size // 2:
            self._enough.set()
        self._work.set()

    async def commit(self) -> None:
        """Write everything applied so far as one transaction, or the position alone.

        A commit that succeeds also proves that nobody has taken the partition since it was opened.

        Raises:
            Closed: If the life ended first; nothing was written.
            KafkaError: If the transaction failed or its outcome is unknown; this life is over then.
        """
        async with self._outcome_known:
            if self.broken_by is not None:  # the commit before failed: whoever waited for it has to hear why
                raise self.broken_by
            if not self._alive:
                raise Closed
            taken: list[_Pending] = []
            position: dict[str, int] = {}

            def snapshot() -> Writes:
                if not self._alive:
                    raise Closed
                taken.extend(self._pending)
                position.update(self.applied)
                self._pending.clear()
                self._pending_records = self._pending_bytes = self._outputs_noted = 0
                self._enough.clear()
                self._room.set()
                return self._writes()

            started = time.monotonic()
            try:
                written = await self._producer.write(snapshot)
            except BaseException as error:
                self._acknowledge(taken)
                if isinstance(error, Exception):
                    self.broken_by = error
                raise
            self.committed = position
            self.has_committed_input = self.has_committed_input or any(chunk.records for chunk in taken)
            self.state.committed()
            self._acknowledge(taken)
            self._forget_poisons()
        self._observer.transaction_committed(
            self.number,
            time.monotonic() - started,
            sum(chunk.records for chunk in taken),
            written.size,
            min((chunk.timestamp for chunk in taken if chunk.timestamp is not None), default=None),
        )

    def _writes(self) -> Writes:
        """Collect what the transaction writes, by topic; the position goes last into the changelog."""
        state = self.state
        no_headers: list[Header] = []
        changelog: list[PackedRecord] = [(key, value, no_headers) for key, value in state.flush()]
        changelog.append((POSITION_KEY, encode_position(self.applied), no_headers))
        writes = {self._options.changelog_topic: changelog}
        writes.update({topic: [] for topic in self._options.outputs})
        for output in state.outputs:
            if output.topic not in writes:
                raise UnknownOutput(f"a state writes to {output.topic}, which is not among the outputs in the options")
            writes[output.topic].append((output.key, output.value, list(output.headers)))
        state.outputs.clear()
        return writes

    def _acknowledge(self, chunks: list[_Pending]) -> None:
        for chunk in chunks:
            chunk.acknowledge()

    def _forget_poisons(self) -> None:
        if self._poisons:
            for topic, position in self.committed.items():
                self._poisons.forget_below(topic, position)

    async def _commit_forever(self) -> None:
        try:
            while self._alive:
                await self._work.wait()
                self._work.clear()
                while self._pending and self._alive:
                    await self._wait_for_company()
                    await self.commit()
        except Closed:
            return
        except Exception as error:  # whatever it is, the owner of this life has to sort it
            self.end()
            self._on_failure(self, error)

    async def _wait_for_company(self) -> None:
        """Let a transaction grow: it costs half a millisecond of CPU, and writes a key that changes often only once.

        Where a chunk came within the linger there is a backlog, and waiting longer delays nothing that is new.
        """
        if self._pending_records < self._options.chunk:
            await asyncio.sleep(self._options.linger)
        if self._pending_records >= self._options.chunk:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.backlog_linger):
                    await self._enough.wait()

    def end(self) -> None:
        """Stop applying and committing at once, and let go of every chunk: an unacknowledged one blocks rebalances."""
        self._alive = False
        self._acknowledge(self._pending)
        self._pending.clear()
        self._room.set()
        self._enough.set()
        self._work.set()

    async def close(self) -> None:
        """End this life and release its producer; a transaction under way may finish first, if it soon does."""
        self.end()
        try:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._options.linger + 2.0):
                    await self._outcome_known.acquire()
            if self._committer is not None and self._committer is not asyncio.current_task():
                self._committer.cancel()
                await asyncio.wait([self._committer])
        finally:
            await self._producer.close()
