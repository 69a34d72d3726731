"""The view of who waits as a reader of Redis finds it, and what it must be."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any, NamedTuple

from msgspec import UnsetType, json, structs
from redis.asyncio import Redis

from processors.waiting_card import WaitingCard
from streams.agents import LeadState

Cards = dict[str, WaitingCard]
"""Lead id -> its card, without what depends on when it was made."""


class View(NamedTuple):
    """What Redis holds."""

    cards: Cards
    wrong: list[str]
    """What does not fit together among the keys."""
    known_until: dict[int, int]


def timeless(card: WaitingCard) -> WaitingCard:
    return structs.replace(card, as_of=card.began_at, routing_seconds=0, human_seconds=0, closed_seconds=0)


def truth(states: Iterable[LeadState]) -> Cards:
    """What the states would tell."""
    return {
        lead_id: timeless(card)
        for state in states
        for lead_id in state.shard.waiting.entries
        if (card := state.shard.waiting.card(lead_id, state.partition, state.now()))
    }


_SNAPSHOT = """
local found = {}
for _, key in ipairs(redis.call('KEYS', ARGV[1] .. ':*')) do
  local kind, value = redis.call('TYPE', key).ok, nil
  if kind == 'string' then value = redis.call('GET', key)
  elseif kind == 'zset' then value = redis.call('ZRANGE', key, 0, -1, 'WITHSCORES')
  elseif kind == 'hash' then value = redis.call('HGETALL', key)
  else value = redis.call('SMEMBERS', key) end
  found[#found + 1] = {key, value}
end
return found
"""


async def read_view(client: Redis, prefix: str) -> View:
    """Read all keys at one moment, and hold them against each other: no reader may ever see them differ."""
    found = {key.decode().removeprefix(f"{prefix}:"): value for key, value in await client.eval(_SNAPSHOT, 0, prefix)}
    cards = {
        key.removeprefix("card:"): json.decode(value, type=WaitingCard)
        for key, value in found.items()
        if key.startswith("card:")
    }
    listed: dict[str, str] = {}
    owned: dict[str, str] = {}
    wrong: list[str] = []
    known: dict[int, int] = {}
    for key, value in found.items():
        kind, _, rest = key.partition(":")
        if kind == "waiting":
            for lead_id, score in _pairs(value):
                if lead_id in listed:
                    wrong.append(f"{lead_id} waits with {listed[lead_id]} and {rest}")
                listed[lead_id] = rest
                wrong += _misplaced(cards.get(lead_id), lead_id, rest, float(score))
        elif kind == "partition" and rest.endswith(":leads"):
            owned |= dict(_pairs(value))
        elif kind == "partition":
            known[int(rest)] = int(dict(_pairs(value)).get("known_until", 0))
    if not cards.keys() == listed.keys() == owned.keys():
        wrong.append(f"cards, lists and partitions differ: {cards.keys()} {listed.keys()} {owned.keys()}"[:600])
    teams = {team.decode() for team in found.get("teams", ())}
    if teams != set(listed.values()):
        wrong.append(f"teams are {teams} instead of {set(listed.values())}")
    return View({lead_id: timeless(card) for lead_id, card in cards.items()}, wrong, known)


def _pairs(value: list[bytes]) -> Iterator[tuple[str, str]]:
    texts = [part.decode() for part in value]
    return zip(texts[::2], texts[1::2], strict=True)


def _misplaced(card: WaitingCard | None, lead_id: str, team: str, score: float) -> list[str]:
    if card is None:
        return [f"{lead_id} is in a list and has no card"]
    deadline = float("inf") if isinstance(card.deadline, UnsetType) else round(card.deadline.timestamp() * 1000)
    return [f"{lead_id}: {team} {score} {card}"] if (card.team, deadline) != (team, score) else []


def differences(found: Cards, wanted: Cards) -> list[str]:
    keys = sorted(key for key in found.keys() | wanted.keys() if found.get(key) != wanted.get(key))
    return [f"{key}: {found.get(key)} instead of {wanted.get(key)}"[:600] for key in keys]


async def eventually(check: Callable[[], Awaitable[Any]], timeout: float = 10.0) -> float:
    """Wait until a check returns nothing wrong; return how long it took, in seconds."""
    begun = time.monotonic()
    while wrong := await check():
        assert time.monotonic() - begun < timeout, wrong
        await asyncio.sleep(0.02)
    return time.monotonic() - begun
