"""The view of who waits in a real Redis: in step with the committed states, whatever happens to it and to workers."""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from processors import waiting
from schemas.interaction_events import Interaction
from schemas.lead_events import Assigned, Created, Lost
from streams.agents import LeadState, wall_clock
from streams.services import RedisService
from streams.settings import load
from streams.waiting_store import Claim, Outcome, Store
from streams.waiting_view import Owned, Standing, WaitingView
from tests.integration.harness.waiting import differences, eventually, read_view, timeless, truth
from tests.processors.events import FUNNEL
from tests.streams.exposition.worker import OUTLETS, take

pytestmark = [pytest.mark.integration, pytest.mark.timeout(120)]

TEAMS = ("north", "south", "")
_ids = itertools.count()


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisService]:
    with RedisService(tmp_path_factory.mktemp("redis")) as service:
        yield service


@pytest.fixture
async def client(redis: RedisService) -> AsyncIterator[Redis]:
    async with Redis(port=redis.port) as client:
        await client.flushall()
        yield client


class Floor:
    """Some partitions with leads that come, are handed over, answered and lost."""

    def __init__(self, partitions: int = 2, seed: int = 1) -> None:
        self.states = {number: LeadState(number, FUNNEL, OUTLETS) for number in range(partitions)}
        for state in self.states.values():
            state.loaded()
        self._random = random.Random(seed)
        self._leads: dict[int, list[str]] = {number: [] for number in self.states}

    def owned(self, fence: int = 1) -> dict[int, Owned]:
        return {number: Owned(state, fence) for number, state in self.states.items()}

    def commit(self, number: int, *events: Any) -> None:
        """Let a partition apply events and commit them, and see time pass."""
        take(self.states[number], *events)
        if self.states[number].tick(wall_clock()):
            take(self.states[number])

    def work(self, rounds: int = 1) -> None:
        for _ in range(rounds):
            for number, leads in self._leads.items():
                new = [f"{number}/{next(_ids)} é" for _ in range(5)]
                leads.extend(new)
                self.commit(number, *(self._created(lead) for lead in new), *map(self._something, leads[-30:]))

    def _common(self, lead: str) -> dict[str, Any]:
        return {"event_id": f"e{next(_ids)}", "lead_id": lead, "occurred_at": datetime.now(UTC)}

    def _created(self, lead: str) -> Created:
        ago = timedelta(seconds=self._random.choice((0, 250, 400)))
        common = self._common(lead) | {"occurred_at": datetime.now(UTC) - ago}
        return Created(**common, source="web", team=self._random.choice(TEAMS))

    def _something(self, lead: str) -> Any:
        what, common = self._random.random(), self._common(lead)
        if what < 0.5:
            return Assigned(**common, team=self._random.choice(TEAMS), owner="ann")
        if what < 0.6:
            return Lost(**common, reason="price")
        return Interaction(**common, direction="out" if what < 0.8 else "in", channel="call", outcome="connected")


@asynccontextmanager
async def kept(redis: RedisService, floor: Floor, *, fence: int = 1, **settings: str) -> AsyncIterator[WaitingView]:
    """A view of a floor in Redis."""
    environ = {"LEADPULSE_REDIS__URL": redis.url, "LEADPULSE_REDIS__TIMEOUT": "500ms"}
    environ |= {f"LEADPULSE_REDIS__{name.upper()}": value for name, value in settings.items()}
    view = WaitingView(lambda: floor.owned(fence), lambda: len(floor.states), load(environ=environ))
    for state in floor.states.values():
        state.on_waiting = view.wake
    view.start()
    try:
        yield view
    finally:
        await view.stop()


async def in_step(client: Redis, floor: Floor, timeout: float = 10.0) -> float:
    """Wait until Redis holds exactly the truth; return how long it took."""

    async def wrong() -> list[str]:
        found = await read_view(client, "leadpulse")
        assert not found.wrong
        return differences(found.cards, truth(floor.states.values()))

    return await eventually(wrong, timeout)


async def stands(view: WaitingView, **wanted: Any) -> Standing:
    async def wrong() -> dict[str, Any]:
        standing = view.standing()
        return {name: getattr(standing, name) for name, value in wanted.items() if getattr(standing, name) != value}

    await eventually(wrong)
    return view.standing()


async def test_what_is_committed_is_in_redis_at_once_key_by_key(redis: RedisService, client: Redis) -> None:
    floor = Floor()
    floor.work(3)
    async with kept(redis, floor) as view:
        await in_step(client, floor)
        for _ in range(20):
            floor.work()
            assert await in_step(client, floor) < 1
        assert len(truth(floor.states.values())) > 50
        standing = await stands(view, pending=0, lag=0.0)
        assert standing.up
        assert (standing.whole["connected"], standing.errors) == (2, {"away": 0, "fenced": 0})


async def test_nothing_uncommitted_shows(redis: RedisService, client: Redis) -> None:
    floor = Floor(partitions=1)
    floor.work()
    async with kept(redis, floor):
        await in_step(client, floor)
        state = floor.states[0]
        before = truth([state])
        for lead_id in before:
            state.shard.apply(Lost(**floor._common(lead_id), reason="price"))
        list(state.flush())
        await asyncio.sleep(1.5)  # a beat of the view at least
        assert (await read_view(client, "leadpulse")).cards == before
        state.committed()
        await in_step(client, floor)
        assert (await read_view(client, "leadpulse")).cards == {}


async def test_an_emptied_redis_is_filled_again(redis: RedisService, client: Redis) -> None:
    floor = Floor()
    floor.work(5)
    async with kept(redis, floor) as view:
        await in_step(client, floor)
        await client.flushall()
        assert await in_step(client, floor) < 3, "without anything else happening"
        assert view.standing().whole["lost"] == 2


async def test_redis_killed_and_restarted_under_load_is_caught_up_with(tmp_path: Path) -> None:
    floor = Floor()
    with RedisService(tmp_path) as redis:
        async with Redis(port=redis.port) as client, kept(redis, floor) as view:
            for outage in range(3):
                for _ in range(10):
                    floor.work()
                    await asyncio.sleep(0.01)
                redis.kill()
                floor.work(10)
                standing = await stands(view, up=False)
                assert standing.pending >= len(truth(floor.states.values()))
                await asyncio.sleep(0.5)
                assert view.standing().lag > 0.4
                await asyncio.to_thread(redis.start)
                floor.work(2)
                assert await in_step(client, floor) < 5
                await stands(view, up=True, pending=0, lag=0.0)
                assert view.standing().errors["away"] > outage


async def test_a_redis_that_hangs_counts_as_away_and_what_it_had_taken_undoes_nothing(tmp_path: Path) -> None:
    floor = Floor()
    with RedisService(tmp_path) as redis:
        async with Redis(port=redis.port) as client, kept(redis, floor) as view:
            floor.work(3)
            await in_step(client, floor)
            group = os.getpgid(redis._process.pid if redis._process else 0)
            os.killpg(group, signal.SIGSTOP)
            floor.work(5)
            await stands(view, up=False)
            floor.work(5)
            os.killpg(group, signal.SIGCONT)
            await in_step(client, floor)
            await asyncio.sleep(1.5)
            await in_step(client, floor, 0.5)


async def test_a_later_owner_takes_over_and_removes_what_is_no_longer_so(redis: RedisService, client: Redis) -> None:
    former, later = Floor(seed=1), Floor(seed=2)
    former.work(5)
    later.work(5)
    async with kept(redis, former, fence=10):
        await in_step(client, former)
    async with kept(redis, later, fence=12):
        await in_step(client, later)


async def test_a_worker_that_comes_back_after_losing_its_partitions_overwrites_nothing(
    redis: RedisService, client: Redis
) -> None:
    zombie, owner = Floor(seed=1), Floor(seed=2)
    zombie.work(5)
    owner.work(5)
    async with kept(redis, zombie, fence=10) as theirs:
        await in_step(client, zombie)
        async with kept(redis, owner, fence=12) as ours:
            await in_step(client, owner)
            for _ in range(30):
                zombie.work()
                owner.work()
                await asyncio.sleep(0.05)
            await in_step(client, owner)
            assert theirs.standing().errors["fenced"] > 0
            assert ours.standing().errors["fenced"] == 0
            await client.flushall()  # the fence is gone, too: whoever comes first, the owner is right in the end
            await in_step(client, owner)
            await asyncio.sleep(1.2)
            await in_step(client, owner, 1)


async def test_no_more_than_a_bound_is_remembered_while_redis_is_slow(
    redis: RedisService, client: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "MAX_CHANGED", 20)
    floor = Floor(partitions=1)
    async with kept(redis, floor) as view:
        floor.work()
        await in_step(client, floor)
        floor.work(10)
        assert floor.states[0].shard.waiting.changed is None
        await in_step(client, floor)
        assert view.standing().whole["behind"] >= 1


async def test_it_says_up_to_when_everything_is_known_and_of_how_many_partitions(
    redis: RedisService, client: Redis
) -> None:
    floor = Floor()
    floor.work()
    async with kept(redis, floor):
        await in_step(client, floor)
        for number in floor.states:
            floor.commit(number)
        now = wall_clock()

        async def behind() -> Any:
            known = (await read_view(client, "leadpulse")).known_until
            return known if known.keys() != {0, 1} or min(known.values()) < now - 100 else None

        await eventually(behind)
        found = await client.hgetall("leadpulse:view")
        assert found == {b"partitions": b"2", b"clock": b"wall", b"format": b"1"}


async def test_everything_is_written_anew_before_it_expires(redis: RedisService, client: Redis) -> None:
    floor = Floor()
    floor.work(3)
    async with kept(redis, floor, expire="10s") as view:
        await in_step(client, floor)
        some = next(iter(truth(floor.states.values())))
        card = f"leadpulse:card:{some}"
        await client.delete(card)  # as a Redis does that has no room

        async def gone() -> bool:
            return not await client.exists(card)

        assert await eventually(gone) < 5
        await in_step(client, floor)
        assert view.standing().whole["repair"] >= 1


async def test_rows_that_nobody_writes_anew_expire_and_a_later_owner_still_knows_of_them(client: Redis) -> None:
    floor = Floor(partitions=1)
    floor.work()
    store, claim = Store(client, "leadpulse", 300), Claim(0, 5, 1)
    cards = {
        lead_id: floor.states[0].shard.waiting.card(lead_id, 0, wall_clock())
        for lead_id in truth(floor.states.values())
    }
    assert await store.claim(claim) is Outcome.KEPT
    assert await store.write(claim, cards) is Outcome.KEPT
    assert {timeless(card) for card in cards.values() if card} == set(
        (await read_view(client, "leadpulse")).cards.values()
    )
    await asyncio.sleep(0.4)
    assert [key async for key in client.scan_iter("leadpulse:card:*")] == []
    assert [key async for key in client.scan_iter("leadpulse:waiting:*")] == []
    assert await store.leads(0) == cards.keys()


async def test_what_is_still_on_its_way_over_an_old_connection_is_refused(client: Redis) -> None:
    store = Store(client, "leadpulse", 60_000)
    old, new = Claim(0, 5, 1), Claim(0, 5, 2)
    assert await store.write(old, {}) is Outcome.GONE, "no claim was made"
    assert await store.claim(old) is Outcome.KEPT
    assert await store.claim(new) is Outcome.KEPT
    assert await store.write(old, {}) is Outcome.FENCED
    assert await store.seen(old, 1, 1, "wall") is Outcome.FENCED
    assert await store.claim(old) is Outcome.FENCED
    assert await store.claim(Claim(0, 4, 9)) is Outcome.FENCED
    assert await store.write(new, {}) is Outcome.KEPT
