"""Who waits, told by real workers, in Redis and on /waiting: on a silent stream, and while workers come and go."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import json
from redis.asyncio import Redis

from schemas.codec import encode
from schemas.interaction_events import Interaction
from schemas.lead_events import Assigned, Created
from streams.producing import Message, connected, produce
from streams.services import RedisService
from streams.settings.kafka import kafka_client_options
from streams.web.waiting_answer import WaitingAnswer, urgency
from tests.integration.harness.flowing import flowing
from tests.integration.harness.leadpulse import LeadpulseRun
from tests.integration.harness.waiting import Cards, differences, eventually, read_view, timeless

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

RATE = 20.0
"""Leads per second."""
TARGET = 5
"""Seconds in which a lead is to be answered, while workers come and go."""
TEAMS = ("north", "south", "west")


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisService]:
    with RedisService(tmp_path / "redis") as service:
        yield service


@pytest.fixture
async def client(redis: RedisService) -> AsyncIterator[Redis]:
    async with Redis(port=redis.port) as client:
        yield client


def new_run(kafka: str, redis: RedisService, folder: Path, **settings: str) -> LeadpulseRun:
    return LeadpulseRun(kafka, folder, settings={"REDIS__URL": redis.url, "REDIS__TIMEOUT": "1s"} | settings)


def ask(run: LeadpulseRun, label: str, query: str = "limit=1000") -> WaitingAnswer:
    status, body = run.get(f"/waiting?{query}", label)
    assert status == 200, body
    return json.decode(body, type=WaitingAnswer)


def told(answer: WaitingAnswer) -> Cards:
    return {card.lead_id: timeless(card) for card in answer.cards}


async def write(run: LeadpulseRun, *messages: Message) -> None:
    async with connected(kafka_client_options(run.settings.kafka)) as writer:
        await produce(writer, messages, stop=asyncio.Event())


def new_lead(run: LeadpulseRun, lead: str) -> Message:
    event = Created(event_id="c", lead_id=lead, occurred_at=datetime.now(UTC), source="web", team="north")
    return Message(0, run.inputs[0], lead.encode(), encode(event))


async def seen_at(client: Redis, key: str, band: str, timeout: float) -> float:
    """The wall time in seconds at which a card was first seen to be in a band."""

    async def other() -> str:
        found = await client.get(key)
        now_in = json.decode(found)["band"] if found else "nothing"
        return "" if now_in == band else now_in

    await eventually(other, timeout)
    return time.time()


async def deadline_of(client: Redis, key: str) -> float:
    async def missing() -> bool:
        return not await client.exists(key)

    await eventually(missing)
    return datetime.fromisoformat(json.decode(await client.get(key) or b"")["deadline"]).timestamp()


async def fences(client: Redis, run: LeadpulseRun) -> list[int]:
    """What the claims of the partitions say whose they are."""
    keys = [f"{run.settings.app.id}:partition:{n}" for n in range(run.partitions)]
    return [int(await client.hget(key, "fence") or -1) for key in keys]


async def test_on_a_silent_stream_the_warning_and_the_breach_are_in_redis_within_a_second(
    kafka: str, redis: RedisService, client: Redis, tmp_path: Path
) -> None:
    with new_run(kafka, redis, tmp_path, RESPONSE__TARGET="5s") as run:
        run.start_worker("A")
        await run.wait_ready("A")
        await write(run, new_lead(run, "L"))
        key = f"{run.settings.app.id}:card:L"
        deadline = await deadline_of(client, key)
        assert -0.1 <= await seen_at(client, key, "warned", 10) - (deadline - 1) <= 1
        assert -0.1 <= await seen_at(client, key, "breached", 10) - deadline <= 1
        (card,) = ask(run, "A").cards
        assert (card.band, card.announced) == ("breached", 2)


async def test_they_are_there_in_time_too_when_the_worker_dies_and_the_partition_moves(
    kafka: str, redis: RedisService, client: Redis, tmp_path: Path
) -> None:
    with new_run(kafka, redis, tmp_path, RESPONSE__TARGET="20s") as run:
        first = run.start_worker("A")
        await run.wait_ready("A")
        await write(run, *(new_lead(run, f"L{n}") for n in range(8)))
        keys = [f"{run.settings.app.id}:card:L{n}" for n in range(8)]
        deadlines = [await deadline_of(client, key) for key in keys]
        before = await fences(client, run)
        first.kill()
        run.start_worker("B")
        await run.wait_ready("B")
        assert time.time() < min(deadlines) - 4.5, "the test needs a quicker machine"
        warned = [await seen_at(client, key, "warned", 20) for key in keys]
        breached = [await seen_at(client, key, "breached", 20) for key in keys]
        for early, late, deadline in zip(warned, breached, deadlines, strict=True):
            assert -0.1 <= early - (deadline - 4) <= 1
            assert -0.1 <= late - deadline <= 1
        after = await fences(client, run)
        assert all(later > earlier for earlier, later in zip(before, after, strict=True))


class Load:
    """A steady stream of leads: every second one is answered soon, every third one goes to another team first."""

    def __init__(self, run: LeadpulseRun) -> None:
        self._leads, self._interactions = run.inputs
        self._sent: dict[str, str | None] = {}

    @property
    def waiting(self) -> dict[str, str]:
        """Lead -> team of those that wait, but for the last lead, which may have been sent in part."""
        *whole, _ = self._sent.items()
        return {lead: team for lead, team in whole if team}

    @property
    def last(self) -> str:
        """The last lead."""
        return list(self._sent)[-1]

    def messages(self) -> Iterator[Message]:
        for number in itertools.count():
            lead, at = f"lead-{number}", number / RATE
            team = TEAMS[number % 3]
            for topic, event in self._lead(number, lead, team):
                yield Message(at, topic, lead.encode(), encode(event))

    def _lead(self, number: int, lead: str, team: str) -> Iterator[tuple[str, Any]]:
        common: dict[str, Any] = {"lead_id": lead, "occurred_at": datetime.now(UTC)}
        self._sent[lead] = None if number % 2 else "east" if number % 3 == 0 else team
        yield self._leads, Created(event_id="c", source="web", team=team, **common)
        if number % 3 == 0:
            yield self._leads, Assigned(event_id="a", team="east", owner="ann", **common)
        if number % 2:
            yield (
                self._interactions,
                Interaction(event_id="i", direction="out", channel="call", outcome="held", **common),
            )


async def test_workers_and_redis_come_and_go_and_the_view_is_right_in_the_end(
    kafka: str, redis: RedisService, client: Redis, tmp_path: Path
) -> None:
    """Partitions move, a paused worker comes back, workers are killed, Redis is killed and emptied; all under load."""
    with new_run(kafka, redis, tmp_path, RESPONSE__TARGET=f"{TARGET}s") as run:
        run.start_worker("A")
        await run.wait_ready("A")
        load = Load(run)
        async with connected(kafka_client_options(run.settings.kafka)) as writer, flowing(writer, load.messages()):
            await come_and_go(run, redis, client)
        await run.settle()
        await asyncio.sleep(TARGET + 1)  # every promise is broken then: nothing moves any more
        await agree(run, client, load)


async def come_and_go(run: LeadpulseRun, redis: RedisService, client: Redis) -> None:
    a, b = run.processes[0], run.start_worker("B")
    await run.wait_ready("B")
    a.freeze()
    redis.kill()
    await asyncio.sleep(8)  # B has all partitions now
    await asyncio.to_thread(redis.start)
    a.thaw()
    await run.wait_ready("A")
    b.kill()
    redis.kill()
    await asyncio.to_thread(redis.start)
    run.start_worker("B")
    await run.wait_ready("B")
    await client.flushall()
    await asyncio.sleep(2)


async def agree(run: LeadpulseRun, client: Redis, load: Load) -> None:
    """Redis, both workers and what was sent say the same."""

    async def wrong() -> Any:
        view = await read_view(client, run.settings.app.id)
        answers = [ask(run, label) for label in ("A", "B")]
        return (
            view.wrong
            + [f"incomplete: {answer.partitions}" for answer in answers if not answer.complete]
            + differences(view.cards, told(answers[0]))
            + differences(view.cards, told(answers[1]))
        )

    await eventually(wrong, 20)
    cards = (await read_view(client, run.settings.app.id)).cards
    assert {lead: card.team for lead, card in cards.items() if lead != load.last} == load.waiting
    for team in ("east", *TEAMS):
        answer = ask(run, "A", f"limit=1000&team={team}")
        assert told(answer) == {lead: card for lead, card in cards.items() if card.team == team}
        assert answer.waiting == len(answer.cards)
        assert list(answer.cards) == sorted(answer.cards, key=urgency)
    first = ask(run, "B", "limit=7").cards
    assert [card.lead_id for card in first] == [card.lead_id for card in ask(run, "B").cards[:7]]
    for label in ("A", "B"):
        metrics = run.metrics(label)
        assert metrics.total("leadpulse_waiting_view_up") == 1
        assert metrics.total("leadpulse_waiting_view_pending_leads") == 0
