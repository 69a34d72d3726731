import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from aiokafka.errors import IllegalStateError, KafkaConnectionError, ProducerFenced
from faust.types import TP

from streams.engine import ownership
from streams.engine.errors import NoProgress
from streams.engine.observer import EngineObserver
from streams.engine.ownership import MAX_LIVES, Ownership
from tests.streams.engine.builders import OPTIONS, RecordingState


class FakeLife:
    """A partition that opens and commits as the test wants."""

    made: list["FakeLife"]
    open_errors: list[Exception]
    commit_errors: list[Exception]
    lost: dict[str, int]

    def __init__(self, number: int, state: Any, *_: Any, on_failure: Any, **__: Any) -> None:
        self.number = number
        self.state = state
        self.on_failure = on_failure
        self.applied = {"left": 10 * number, "right": 0}
        self.alive = True
        self.closed = self.started = self.has_committed_input = False
        self.commits = 0
        self.broken_by: Exception | None = None
        self.made.append(self)

    async def open(self) -> None:
        await asyncio.sleep(0)
        if self.open_errors:
            raise self.open_errors.pop(0)

    async def commit(self) -> None:
        await asyncio.sleep(0)
        if self.commit_errors:
            raise self.commit_errors.pop(0)
        self.commits += 1

    def start(self) -> None:
        self.started = True

    def end(self) -> None:
        self.alive = False

    async def close(self) -> None:
        self.end()
        self.closed = True


class Fixture:
    def __init__(self) -> None:
        self.seeks: list[Mapping[TP, int]] = []
        self.seek_errors: list[Exception] = []
        self.rejoins = 0
        self.failures: list[BaseException] = []
        self.observer = Losses()
        self.ownership = Ownership(
            OPTIONS,
            lambda _: RecordingState(),
            self.observer,
            seek=self._seek,
            request_rejoin=self._rejoin,
            fail=lambda _, error: self.failures.append(error),
        )

    async def _seek(self, positions: Mapping[TP, int]) -> None:
        if self.seek_errors:
            raise self.seek_errors.pop(0)
        self.seeks.append(positions)

    def _rejoin(self) -> None:
        self.rejoins += 1

    async def until_running(self, *numbers: int) -> None:
        await until(lambda: set(self.ownership.running) == set(numbers))


class Losses(EngineObserver):
    def __init__(self) -> None:
        self.lost: list[tuple[str, int, int]] = []

    def lost_input(self, topic: str, partition: int, offsets: int) -> None:
        self.lost.append((topic, partition, offsets))


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  # of other tasks, which tell nobody
            await asyncio.sleep(0.001)


@pytest.fixture
async def owner(monkeypatch: pytest.MonkeyPatch) -> Fixture:
    FakeLife.made, FakeLife.open_errors, FakeLife.commit_errors, FakeLife.lost = [], [], [], {}
    monkeypatch.setattr(ownership, "OwnedPartition", FakeLife)
    monkeypatch.setattr(ownership, "FIRST_BACKOFF", 0.001)
    monkeypatch.setattr(ownership, "MAX_BACKOFF", 0.002)
    return Fixture()


async def test_a_new_partition_is_opened_proved_sought_and_only_then_fetched(owner: Fixture) -> None:
    await owner.ownership.rebalanced({1})
    assert owner.ownership.flowing == frozenset()
    await owner.until_running(1)
    [life] = FakeLife.made
    assert life.commits == 1
    assert life.started
    assert owner.seeks == [{TP("left", 1): 10, TP("right", 1): 0}]
    assert owner.ownership.flowing == {TP("left", 1), TP("right", 1)}


async def test_a_partition_that_is_kept_proves_itself_again_without_being_recovered(owner: Fixture) -> None:
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    await owner.ownership.rebalanced({1, 2})
    assert owner.ownership.flowing == frozenset()
    await owner.until_running(1, 2)
    assert [(life.number, life.commits) for life in FakeLife.made] == [(1, 2), (2, 1)]


async def test_a_partition_that_is_lost_is_closed_before_the_rebalance_ends(owner: Fixture) -> None:
    await owner.ownership.rebalanced({1, 2})
    await owner.until_running(1, 2)
    await owner.ownership.rebalanced({2})
    assert FakeLife.made[0].closed
    await owner.until_running(2)


async def test_a_kept_partition_that_was_elsewhere_meanwhile_asks_the_group(owner: Fixture) -> None:
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    FakeLife.commit_errors.append(ProducerFenced())
    await owner.ownership.rebalanced({1})
    await until(lambda: owner.rejoins == 1)
    assert FakeLife.made[0].closed
    assert owner.ownership.running == {}
    # The group says that it is ours after all.
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    assert len(FakeLife.made) == 2
    assert owner.failures == []


async def test_a_rebalance_during_the_proof_asks_for_another_one(owner: Fixture) -> None:
    await owner.ownership.rebalanced({1})
    await until(lambda: bool(FakeLife.made))
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    assert len(FakeLife.made) == 1
    assert FakeLife.made[0].commits == 2


async def test_a_failed_life_is_replaced_and_the_others_go_on(owner: Fixture) -> None:
    await owner.ownership.rebalanced({1, 2})
    await owner.until_running(1, 2)
    broken = owner.ownership.running[1]
    broken.on_failure(broken, KafkaConnectionError())  # type: ignore[attr-defined]  # the fake's
    assert set(owner.ownership.running) == {2}
    assert owner.ownership.flowing == {TP("left", 2), TP("right", 2)}
    await owner.until_running(1, 2)
    assert owner.ownership.running[1] is not broken
    assert broken.closed  # type: ignore[attr-defined]  # the fake's


async def test_opening_is_tried_for_as_long_as_the_broker_is_away(owner: Fixture) -> None:
    FakeLife.open_errors += [KafkaConnectionError()] * (3 * MAX_LIVES)
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    assert all(life.closed for life in FakeLife.made[:-1])
    assert owner.failures == []


async def test_an_outage_of_days_overflows_nothing(owner: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "MAX_BACKOFF", 0.0)
    FakeLife.open_errors += [KafkaConnectionError()] * 1100  # two to the power of that is no float
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    assert owner.failures == []


@pytest.mark.parametrize("replaced", [False, True])
async def test_what_comes_in_the_turn_in_which_a_partition_begins_to_run_settles_it_anew(
    owner: Fixture, *, replaced: bool
) -> None:
    gate = asyncio.get_running_loop().create_future()

    async def wait_and_seek(_: Mapping[TP, int]) -> None:
        await gate

    owner.ownership._seek = wait_and_seek

    async def intervene() -> None:
        await gate
        if replaced:
            owner.ownership.replace(owner.ownership.running[1])
        else:
            await owner.ownership.rebalanced({1})

    await owner.ownership.rebalanced({1})
    await until(lambda: bool(FakeLife.made) and FakeLife.made[0].commits == 1)
    await asyncio.sleep(0.01)
    intervening = asyncio.create_task(intervene())
    await asyncio.sleep(0.01)
    gate.set_result(None)
    await intervening
    await owner.until_running(1)
    assert owner.failures == []


async def test_a_life_that_fails_while_it_is_sought_is_sorted_by_why(owner: Fixture) -> None:
    async def seek_and_fail(_: Mapping[TP, int]) -> None:
        life = FakeLife.made[-1]
        if len(FakeLife.made) == 1:
            life.end()
            life.broken_by = ProducerFenced()

    owner.ownership._seek = seek_and_fail
    await owner.ownership.rebalanced({1})
    await until(lambda: owner.rejoins == 1)
    assert len(FakeLife.made) == 1, "whoever was fenced asks the group first"
    assert owner.failures == []


async def test_failures_that_lie_far_apart_are_no_row(owner: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ownership, "FORGIVEN_AFTER", 0.0)
    for _ in range(2 * MAX_LIVES):  # an idle partition, which never commits any input
        await owner.ownership.rebalanced({1})
        await owner.until_running(1)
        FakeLife.commit_errors.append(KafkaConnectionError())
        await owner.ownership.rebalanced({1})
        await owner.until_running(1)
    assert owner.failures == []


async def test_lives_that_fail_one_after_the_other_end_the_engine(owner: Fixture) -> None:
    FakeLife.commit_errors += [KafkaConnectionError()] * 100
    await owner.ownership.rebalanced({1})
    await until(lambda: bool(owner.failures))
    assert isinstance(owner.failures[0], NoProgress)
    assert len(FakeLife.made) == MAX_LIVES + 1


async def test_what_would_fail_again_ends_the_engine_at_once(owner: Fixture) -> None:
    FakeLife.open_errors.append(KeyError("bug"))
    await owner.ownership.rebalanced({1})
    await until(lambda: bool(owner.failures))
    assert isinstance(owner.failures[0], KeyError)
    assert FakeLife.made[0].closed


async def test_a_seek_in_the_middle_of_a_rebalance_is_repeated(owner: Fixture) -> None:
    owner.seek_errors.append(IllegalStateError("not assigned"))
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    assert owner.failures == []


async def test_input_that_was_deleted_before_the_start_is_reported(owner: Fixture) -> None:
    FakeLife.lost = {"left": 7}
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    assert owner.observer.lost == [("left", 1, 7)]


async def test_deleted_input_is_counted_once_however_many_lives_fail_before_they_commit(owner: Fixture) -> None:
    FakeLife.lost = {"left": 7}
    FakeLife.commit_errors += [KafkaConnectionError()] * 3
    await owner.ownership.rebalanced({1})
    await owner.until_running(1)
    assert owner.observer.lost == [("left", 1, 7)]


async def test_closing_stops_what_is_being_settled(owner: Fixture) -> None:
    FakeLife.open_errors += [KafkaConnectionError()] * 1000
    await owner.ownership.rebalanced({1})
    await until(lambda: len(FakeLife.made) > 1)
    await owner.ownership.close()
    made = len(FakeLife.made)
    await asyncio.sleep(0.02)
    assert len(FakeLife.made) == made
    assert all(life.closed for life in FakeLife.made)
