"""Which partitions this worker owns, and how it comes to own them.

The consumer group only proposes. A partition is ours when its producer was opened (which fences every former owner),
its state was read back, and a commit has gone through since the last rebalance: whoever was fenced cannot commit.
"""

import asyncio
import itertools
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping

from aiokafka.errors import IllegalStateError
from faust.types import TP
from mode.utils.logging import get_logger

from streams.engine.errors import NoProgress
from streams.engine.failures import Failure, sort_failure
from streams.engine.memory import settle_memory
from streams.engine.observer import EngineObserver
from streams.engine.options import EngineOptions
from streams.engine.partition import Closed, OwnedPartition
from streams.engine.poisons import Poisons
from streams.engine.state import StateFactory

logger = get_logger(__name__)

MAX_LIVES = 8
"""Lives of a partition that may fail in a row, each without a commit of input, before the process gives up."""
FORGIVEN_AFTER = 600.0
"""Seconds after which a failure no longer stands in a row with the one before: an idle partition commits nothing."""
FIRST_BACKOFF, MAX_BACKOFF = 0.2, 5.0
_DOUBLINGS = 5  # of the first backoff, to more than the largest; without end the power would be no float any more


class Ownership:
    """The partitions of this worker, each running, or on its way there in a task of its own."""

    def __init__(  # noqa: PLR0913  # half of them by name
        self,
        options: EngineOptions,
        factory: StateFactory,
        observer: EngineObserver,
        *,
        seek: Callable[[Mapping[TP, int]], Awaitable[None]],
        request_rejoin: Callable[[], None],
        fail: Callable[[str, BaseException], None],
    ) -> None:
        self.assigned: frozenset[int] = frozenset()
        """Partition numbers that the group gave us last."""
        self.flowing: frozenset[TP] = frozenset()
        """Inputs that may be fetched; replaced as a whole, the consumer thread reads it."""
        self._options = options
        self._factory = factory
        self._observer = observer
        self._seek = seek
        self._request_rejoin = request_rejoin
        self._fail = fail
        self._lives: dict[int, OwnedPartition] = {}
        self._running: dict[int, OwnedPartition] = {}
        self._settling: dict[int, asyncio.Task[None]] = {}
        self._poisons: defaultdict[int, Poisons] = defaultdict(Poisons)
        self._failed: dict[int, tuple[int, float]] = {}  # how many lives in a row, and when the last one did
        self._rebalances = 0
        self._has_loaded = False
        self._recoveries = asyncio.Semaphore(options.recovery_parallelism)

    @property
    def running(self) -> Mapping[int, OwnedPartition]:
        """The partitions that apply and commit, by number."""
        return self._running

    def poisons(self, number: int) -> Poisons:
        """Return the failed records of a partition."""
        return self._poisons[number]

    async def rebalanced(self, assigned: Iterable[int]) -> None:
        """Let go of what the group took from us, and begin to settle the rest; returns before that is done.

        A partition that we keep may have been elsewhere while this process was frozen, so it has to prove itself too.
        """
        self._rebalances += 1
        self.assigned = frozenset(assigned)
        lost = (set(self._lives) | set(self._settling)) - self.assigned
        await asyncio.gather(*(self._release(number) for number in lost))
        for number in sorted(self.assigned):
            self._stop_flow(number)
            if not self._is_settling(number):
                self._begin_settling(number)

    def replace(self, life: OwnedPartition, error: BaseException | None = None) -> None:
        """Throw a life away and begin a new one; with an error, only if the error can pass."""
        life.end()
        if self._lives.get(life.number) is not life:
            return
        self._stop_flow(life.number)
        if not self._is_settling(life.number):  # otherwise the task that settles it will see
            self._begin_settling(life.number, error)

    async def close(self) -> None:
        """Release everything."""
        self.assigned = frozenset()
        await asyncio.gather(*(self._release(number) for number in set(self._lives) | set(self._settling)))

    def end_all(self) -> None:
        """Stop applying, committing and settling everywhere, at once."""
        self.assigned = frozenset()
        for life in self._lives.values():
            life.end()

    async def _release(self, number: int) -> None:
        self._stop_flow(number)
        task = self._settling.pop(number, None)
        if task is not None:
            task.cancel()
            await asyncio.wait([task])
        await self._drop(number)
        self._poisons.pop(number, None)
        self._failed.pop(number, None)

    async def _drop(self, number: int) -> OwnedPartition | None:
        life = self._lives.pop(number, None)
        if life is not None:
            await life.close()
        return life

    def _stop_flow(self, number: int) -> None:
        self._running.pop(number, None)
        self._refresh_flow()

    def _refresh_flow(self) -> None:
        self.flowing = frozenset(TP(topic, number) for number in self._running for topic in self._options.inputs)

    def _is_settling(self, number: int) -> bool:
        task = self._settling.get(number)
        return task is not None and not task.done()  # one that is done is taken out in the next turn of the event loop

    def _begin_settling(self, number: int, error: BaseException | None = None) -> None:
        task = asyncio.create_task(self._settle(number, error))
        self._settling[number] = task
        task.add_done_callback(lambda done: self._settled(number, done))

    def _settled(self, number: int, task: asyncio.Task[None]) -> None:
        if self._settling.get(number) is task:
            del self._settling[number]
        if self._has_loaded and not self._settling:  # once for all that were opened together
            self._has_loaded = False
            settle_memory()
        if not task.cancelled() and (error := task.exception()) is not None:
            self._fail(f"partition {number}", error)

    async def _settle(self, number: int, error: BaseException | None) -> None:
        """Bring a partition to where it runs, for as long as it takes and as long as it is ours."""
        if error is not None and not await self._may_go_on(number, error):
            return
        for attempt in itertools.count():
            if number not in self.assigned:
                return
            try:
                if await self._try_to_run(number):
                    return
            except Exception as failure:  # sorted inside: what cannot pass ends the engine
                if not await self._may_go_on(number, failure):
                    return
                await asyncio.sleep(min(FIRST_BACKOFF * 2 ** min(attempt, _DOUBLINGS), MAX_BACKOFF))

    async def _try_to_run(self, number: int) -> bool:
        """Open if need be, prove the ownership, seek and run; return False when a rebalance came in between."""
        life = self._lives.get(number)
        if life is None or not life.alive:
            life = await self._open(number)
        rebalances = self._rebalances
        await life.commit()
        self._report_loss(life)
        try:
            await self._seek({TP(topic, number): life.applied[topic] for topic in self._options.inputs})
        except IllegalStateError:  # not assigned in aiokafka: the next rebalance has begun
            await asyncio.sleep(FIRST_BACKOFF)
            return False
        if life.broken_by is not None:  # meanwhile; nobody else looks after it, see `replace`
            raise life.broken_by
        if rebalances != self._rebalances or not life.alive:
            return False
        self._running[number] = life
        life.start()
        self._refresh_flow()
        return True

    async def _open(self, number: int) -> OwnedPartition:
        await self._drop(number)
        async with self._recoveries:
            state = self._factory(number)
            life = OwnedPartition(
                number, state, self._options, self._observer, poisons=self._poisons[number], on_failure=self.replace
            )
            try:
                await life.open()
            except BaseException:
                await life.close()
                raise
        self._lives[number] = life
        self._has_loaded = True
        return life

    def _report_loss(self, life: OwnedPartition) -> None:
        """Tell what a life found deleted, once a commit is behind it: else the next finds it too."""
        lost, life.lost = life.lost, {}
        for topic, offsets in lost.items():
            logger.critical("%s-%s: %d offsets were deleted before they were processed", topic, life.number, offsets)
            self._observer.lost_input(topic, life.number, offsets)

    async def _may_go_on(self, number: int, error: BaseException) -> bool:
        """Drop the failed life; return whether to try again now."""
        if number not in self.assigned:
            return False
        life = await self._drop(number)
        failure = Failure.RECOVER if isinstance(error, Closed) else sort_failure(error)
        if failure is Failure.FATAL or not self._has_lives_left(number, life):
            self._fail(f"partition {number}", self._fatal(number, failure, error))
            return False
        if life is not None:
            self._observer.recovering_again(number)
        if failure is Failure.FENCED:
            logger.warning("partition %s: fenced by a newer producer (%r), asking the group who owns it", number, error)
            self._observer.fenced(number)
            self._request_rejoin()
            return False
        logger.warning("partition %s: recovering it with a new producer after %r", number, error)
        return True

    def _has_lives_left(self, number: int, life: OwnedPartition | None) -> bool:
        if life is None:  # it never opened, say because the broker is away: that may take as long as it takes
            return True
        now = time.monotonic()
        before, at = self._failed.get(number, (0, now))
        in_a_row = not life.has_committed_input and now - at < FORGIVEN_AFTER
        count = before + 1 if in_a_row else 1
        self._failed[number] = count, now
        return count <= MAX_LIVES

    def _fatal(self, number: int, failure: Failure, error: BaseException) -> BaseException:
        if failure is Failure.FATAL:
            return error
        problem = NoProgress(f"partition {number} failed {MAX_LIVES} times in a row without a commit, last: {error!r}")
        problem.__cause__ = error
        return problem
