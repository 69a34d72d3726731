"""How far a recovery reads, on a stand-in for the consumer; the rest needs a broker."""

from typing import Any

from aiokafka import TopicPartition

from streams.engine.recovery import _read
from tests.streams.engine.builders import RecordingState, records

CHANGELOG = TopicPartition("app-changelog", 0)


class NewLeader:
    """A log of 20 records whose leader was just elected.

    It tells fetches the high watermark that it knew as a follower, until its followers have caught up; asked for the
    end of the log, it answers only then (KIP-207).
    """

    def __init__(self) -> None:
        self.read_to = 0
        self.known: int | None = None
        self.looks = 0

    async def seek_to_beginning(self, _: Any) -> None: ...

    def last_stable_offset(self, _: Any) -> int | None:
        return self.known

    def highwater(self, _: Any) -> int | None:
        return self.known

    async def position(self, _: Any) -> int:
        return self.read_to

    async def end_offsets(self, _: Any) -> dict[TopicPartition, int]:
        return {CHANGELOG: 20}

    async def getmany(self, *_: Any, **__: Any) -> dict[TopicPartition, list[Any]]:
        self.looks += 1
        self.known = 10 if self.looks <= 2 else 20
        start, self.read_to = self.read_to, self.known
        return {CHANGELOG: records(*range(start, self.read_to))}


async def test_a_recovery_does_not_stop_at_what_a_new_leader_knew_as_a_follower() -> None:
    _, count = await _read(NewLeader(), CHANGELOG, RecordingState())
    assert count == 20
