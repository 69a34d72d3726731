"""Who waits, as it is kept in Redis: the keys, and the scripts that change them. `docs/waiting.md` is the guide.

A worker may be paused, lose a partition and come back. So whoever writes first claims the partition, with a number that
is larger for every later owner, and every write says under which claim it is made. A lead is changed by one script, so
no reader sees it with two teams or none.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Any, NamedTuple

from msgspec import UNSET
from msgspec.json import encode
from redis.asyncio import Redis

from processors.waiting_card import WaitingCard

FORMAT = 1
"""Version of the keys and of what is in them."""
KEPT_LONGER = 10
"""Whose a partition is, and which leads it has in Redis, is kept so many times longer than its rows: a later owner
takes out what is no longer so."""
_PAGE = 1000

# KEYS: the partition. ARGV: fence, turn.
_HELD = """
local held = redis.call('HMGET', KEYS[1], 'fence', 'turn')
local fence, turn = tonumber(ARGV[1]), tonumber(ARGV[2])
"""
_CHECK = (
    _HELD
    + """
if not held[1] then return 'gone' end
if tonumber(held[1]) ~= fence or tonumber(held[2]) ~= turn then return 'fenced' end
"""
)

# ARGV: …, how long to keep it.
_CLAIM = (
    _HELD
    + """
if held[1] then
  local theirs, before = tonumber(held[1]), tonumber(held[2])
  if theirs > fence or (theirs == fence and before > turn) then return 'fenced' end
end
redis.call('HSET', KEYS[1], 'fence', ARGV[1], 'turn', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 'kept'
"""
)

# ARGV: …, prefix, time to live, how long to keep the list of leads; then lead, team, deadline, card of each row. An
# empty card takes the row out.
_WRITE = (
    _CHECK
    + """
local prefix, expire, keep = ARGV[3], ARGV[4], ARGV[5]
local leads, teams = KEYS[1] .. ':leads', prefix .. ':teams'
local touched = {}
for i = 6, #ARGV, 4 do
  local lead, team, deadline, card = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local former = redis.call('HGET', leads, lead)
  if former and former ~= team then
    local waiting = prefix .. ':waiting:' .. former
    redis.call('ZREM', waiting, lead)
    if redis.call('EXISTS', waiting) == 0 then redis.call('SREM', teams, former) end
  end
  if card == '' then
    redis.call('HDEL', leads, lead)
    redis.call('DEL', prefix .. ':card:' .. lead)
  else
    redis.call('HSET', leads, lead, team)
    redis.call('ZADD', prefix .. ':waiting:' .. team, deadline, lead)
    redis.call('SET', prefix .. ':card:' .. lead, card, 'PX', expire)
    touched[team] = true
  end
end
for team in pairs(touched) do
  redis.call('SADD', teams, team)
  redis.call('PEXPIRE', prefix .. ':waiting:' .. team, expire)
end
redis.call('PEXPIRE', leads, keep)
redis.call('PEXPIRE', teams, keep)
return 'kept'
"""
)

# ARGV: …, prefix, how long to keep it, known until, partitions, clock, format.
_SEEN = (
    _CHECK
    + """
local keep, view = ARGV[4], ARGV[3] .. ':view'
redis.call('HSET', KEYS[1], 'known_until', ARGV[5])
redis.call('PEXPIRE', KEYS[1], keep)
redis.call('PEXPIRE', KEYS[1] .. ':leads', keep)
redis.call('HSET', view, 'partitions', ARGV[6], 'clock', ARGV[7], 'format', ARGV[8])
redis.call('PEXPIRE', view, keep)
return 'kept'
"""
)


class Outcome(enum.Enum):
    """What became of a write.

    Attributes:
        KEPT: It was made.
        GONE: Redis knows of no claim: it has lost its data.
        FENCED: Somebody has claimed the partition since.
    """

    KEPT = b"kept"
    GONE = b"gone"
    FENCED = b"fenced"


class Claim(NamedTuple):
    """In whose name a partition is written.

    Attributes:
        partition: Its number.
        fence: Larger for every later owner of the partition.
        turn: Larger for every later connection of one owner: a command that is still on its way over an old one must
            not undo what went over the new one.
    """

    partition: int
    fence: int
    turn: int


class Store:
    """The view in one Redis.

    Args:
        client: The client, which answers with bytes.
        prefix: What all keys begin with.
        expire: After which time a row vanishes that was not written anew, ms.
    """

    def __init__(self, client: Redis, prefix: str, expire: int) -> None:
        self._client, self._prefix = client, prefix
        self._expire, self._keep = expire, KEPT_LONGER * expire
        scripts = (_CLAIM, _WRITE, _SEEN)
        self._claim, self._write, self._seen = (client.register_script(script) for script in scripts)

    async def claim(self, claim: Claim) -> Outcome:
        """Make a partition ours, unless a later owner has it."""
        return await self._run(self._claim, claim, self._keep)

    async def leads(self, partition: int) -> set[str]:
        """Return the leads of a partition that have a row."""
        pages = self._client.hscan_iter(f"{self._key(partition)}:leads", count=_PAGE)
        return {lead.decode() async for lead, _ in pages}

    async def write(self, claim: Claim, cards: Mapping[str, WaitingCard | None]) -> Outcome:
        """Write rows, and take out the ones of leads that do not wait."""
        rows = [part for lead_id, card in cards.items() for part in _row(lead_id, card)]
        return await self._run(self._write, claim, self._prefix, self._expire, self._keep, *rows)

    async def seen(self, claim: Claim, known_until: int, partitions: int, clock: str) -> Outcome:
        """Tell that everything up to a wall time (ms) is in the view."""
        about = known_until, partitions, clock, FORMAT
        return await self._run(self._seen, claim, self._prefix, self._keep, *about)

    async def _run(self, script: Any, claim: Claim, *arguments: str | bytes | int | float) -> Outcome:
        answer = await script(keys=[self._key(claim.partition)], args=[claim.fence, claim.turn, *arguments])
        return Outcome(answer)

    def _key(self, partition: int) -> str:
        return f"{self._prefix}:partition:{partition}"


def _row(lead_id: str, card: WaitingCard | None) -> tuple[str, str, str, bytes]:
    if card is None:
        return lead_id, "", "", b""
    deadline = "inf" if card.deadline is UNSET else str(round(card.deadline.timestamp() * 1000))
    return lead_id, card.team, deadline, encode(card)
