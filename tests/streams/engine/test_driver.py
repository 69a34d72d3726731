"""Our side of the driver, on stand-ins for Faust and aiokafka; the other side is pinned in test_pins.py."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    UnknownMemberIdError,
)
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as faust_driver
from faust.types import TP

from streams.engine import driver
from streams.engine.chunks import Fetched
from streams.engine.driver import Consumer, ConsumerThread
from streams.engine.errors import InputTruncated
from tests.streams.engine.builders import OPTIONS, records

LEFT, RIGHT, OTHER = TP("left", 0), TP("right", 0), TP("other", 0)


class FakeIntake:
    options = OPTIONS

    def __init__(self) -> None:
        self.flowing = frozenset({LEFT, RIGHT})
        self.applied: dict[TP, int] = {LEFT: 5, RIGHT: 6}
        self.committed: dict[TP, int] = {LEFT: 4, RIGHT: 6}

    def applied_positions(self) -> dict[TP, int]:
        return self.applied

    def committed_positions(self) -> dict[TP, int]:
        return self.committed


class FakeKafka:
    """An aiokafka consumer: fetch positions, what is on the log, and what was asked of it."""

    def __init__(self) -> None:
        self.positions: dict[TP, int] = {LEFT: 0, RIGHT: 0, OTHER: 0}
        self.begin, self.end = 0, 1000
        self.sought: dict[Any, int] = {}
        self.committed: list[dict[Any, Any]] = []
        self.commit_error: Exception | None = None
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=self))
        self._coordinator = SimpleNamespace(
            _rejoin_needed_fut=SimpleNamespace(done=lambda: False), _performed_join_prepare=False
        )

    def state_value(self, tp: TP) -> Any:
        position = self.positions.get(tp)
        return SimpleNamespace(has_valid_position=position is not None, position=position)

    def assignment(self) -> set[TP]:
        return set(self.positions)

    def seek(self, tp: Any, offset: int) -> None:
        self.sought[tp] = offset

    async def beginning_offsets(self, tps: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(tps, self.begin)

    async def end_offsets(self, tps: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(tps, self.end)

    async def commit(self, offsets: dict[Any, Any]) -> None:
        if self.commit_error is not None:
            raise self.commit_error
        self.committed.append({tp: found.offset for tp, found in offsets.items()})


class Fixture:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.intake = FakeIntake()
        self.kafka = FakeKafka()
        self.thread = ConsumerThread.__new__(ConsumerThread)
        self.thread.app = SimpleNamespace(
            engine=self.intake, conf=SimpleNamespace(consumer_auto_offset_reset="earliest")
        )
        self.thread.consumer = SimpleNamespace(flow_active=True)  # type: ignore[assignment]  # a stand-in
        self.thread._consumer = self.kafka
        self.thread.delivered = {LEFT: 0, RIGHT: 0}
        self.thread.group_offsets = {}
        self.answer: Any = {}
        self.asked: list[set[TP]] = []

        async def fetch(_: Any, consumer: Any, active: set[TP], timeout: Any = None, max_records: Any = None) -> Any:
            self.asked.append(active)
            if isinstance(self.answer, Exception):
                raise self.answer
            return self.answer

        monkeypatch.setattr(faust_driver.AIOKafkaConsumerThread, "_fetch_records", fetch)
        monkeypatch.setattr(driver, "IDLE_PAUSE", 0.0)

    async def fetch(self, *tps: TP) -> dict[TP, Any]:
        return dict(await self.thread._fetch_records(self.kafka, set(tps)))


@pytest.fixture
def fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fixture]:
    yield Fixture(monkeypatch)


def seen(fetched: Fetched) -> tuple[int, int, list[int], bool]:
    return fetched.start, fetched.end, [r.offset for r in fetched.records], fetched.lost


async def test_a_fetch_carries_the_range_since_the_one_before(fixture: Fixture) -> None:
    fixture.answer = {TopicPartition("left", 0): records(2, 5)}
    fixture.kafka.positions[LEFT] = 8
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == (0, 8, [2, 5], False)
    fixture.answer = {TopicPartition("left", 0): records(9)}
    fixture.kafka.positions[LEFT] = 10
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == (8, 10, [9], False)


async def test_markers_and_aborted_records_come_as_an_empty_range(fixture: Fixture) -> None:
    fixture.kafka.positions[RIGHT] = 7
    got = await fixture.fetch(LEFT, RIGHT)
    assert list(got) == [RIGHT]
    assert seen(got[RIGHT]) == (0, 7, [], False)


async def test_other_topics_pass_as_they_are(fixture: Fixture) -> None:
    found = records(1, 2)
    fixture.answer = {TopicPartition("other", 0): found}
    assert await fixture.fetch(LEFT, OTHER) == {OTHER: found}


async def test_a_partition_that_is_not_ready_is_not_fetched(fixture: Fixture) -> None:
    fixture.intake.flowing = frozenset({RIGHT})
    await fixture.fetch(LEFT, RIGHT, OTHER)
    assert fixture.asked == [{RIGHT, OTHER}]


async def test_with_nothing_ready_nothing_is_asked_because_aiokafka_would_take_that_for_everything(
    fixture: Fixture,
) -> None:
    fixture.intake.flowing = frozenset()
    assert await fixture.fetch(LEFT, RIGHT) == {}
    assert fixture.asked == []


async def test_records_before_the_first_seek_are_not_handed_on(fixture: Fixture) -> None:
    del fixture.thread.delivered[LEFT]
    fixture.answer = {TopicPartition("left", 0): records(2)}
    fixture.kafka.positions[LEFT] = 3
    assert await fixture.fetch(LEFT) == {}


async def test_deleted_input_comes_as_a_lost_range_and_the_fetch_goes_on_behind_it(fixture: Fixture) -> None:
    fixture.answer = OffsetOutOfRangeError({TopicPartition("left", 0): 0})
    fixture.kafka.begin = 40
    got = await fixture.fetch(LEFT, RIGHT)
    assert seen(got[LEFT]) == (0, 40, [], True)
    assert fixture.kafka.sought == {TopicPartition("left", 0): 40}
    assert fixture.thread.delivered[LEFT] == 40


async def test_an_input_that_ends_before_our_position_is_refused(fixture: Fixture) -> None:
    fixture.thread.delivered[LEFT] = 2000
    fixture.answer = OffsetOutOfRangeError({TopicPartition("left", 0): 2000})
    with pytest.raises(InputTruncated, match="left-0 ends at 1000, but was read up to 2000"):
        await fixture.fetch(LEFT)


@pytest.mark.parametrize(("setting", "offset"), [("earliest", 40), ("latest", 1000)])
async def test_other_topics_are_reset_as_the_app_says(fixture: Fixture, setting: str, offset: int) -> None:
    fixture.kafka.begin = 40
    fixture.thread.app.conf.consumer_auto_offset_reset = setting
    fixture.answer = NoOffsetForPartitionError(TopicPartition("other", 0))
    assert await fixture.fetch(OTHER) == {}
    assert fixture.kafka.sought == {TopicPartition("other", 0): offset}


async def test_an_input_without_a_group_offset_is_left_to_our_own_seek(fixture: Fixture) -> None:
    fixture.answer = NoOffsetForPartitionError(TopicPartition("left", 0))
    assert await fixture.fetch(LEFT) == {}
    assert fixture.kafka.sought == {}


async def test_group_offsets_are_committed_and_remembered(fixture: Fixture) -> None:
    assert await fixture.thread._commit({LEFT: 4, TP("left", 9): 1})
    assert fixture.kafka.committed == [{LEFT: 4}]
    assert fixture.thread.group_offsets == {LEFT: 4}


@pytest.mark.parametrize("pending", ["needed", "prepared"])
async def test_nothing_is_committed_while_a_rejoin_is_pending(fixture: Fixture, pending: str) -> None:
    if pending == "needed":
        fixture.kafka._coordinator._rejoin_needed_fut.done = lambda: True
    else:
        fixture.kafka._coordinator._performed_join_prepare = True
    assert not await fixture.thread._commit({LEFT: 4})
    assert fixture.kafka.committed == []
    assert fixture.thread.group_offsets == {}


@pytest.mark.parametrize("error", [CommitFailedError(), IllegalGenerationError(), UnknownMemberIdError()])
async def test_a_refused_group_offset_harms_nothing_and_is_tried_again(fixture: Fixture, error: Exception) -> None:
    fixture.kafka.commit_error = error
    assert not await fixture.thread._commit({LEFT: 4})
    assert fixture.thread.group_offsets == {}


def test_only_what_the_group_does_not_hold_is_offered_for_a_commit(fixture: Fixture) -> None:
    consumer = Consumer.__new__(Consumer)
    consumer.app = fixture.thread.app
    consumer._thread = fixture.thread
    fixture.thread.group_offsets = {LEFT: 3, RIGHT: 6}
    assert consumer._filter_committable_offsets([LEFT, RIGHT]) == {LEFT: 4}
