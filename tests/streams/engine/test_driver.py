"""Our side of the driver, on stand-ins for Faust and aiokafka; the other side is pinned in test_pins.py."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest import mock

import pytest
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    UnknownMemberIdError,
)
from aiokafka.structs import TopicPartition
from faust.transport.drivers import aiokafka as faust_driver
from faust.types import TP

from streams.engine import driver
from streams.engine.chunks import Chunk, Span
from streams.engine.driver import Consumer, ConsumerThread
from streams.engine.errors import InputTruncated
from streams.engine.instep import InStep
from tests.streams.engine.builders import OPTIONS, record, records
from tests.streams.engine.fake_kafka import LEFT, OTHER, RIGHT, FakeIntake, FakeKafka


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
        self.thread.in_step = InStep(OPTIONS.chunk)
        for tp in (LEFT, RIGHT):
            self.thread.in_step.begin(tp, 0)
        self.thread.sought = {tp: self.kafka.state_value(tp) for tp in (LEFT, RIGHT)}
        self.thread.group_offsets = {}
        self.log: dict[TP, list[Any]] = {}
        self.error: Exception | None = None
        self.asked: set[TP] = set()
        self.timeouts: list[float | None] = []
        self.most: dict[TP, int] = {}

        async def fetch(_: Any, consumer: Any, active: set[TP], timeout: Any = None, max_records: Any = None) -> Any:
            self.asked |= active
            self.timeouts.append(timeout)
            self.most.update(dict.fromkeys(active, max_records))
            if self.error is not None:
                raise self.error
            return {tp: self._read(tp) for tp in active if self.log.get(tp)}

        monkeypatch.setattr(faust_driver.AIOKafkaConsumerThread, "_fetch_records", fetch)
        monkeypatch.setattr(driver, "IDLE_PAUSE", 0.0)

    def has(self, tp: TP, *found: Any, end: int | None = None, more: int = 0) -> None:
        """Let records be there to be fetched; `more` is how much the log holds behind them."""
        self.log[tp] = list(found)
        self._end = end if end is not None else found[-1].offset + 1
        self.kafka.stable[tp] = self._end + more
        if not found:
            self.kafka.positions[tp] = self._end

    def _read(self, tp: TP) -> list[Any]:
        self.kafka.positions[tp] = self.log[tp][-1].offset + 1
        found = self.log.pop(tp)
        return found if tp == OTHER else [found]  # of the inputs in pieces, see records.py

    async def fetch(self, *tps: TP) -> dict[TP, Any]:
        return dict(await self.thread._fetch_records(self.kafka, set(tps), timeout=1.0))


@pytest.fixture
def fixture(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fixture]:
    yield Fixture(monkeypatch)


def seen(chunks: list[Chunk]) -> list[tuple[dict[str, Span], list[int], bool]]:
    return [(dict(chunk.spans), [r.offset for r in chunk.records], chunk.lost) for chunk in chunks]


async def test_a_fetch_carries_the_range_since_the_one_before(fixture: Fixture) -> None:
    fixture.has(LEFT, *records(2, 5))
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == [({"left": Span(0, 6, 0)}, [2, 5], False)]
    fixture.has(LEFT, *records(9))
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == [({"left": Span(6, 10, 0)}, [9], False)]


class Changing(set[TP]):
    """Faust's set of partitions as the consumer thread may find it: the main thread changes it while one looks."""

    def __iter__(self) -> Iterator[TP]:
        raise RuntimeError("Set changed size during iteration")


async def test_partitions_that_change_while_they_are_looked_at_do_no_harm(fixture: Fixture) -> None:
    fixture.has(LEFT, *records(2))
    got = await fixture.thread._fetch_records(fixture.kafka, Changing({LEFT, RIGHT}), timeout=1.0)
    assert list(got) == [LEFT]


async def test_markers_and_aborted_records_come_as_an_empty_range(fixture: Fixture) -> None:
    fixture.has(RIGHT, end=7)
    [(_, found)] = (await fixture.fetch(LEFT, RIGHT)).items()
    assert seen(found) == [({"right": Span(0, 7, None)}, [], False)]


async def test_records_of_both_inputs_come_in_the_order_of_their_time(fixture: Fixture) -> None:
    fixture.has(LEFT, record(0, timestamp=10), record(1, timestamp=30))
    fixture.has(RIGHT, record(0, topic="right", timestamp=20))
    [found] = (await fixture.fetch(LEFT, RIGHT)).values()
    assert [(r.topic, r.offset) for chunk in found for r in chunk.records] == [("left", 0), ("right", 0), ("left", 1)]
    assert [chunk.spans for chunk in found] == [{"left": Span(0, 2, 30), "right": Span(0, 1, 20)}]


async def test_an_input_that_is_ahead_waits_for_the_other_one_and_looks_again_soon(fixture: Fixture) -> None:
    fixture.has(LEFT, record(0, timestamp=10), record(1, timestamp=30))
    fixture.kafka.stable[RIGHT] = 100
    assert await fixture.fetch(LEFT, RIGHT) == {}
    assert await fixture.fetch(LEFT, RIGHT) == {}
    assert fixture.timeouts[-1] == driver.IDLE_PAUSE
    fixture.has(RIGHT, record(0, topic="right", timestamp=20), more=99)
    [found] = (await fixture.fetch(LEFT, RIGHT)).values()
    assert [(r.topic, r.offset) for chunk in found for r in chunk.records] == [("left", 0), ("right", 0)]


async def test_an_input_of_which_nothing_is_known_yet_is_waited_for(fixture: Fixture) -> None:
    fixture.has(LEFT, record(0, timestamp=10))
    del fixture.kafka.stable[RIGHT]
    assert await fixture.fetch(LEFT, RIGHT) == {}
    fixture.kafka.stable[RIGHT] = 0
    assert list(await fixture.fetch(LEFT, RIGHT)) == [LEFT]


async def test_an_input_that_faust_pauses_because_its_queue_is_full_pauses_the_others_of_its_number(
    fixture: Fixture,
) -> None:
    other = TP("left", 1)
    fixture.intake.flowing = frozenset({LEFT, RIGHT, other})
    fixture.kafka.assign_anew(other, 0)
    fixture.has(LEFT, record(0, timestamp=10))
    await fixture.fetch(LEFT, other)
    assert fixture.asked == {other}
    assert list(await fixture.fetch(LEFT, RIGHT, other)) == [LEFT]


async def test_what_was_fetched_while_the_flow_stopped_is_kept(fixture: Fixture) -> None:
    fixture.has(LEFT, *records(2, 5))
    fixture.thread.consumer.flow_active = False
    assert await fixture.fetch(LEFT, RIGHT) == {}
    fixture.thread.consumer.flow_active = True
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == [({"left": Span(0, 6, 0)}, [2, 5], False)]


async def test_with_enough_in_hand_of_everything_nothing_is_asked(fixture: Fixture) -> None:
    fixture.thread.consumer.flow_active = False
    for tp in (LEFT, RIGHT):
        fixture.has(tp, *(record(n, topic=tp.topic) for n in range(OPTIONS.chunk)))
    await fixture.fetch(LEFT, RIGHT)
    fixture.asked.clear()
    fixture.timeouts.clear()
    await fixture.fetch(LEFT, RIGHT)
    assert (fixture.asked, fixture.timeouts) == (set(), [])


async def test_inputs_are_asked_for_pieces_and_other_topics_for_records(fixture: Fixture) -> None:
    fixture.has(LEFT, *records(2))
    fixture.has(OTHER, record(1, topic="other"))
    await fixture.fetch(LEFT, RIGHT, OTHER)
    assert fixture.most == {LEFT: driver.PIECES, RIGHT: driver.PIECES, OTHER: OPTIONS.chunk}


async def test_other_topics_pass_as_they_are(fixture: Fixture) -> None:
    found = [record(1, topic="other"), record(2, topic="other")]
    fixture.has(OTHER, *found)
    assert await fixture.fetch(LEFT, RIGHT, OTHER) == {OTHER: found}


async def test_a_partition_that_is_not_ready_is_not_fetched(fixture: Fixture) -> None:
    fixture.intake.flowing = frozenset({RIGHT})
    await fixture.fetch(LEFT, RIGHT, OTHER)
    assert fixture.asked == {RIGHT, OTHER}


async def test_with_nothing_ready_nothing_is_asked_because_aiokafka_would_take_that_for_everything(
    fixture: Fixture,
) -> None:
    fixture.intake.flowing = frozenset()
    assert await fixture.fetch(LEFT, RIGHT) == {}
    assert fixture.asked == set()


async def test_records_before_the_first_seek_are_not_handed_on(fixture: Fixture) -> None:
    fixture.thread.in_step = InStep(OPTIONS.chunk)
    fixture.has(LEFT, *records(2))
    assert await fixture.fetch(LEFT, RIGHT) == {}


async def test_an_input_that_is_not_assigned_any_more_is_forgotten_until_the_next_seek(fixture: Fixture) -> None:
    del fixture.kafka.positions[LEFT]
    fixture.intake.flowing = frozenset({RIGHT})
    await fixture.fetch(RIGHT)
    assert fixture.thread.in_step.fetched_to(LEFT) is None


async def test_a_seek_begins_anew_whatever_was_read_before(fixture: Fixture, monkeypatch: pytest.MonkeyPatch) -> None:
    sought: list[Any] = []

    async def seek(_: Any, consumer: Any, partitions: Any) -> None:
        sought.append(partitions)

    monkeypatch.setattr(faust_driver.AIOKafkaConsumerThread, "_seek_wait", seek)
    fixture.has(LEFT, *records(2, 5))
    fixture.kafka.stable[RIGHT] = 100
    assert await fixture.fetch(LEFT, RIGHT) == {}
    await fixture.thread._seek_wait(fixture.kafka, {LEFT: 5})
    assert sought == [{LEFT: 5}]
    fixture.has(LEFT, *records(5))
    fixture.kafka.stable[RIGHT] = 0
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == [({"left": Span(5, 6, 0)}, [5], False)]


async def test_an_assignment_during_a_fetch_hands_nothing_on_twice(fixture: Fixture) -> None:
    """A fetch that waited through a rebalance returns records from the group's offset, which is behind."""
    fixture.has(LEFT, *records(2, 5))
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == [({"left": Span(0, 6, 0)}, [2, 5], False)]
    fixture.kafka.assign_anew(LEFT, 2)
    fixture.has(LEFT, *records(2, 5, 7))
    assert await fixture.fetch(LEFT, RIGHT) == {}
    assert fixture.kafka.sought == {TopicPartition("left", 0): 6}
    fixture.has(LEFT, *records(7))
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == [({"left": Span(6, 8, 0)}, [7], False)]


async def test_an_assignment_from_ahead_loses_nothing(fixture: Fixture) -> None:
    """The group's offset may be ahead of what this worker has in hand: another one had the partition."""
    fixture.has(LEFT, *records(2))
    await fixture.fetch(LEFT, RIGHT)
    fixture.kafka.assign_anew(LEFT, 8)
    fixture.has(LEFT, *records(8, 9))
    assert await fixture.fetch(LEFT, RIGHT) == {}
    assert fixture.kafka.sought == {TopicPartition("left", 0): 3}


async def test_deleted_input_comes_as_a_lost_range_and_the_fetch_goes_on_behind_it(fixture: Fixture) -> None:
    fixture.error = OffsetOutOfRangeError({TopicPartition("left", 0): 0})
    fixture.kafka.begin = 40
    got = await fixture.fetch(LEFT, RIGHT)
    assert seen(got[LEFT]) == [({"left": Span(0, 40, None)}, [], True)]
    assert fixture.kafka.sought == {TopicPartition("left", 0): 40}
    assert fixture.thread.in_step.fetched_to(LEFT) == 40


async def test_what_was_fetched_before_the_deleted_input_comes_first(fixture: Fixture) -> None:
    fixture.has(LEFT, *records(2, 5))
    fixture.kafka.stable[RIGHT] = 100
    assert await fixture.fetch(LEFT, RIGHT) == {}
    fixture.error = OffsetOutOfRangeError({TopicPartition("left", 0): 6})
    fixture.kafka.begin = 40
    assert seen((await fixture.fetch(LEFT, RIGHT))[LEFT]) == [
        ({"left": Span(0, 6, 0)}, [2, 5], False),
        ({"left": Span(6, 40, None)}, [], True),
    ]


async def test_an_input_that_ends_before_our_position_is_refused(fixture: Fixture) -> None:
    fixture.thread.in_step.begin(LEFT, 2000)
    fixture.error = OffsetOutOfRangeError({TopicPartition("left", 0): 2000})
    with pytest.raises(InputTruncated, match="left-0 ends at 1000, but was read up to 2000"):
        await fixture.fetch(LEFT, RIGHT)


@pytest.mark.parametrize(("setting", "offset"), [("earliest", 40), ("latest", 1000)])
async def test_other_topics_are_reset_as_the_app_says(fixture: Fixture, setting: str, offset: int) -> None:
    fixture.kafka.begin = 40
    fixture.thread.app.conf.consumer_auto_offset_reset = setting
    fixture.error = NoOffsetForPartitionError(TopicPartition("other", 0))
    assert await fixture.fetch(OTHER) == {}
    assert fixture.kafka.sought == {TopicPartition("other", 0): offset}


async def test_an_input_without_a_group_offset_is_left_to_our_own_seek(fixture: Fixture) -> None:
    fixture.error = NoOffsetForPartitionError(TopicPartition("left", 0))
    assert await fixture.fetch(LEFT, RIGHT) == {}
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


@pytest.mark.parametrize("fails", ["beginning_offsets", "seek"], ids=["the broker goes away", "it is taken"])
async def test_a_reset_that_something_comes_between_is_left_to_the_next_fetch(fixture: Fixture, fails: str) -> None:
    fixture.error = OffsetOutOfRangeError({TopicPartition("left", 0): 0})
    fixture.kafka.begin = 40
    with mock.patch.object(fixture.kafka, fails, side_effect=IllegalStateError("not assigned")):
        assert await fixture.fetch(LEFT, RIGHT) == {}
    [found] = (await fixture.fetch(LEFT, RIGHT)).values()
    assert found[-1].lost
