import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
import pytest
from aiokafka.errors import ProducerFenced
from faust.types import TP

from streams.engine.chunks import Chunk, Span
from streams.engine.observer import EngineObserver
from streams.engine.partition import Closed, OwnedPartition, Verdict
from streams.engine.poisons import Poisons
from streams.engine.positions import POSITION_KEY, decode_position
from streams.engine.records import Record
from streams.engine.state import RecordFailed
from streams.engine.transaction import Writes, Written
from streams.engine.watch import Observed
from tests.streams.engine.builders import OPTIONS, RecordingState, record


class FakeProducer:
    """Keeps transactions, when it is told to let them through."""

    def __init__(self) -> None:
        self.transactions: list[dict[str, list[Any]]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None
        self.closed = False
        self.writes = 0

    async def write(self, snapshot: Callable[[], Writes]) -> Written:
        self.writes += 1
        await asyncio.sleep(0)
        writes = {topic: list(found) for topic, found in snapshot().items()}
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        self.transactions.append(writes)
        return Written(sum(map(len, writes.values())), 100)

    async def close(self) -> None:
        self.closed = True


class Commits(EngineObserver):
    def __init__(self) -> None:
        self.seen: list[tuple[int, int | None]] = []

    def transaction_committed(
        self, partition: int, seconds: float, records: int, size: int, oldest_timestamp: int | None
    ) -> None:
        self.seen.append((records, oldest_timestamp))


class Fixture:
    """A partition that has been opened, with everything around it."""

    def __init__(self, **options: Any) -> None:
        self.state = RecordingState()
        self.producer = FakeProducer()
        self.poisons = Poisons()
        self.observer = Commits()
        self.failures: list[BaseException] = []
        self.acks: list[int] = []
        self.life = OwnedPartition(
            3,
            self.state,
            msgspec.structs.replace(OPTIONS, **options),
            self.observer,
            poisons=self.poisons,
            on_failure=lambda _, error: self.failures.append(error),
        )
        self.life._producer = self.producer  # type: ignore[assignment]  # a fake
        self.life.applied = {"left": 0, "right": 0}

    def take(self, *offsets: int, start: int, end: int, topic: str = "left") -> Verdict:
        chunk = Chunk({topic: Span(start, end, None)}, [record(offset, topic=topic) for offset in offsets])
        return self.life.take(chunk, lambda: self.acks.append(end))

    def positions(self) -> list[Mapping[str, int]]:
        return [
            decode_position(value)
            for writes in self.producer.transactions
            for key, value, _ in writes["app-changelog"]
            if key == POSITION_KEY
        ]


@pytest.fixture
async def owned() -> Fixture:
    return Fixture()


async def test_a_commit_writes_state_outputs_and_position_together_and_then_acknowledges(owned: Fixture) -> None:
    assert owned.take(0, 1, start=0, end=3) is Verdict.APPLIED
    assert owned.acks == []
    await owned.life.commit()
    [writes] = owned.producer.transactions
    assert [key for key, _, _ in writes["app-changelog"]] == [b"0", b"1", POSITION_KEY]
    assert len(writes["out"]) == 2
    assert owned.positions() == [{"left": 3, "right": 0}]
    assert owned.life.committed == {"left": 3, "right": 0}
    assert owned.acks == [3]
    assert owned.state.commits == 1
    assert owned.state.outputs == []


async def test_an_applied_chunk_that_waits_for_its_commit_holds_no_record(owned: Fixture) -> None:
    chunk = Chunk({"left": Span(0, 3, None)}, [record(0), record(1)])
    assert owned.life.take(chunk, lambda: owned.acks.append(3)) is Verdict.APPLIED
    assert not chunk.records
    assert owned.acks == []


async def test_a_chunk_behind_the_position_is_a_hole_and_one_before_it_a_replay(owned: Fixture) -> None:
    assert owned.take(5, start=5, end=6) is Verdict.HOLE
    assert owned.take(0, start=0, end=4) is Verdict.APPLIED
    assert owned.take(1, start=1, end=4) is Verdict.REPLAY
    assert owned.take(3, 4, start=2, end=5) is Verdict.APPLIED
    assert owned.state.applied == [("left", 0), ("left", 4)]


async def test_a_chunk_of_both_inputs_moves_both_positions(owned: Fixture) -> None:
    mixed = [record(0), record(0, topic="right"), record(1)]
    verdict = owned.life.take(Chunk({"left": Span(0, 2, 7), "right": Span(0, 3, 5)}, mixed), lambda: None)
    assert verdict is Verdict.APPLIED
    assert owned.state.applied == [("left", 0), ("right", 0), ("left", 1)]
    assert owned.life.newest_timestamp == {"left": 7, "right": 5}
    await owned.life.commit()
    assert owned.positions() == [{"left": 2, "right": 3}]


async def test_a_chunk_with_a_hole_in_one_of_its_inputs_is_refused_as_a_whole(owned: Fixture) -> None:
    mixed = [record(0), record(4, topic="right")]
    verdict = owned.life.take(Chunk({"left": Span(0, 1, 7), "right": Span(4, 5, 5)}, mixed), lambda: None)
    assert verdict is Verdict.HOLE
    assert owned.state.applied == []
    assert owned.life.applied == {"left": 0, "right": 0}


async def test_of_a_chunk_that_replays_one_input_only_the_other_one_is_applied(owned: Fixture) -> None:
    owned.take(0, 1, start=0, end=2)
    mixed = [record(0), record(0, topic="right"), record(1)]
    verdict = owned.life.take(Chunk({"left": Span(0, 2, 7), "right": Span(0, 1, 5)}, mixed), lambda: None)
    assert verdict is Verdict.APPLIED
    assert owned.state.applied == [("left", 0), ("left", 1), ("right", 0)]
    assert owned.life.applied == {"left": 2, "right": 1}


def seen(offset: int, at: int) -> dict[TP, Observed]:
    return {TP(topic, 3): Observed(offset, at) for topic in OPTIONS.inputs}


async def test_time_passes_up_to_when_everything_is_known_and_what_it_changes_is_committed(owned: Fixture) -> None:
    owned.life.tick(seen(2, 100))
    assert owned.state.ticks == [], "there is input that was not applied"
    owned.take(0, 1, start=0, end=2)
    owned.take(0, 1, start=0, end=2, topic="right")
    await owned.life.commit()
    owned.life.tick({})
    assert owned.state.ticks == [100]
    assert owned.life.is_settled, "nothing changed"
    owned.state.changes_with_time = True
    owned.life.tick(seen(2, 200))
    assert owned.state.ticks == [100, 200]
    assert not owned.life.is_settled
    await owned.life.commit()
    assert owned.life.is_settled
    assert len(owned.producer.transactions) == 2


async def test_what_time_changes_is_no_proof_that_input_can_be_committed(owned: Fixture) -> None:
    owned.state.changes_with_time = True
    owned.life.tick(seen(0, 100))
    await owned.life.commit()
    assert not owned.life.has_committed_input
    owned.take(0, start=0, end=1)
    await owned.life.commit()
    assert owned.life.has_committed_input


async def test_no_time_passes_for_a_life_that_is_over(owned: Fixture) -> None:
    owned.life.end()
    owned.life.tick(seen(0, 100))
    assert owned.state.ticks == []


async def test_a_life_whose_state_fails_as_time_passes_is_over(owned: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: int) -> bool:
        raise ZeroDivisionError("a defect")

    monkeypatch.setattr(owned.state, "tick", fail)
    with pytest.raises(ZeroDivisionError):
        owned.life.tick(seen(0, 100))
    assert not owned.life.alive


async def test_an_empty_range_moves_the_position(owned: Fixture) -> None:
    assert owned.take(start=0, end=7) is Verdict.APPLIED
    await owned.life.commit()
    assert owned.positions() == [{"left": 7, "right": 0}]
    assert owned.state.applied == []


async def test_chunks_applied_during_a_commit_are_in_the_next_one_together(owned: Fixture) -> None:
    owned.life.start()
    owned.producer.gate.clear()
    owned.take(0, start=0, end=1)
    await _until(lambda: not owned.life._pending)
    owned.take(1, start=1, end=2)
    owned.take(2, start=2, end=3)
    owned.producer.gate.set()
    await _until(lambda: len(owned.producer.transactions) == 2)
    await _until(lambda: owned.life.is_settled)
    assert owned.positions() == [{"left": 1, "right": 0}, {"left": 3, "right": 0}]
    assert [count for count, _ in owned.observer.seen] == [1, 2]
    await owned.life.close()


async def test_the_oldest_record_of_a_transaction_is_known(owned: Fixture) -> None:
    for offset, timestamp in ((0, 500), (1, 300)):
        chunk = Chunk({"left": Span(offset, offset + 1, timestamp)}, [record(offset, timestamp=timestamp)])
        owned.life.take(chunk, lambda: None)
    await owned.life.commit()
    assert owned.observer.seen == [(2, 300)]
    assert owned.life.newest_timestamp == {"left": 300}


@pytest.mark.parametrize("bound", [{"max_pending": 3}, {"max_pending_bytes": 9}], ids=["records", "bytes of outputs"])
async def test_too_much_that_is_pending_closes_the_door_until_a_commit_begins(bound: dict[str, int]) -> None:
    owned = Fixture(**bound)  # an output of a record here is its key, of three bytes
    owned.take(0, 1, start=0, end=2)
    await owned.life.has_room()
    owned.take(2, start=2, end=3)
    waiting = asyncio.create_task(owned.life.has_room())
    await asyncio.sleep(0)
    assert not waiting.done()
    await owned.life.commit()
    await asyncio.wait_for(waiting, 1)
    owned.take(3, 4, start=3, end=5)
    await owned.life.has_room()


@pytest.mark.parametrize("bound", [{"max_pending": 8}, {"max_pending_bytes": 24}], ids=["records", "bytes of outputs"])
async def test_in_a_backlog_a_transaction_waits_until_half_of_what_may_be_pending_has_come(
    bound: dict[str, int],
) -> None:
    owned = Fixture(chunk=2, backlog_linger=60.0, **bound)
    owned.life.start()
    owned.take(0, 1, start=0, end=2)
    await asyncio.sleep(0.02)
    assert owned.producer.transactions == []
    owned.take(2, 3, start=2, end=4)
    await _until(lambda: owned.life.is_settled)
    assert owned.positions() == [{"left": 4, "right": 0}]
    await owned.life.close()


async def test_in_a_backlog_that_ends_a_transaction_waits_only_so_long() -> None:
    owned = Fixture(chunk=2, max_pending=8, backlog_linger=0.01)
    owned.life.start()
    owned.take(0, 1, start=0, end=2)
    await _until(lambda: owned.life.is_settled)
    assert owned.positions() == [{"left": 2, "right": 0}]
    await owned.life.close()


async def test_a_life_that_ends_does_not_wait_for_more() -> None:
    owned = Fixture(chunk=2, max_pending=8, backlog_linger=60.0)
    owned.life.start()
    owned.take(0, 1, start=0, end=2)
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        await owned.life.close()
    assert owned.producer.transactions == []


async def test_after_a_failed_record_nothing_of_the_half_applied_chunk_can_be_committed(owned: Fixture) -> None:
    owned.take(0, start=0, end=1)

    def fail(records: Sequence[Record]) -> None:
        raise RecordFailed("left", 2) from ValueError("no")

    owned.state.apply = fail  # type: ignore[method-assign]  # the defect
    with pytest.raises(RecordFailed):
        owned.take(1, 2, start=1, end=3)
    assert not owned.life.alive
    assert owned.acks == [1]  # let go, so that no rebalance waits for it
    with pytest.raises(Closed):
        await owned.life.commit()
    assert owned.producer.transactions == []


async def test_a_poisoned_record_is_rejected_and_its_neighbours_applied(owned: Fixture) -> None:
    cause = ValueError("no")
    owned.poisons.add("left", 1, cause)
    owned.take(0, 1, 2, start=0, end=3)
    assert owned.state.applied == [("left", 0), ("left", 2)]
    assert owned.state.rejected == [(1, cause)]
    await owned.life.commit()
    assert len(owned.poisons) == 0


async def test_a_failed_commit_ends_the_life_and_lets_every_chunk_go(owned: Fixture) -> None:
    owned.producer.error = RuntimeError("refused")
    owned.life.start()
    owned.take(0, start=0, end=1)
    await _until(lambda: bool(owned.failures))
    assert not owned.life.alive
    assert owned.acks == [1]
    assert owned.life.committed == {}
    assert owned.state.commits == 0
    await owned.life.close()
    assert owned.producer.closed


async def test_a_proof_that_waits_behind_a_failing_commit_hears_why_and_asks_no_dead_producer(
    owned: Fixture,
) -> None:
    owned.producer.gate.clear()
    owned.life.start()
    owned.take(0, start=0, end=1)
    await _until(owned.life._outcome_known.locked)
    proof = asyncio.create_task(owned.life.commit())
    await asyncio.sleep(0.01)
    owned.producer.error = fenced = ProducerFenced()
    owned.producer.gate.set()
    with pytest.raises(ProducerFenced) as raised:
        await proof
    assert raised.value is fenced
    assert owned.producer.writes == 1


async def test_closing_waits_for_a_transaction_under_way(owned: Fixture) -> None:
    owned.life.start()
    owned.producer.gate.clear()
    owned.take(0, start=0, end=1)
    await _until(lambda: not owned.life._pending)
    closing = asyncio.create_task(owned.life.close())
    await asyncio.sleep(0.01)
    assert not closing.done()
    owned.producer.gate.set()
    await closing
    assert len(owned.producer.transactions) == 1
    assert owned.producer.closed


@pytest.mark.parametrize("turns", range(6))
@pytest.mark.parametrize("linger", [0.0, 60.0], ids=["with a transaction under way", "with one to come"])
async def test_closing_that_is_cancelled_hears_it_and_still_closes_the_producer(linger: float, turns: int) -> None:
    """Whichever turn of the event loop it comes in: a settling that was called off may not go on."""
    owned = Fixture(linger=linger)
    owned.life.start()
    owned.producer.gate.clear()
    owned.take(0, start=0, end=1)
    await asyncio.sleep(0.01)
    closing = asyncio.create_task(owned.life.close())
    await asyncio.sleep(0)
    owned.producer.gate.set()
    for _ in range(turns):
        await asyncio.sleep(0)
    cancelled = closing.cancel()
    await asyncio.wait([closing], timeout=1)
    assert closing.cancelled() == cancelled
    assert owned.producer.closed


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # of other tasks, which tell nobody
            await asyncio.sleep(0.001)
