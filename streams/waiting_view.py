"""Keeps the view of who waits in Redis in step with the committed state of the partitions that this worker owns.

The stream never waits for it: what has changed is taken note of as lead ids, and their cards are made when they are
sent. Whenever it cannot be sure of what is in Redis (after any error, at a take-over, too far behind, now and then
anyway) it writes the whole partition and takes out what is no longer so.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from msgspec import Struct
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.maint_notifications import MaintNotificationsConfig

from processors.waiting_card import WaitingCard
from schemas.refusals import one_line
from streams.agents import LeadState
from streams.settings.redis import redis_client_options, redis_prefix
from streams.settings.sections import Settings
from streams.waiting_store import Claim, Outcome, Store

logger = logging.getLogger(__name__)

BATCH = 200
"""Rows in one script: some milliseconds in which Redis does nothing else."""
PAUSE = 0.02
"""Seconds to wait for company after a change."""
SEEN_EVERY = 1.0
"""Seconds between two notes of how far the view is, which also find out whether Redis still has it."""
REST = 4
"""How many times longer this rests than it took to make a batch: the events come first."""
FIRST_BACKOFF, MAX_BACKOFF = 0.2, 2.0
REPAIRS_PER_EXPIRY = 3
WHOLE = ("taken_over", "connected", "lost", "behind", "repair")
"""Why a whole partition is written."""
_LONGEST_ERROR = 200


class Owned(NamedTuple):
    """A partition of this worker: its state, and a number that is larger for every later owner."""

    state: LeadState
    fence: int


class Standing(Struct, frozen=True):
    """How the view stands.

    Attributes:
        up: Whether Redis takes it.
        pending: Leads that are still to be written.
        lag: How long Redis has not had everything, seconds; 0 while it has.
        whole: Times a whole partition was written, by reason.
        errors: Times Redis failed or refused, by kind.
    """

    up: bool
    pending: int
    lag: float
    whole: Mapping[str, int]
    errors: Mapping[str, int]


class _Part:
    """One owned partition in one session with Redis."""

    def __init__(self, number: int, owned: Owned, turn: int, reason: str) -> None:
        self.owned = owned
        self.claim = Claim(number, owned.fence, turn)
        self.reason = reason
        """Why it has to be written whole; empty while it is in step or being written."""
        self.retry_at = 0.0
        self.is_fenced = False
        self.whole_at = 0.0
        self.backlog: list[str] = []
        self.known = 0
        """Wall time in ms up to which Redis has everything; 0 while it is not known."""

    @property
    def waiting(self) -> Any:
        return self.owned.state.shard.waiting

    @property
    def pending(self) -> int:
        if self.reason:
            return len(self.waiting.entries)
        return len(self.backlog) + len(self.waiting.changed or ())

    def take(self) -> list[str]:
        """Take out the leads to write next: what has just changed before what is written for safety."""
        changed = self.waiting.changed
        leads = [changed.pop() for _ in range(min(BATCH, len(changed)))]
        while self.backlog and len(leads) < BATCH:
            leads.append(self.backlog.pop())
        return leads

    def cards(self, leads: list[str]) -> dict[str, WaitingCard | None]:
        now = self.owned.state.now()
        return {lead_id: self.waiting.card(lead_id, self.claim.partition, now) for lead_id in leads}

    def leave(self) -> None:
        """Let the shard collect changes no more."""
        self.waiting.changed = None


class WaitingView:
    """The task that keeps the view.

    Args:
        owned: Gives the partitions of this worker.
        partitions: Gives how many partitions there are in all.
        settings: Where Redis is.
    """

    def __init__(
        self, owned: Callable[[], Mapping[int, Owned]], partitions: Callable[[], int], settings: Settings
    ) -> None:
        self._owned, self._partitions = owned, partitions
        self._settings = settings
        self._expire = settings.redis.expire.seconds
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._parts: dict[int, _Part] = {}
        self._turn = 0
        self._stopping = False
        self._up = False
        self._fresh_session = True
        self._in_step_at = time.monotonic()
        self._seen_at = self._woken_at = 0.0
        self._whole: Counter[str] = Counter(dict.fromkeys(WHOLE, 0))
        self._errors: Counter[str] = Counter(away=0, fenced=0)

    # -- from outside --------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to keep the view; Redis need not be there yet."""
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Keep it no longer. What is in Redis stays for the next owner, or until it expires."""
        self._stopping = True  # Python 3.11's wait_for, with which the client sends, may swallow a cancellation
        self._wake.set()
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    def wake(self) -> None:
        """Take note that a commit has changed who waits."""
        self._wake.set()

    def standing(self) -> Standing:
        """Return how the view stands."""
        owned = self._owned()
        pending = sum(part.pending for part in self._parts.values())
        pending += sum(len(it.state.shard.waiting.entries) for n, it in owned.items() if n not in self._parts)
        in_step = self._up and not pending and owned.keys() <= self._parts.keys()
        lag = 0.0 if in_step or not owned else time.monotonic() - self._in_step_at
        return Standing(self._up, pending, lag, dict(self._whole), dict(self._errors))

    # -- sessions ------------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        """Keep the view over one connection after the other."""
        backoff = FIRST_BACKOFF
        while not self._stopping:
            try:
                await self._session()
            except Exception as error:  # whatever it is: the stream goes on without the view
                backoff = FIRST_BACKOFF if self._up else min(2 * backoff, MAX_BACKOFF)
                self._note_error(error)
            finally:
                self._end_session()
            await asyncio.sleep(backoff)

    def _note_error(self, error: Exception) -> None:
        self._errors["away"] += 1
        if self._up or self._turn == 1:
            what = f"{type(error).__name__}: {one_line(str(error), _LONGEST_ERROR)}"
            logger.warning("the view of who waits is not kept: %s; it catches up when Redis is back", what)

    def _end_session(self) -> None:
        for part in self._parts.values():
            part.leave()
        self._parts.clear()
        self._up = False

    async def _session(self) -> None:
        self._turn += 1
        async with _client(self._settings) as client:
            await client.ping()
            store = Store(client, redis_prefix(self._settings), self._settings.redis.expire.ms)
            self._up, self._fresh_session = True, True
            logger.info("the view of who waits is kept in Redis")
            while not self._stopping:
                await self._round(store)

    async def _round(self, store: Store) -> None:
        """Bring every partition a step nearer to its state, and wait when there is nothing to do."""
        self._wake.clear()
        self._follow()
        begun = time.monotonic()
        steps = [await self._step(store, part) for part in list(self._parts.values())]
        in_step = all(steps) and not any(part.reason for part in self._parts.values())
        if in_step:
            self._in_step_at = begun
        if time.monotonic() >= self._seen_at + SEEN_EVERY:
            self._seen_at = time.monotonic()
            for part in list(self._parts.values()):
                await self._tell(store, part)
        if all(steps):
            await self._rest()
        if in_step:
            self._in_step_at = max(self._in_step_at, self._woken_at)

    async def _rest(self) -> None:
        left = self._seen_at + SEEN_EVERY - time.monotonic()
        try:
            async with asyncio.timeout(max(0.0, left)):
                await self._wake.wait()
        except TimeoutError:
            return
        self._woken_at = time.monotonic()
        await asyncio.sleep(PAUSE)

    def _follow(self) -> None:
        """Take up the partitions that came, drop those that went or live anew."""
        owned = self._owned()
        for number, part in list(self._parts.items()):
            if owned.get(number) != part.owned:
                part.leave()
                del self._parts[number]
        reason = "connected" if self._fresh_session else "taken_over"
        for number in owned.keys() - self._parts.keys():
            self._parts[number] = _Part(number, owned[number], self._turn, reason)
        self._fresh_session = self._fresh_session and not owned

    # -- one partition -------------------------------------------------------------------------------------------

    async def _step(self, store: Store, part: _Part) -> bool:
        """Write what has changed, or a piece of the whole; return whether nothing is left to do now."""
        if not part.reason and part.waiting.changed is None:
            part.reason = "behind"
        if not part.reason and time.monotonic() > part.whole_at + self._expire / REPAIRS_PER_EXPIRY:
            part.reason = "repair"
        if part.reason and not await self._begin_whole(store, part):
            return True
        known = part.owned.state.known_until
        leads = part.take()
        drained = not part.backlog and not part.waiting.changed
        if leads:
            begun = time.perf_counter()
            cards = part.cards(leads)
            spent = time.perf_counter() - begun
            if not self._kept(part, await store.write(part.claim, cards)):
                return True
            await asyncio.sleep(REST * spent)
        if drained:
            part.known = known
        return drained

    async def _begin_whole(self, store: Store, part: _Part) -> bool:
        """Claim the partition and put all of it on the list; return whether it is ours."""
        if time.monotonic() < part.retry_at or not self._kept(part, await store.claim(part.claim)):
            return False
        part.waiting.changed = set()  # from here on; so what changes while Redis is read is not missed
        former = await store.leads(part.claim.partition)
        part.backlog = list(former | part.waiting.entries.keys())
        self._whole[part.reason] += 1
        part.reason, part.whole_at = "", time.monotonic()
        return True

    async def _tell(self, store: Store, part: _Part) -> None:
        if not part.reason and part.known:
            clock = self._settings.worker.clock
            self._kept(part, await store.seen(part.claim, part.known, self._partitions(), clock))

    def _kept(self, part: _Part, outcome: Outcome) -> bool:
        if outcome is Outcome.KEPT:
            part.is_fenced = False
            return True
        if outcome is Outcome.FENCED:
            self._errors["fenced"] += 1
            part.retry_at = time.monotonic() + SEEN_EVERY
            if not part.is_fenced:
                logger.warning("partition %s: another worker has it in the view of who waits", part.claim.partition)
            part.is_fenced = True
        part.leave()
        part.backlog.clear()
        part.reason, part.known = "taken_over" if outcome is Outcome.FENCED else "lost", 0
        return False


def _client(settings: Settings) -> Redis:
    """Make a client with one connection that says when it broke: what it had taken may be lost then."""
    return Redis(
        **redis_client_options(settings.redis),
        client_name=f"leadpulse-{settings.app.id}",
        single_connection_client=True,
        retry=Retry(NoBackoff(), 0),
        maint_notifications_config=MaintNotificationsConfig(enabled=False),
    )
