import random
from collections.abc import Iterable

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.chunks import Chunk, Span
from streams.engine.instep import HELD_BYTES, PATIENCE, InStep
from tests.streams.engine.builders import record

LEFT, RIGHT = TP("left", 0), TP("right", 0)
DAY = 86_400_000


class Fixture:
    """Two inputs of one partition; what is on their logs is told by hand."""

    def __init__(self, size: int = 10) -> None:
        self.now = 0.0
        self.in_step = InStep(size, clock=lambda: self.now)
        self.more = {LEFT: False, RIGHT: False}
        for tp in self.more:
            self.in_step.begin(tp, 0)

    def give(self, tp: TP, *times: int, more: bool, markers: int = 0) -> None:
        start = self.in_step.fetched_to(tp) or 0
        found = [record(start + n, topic=tp.topic, timestamp=time) for n, time in enumerate(times)]
        self.in_step.add(tp, start + len(times) + markers, found)
        self.more[tp] = more

    def hand_on(self, *wanted: TP) -> list[tuple[str, int]]:
        """Ask as the driver does; return topic and time of what goes on."""
        chosen = wanted or (LEFT, RIGHT)
        self.in_step.thirsty(chosen)
        return told(self.in_step.hand_on(chosen, self.more.__getitem__).values())


def told(found: Iterable[list[Chunk]]) -> list[tuple[str, int]]:
    return [(r.topic, r.timestamp) for several in found for chunk in several for r in chunk.records]


def test_an_input_goes_no_further_than_the_other_one_allows() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, 20, 30, 40, more=True)
    fixture.give(RIGHT, 15, 25, more=True)
    assert fixture.hand_on() == [("left", 10), ("right", 15), ("left", 20), ("right", 25)]
    assert fixture.hand_on() == []
    assert fixture.in_step.holds_back
    fixture.give(RIGHT, 35, more=True)
    assert fixture.hand_on() == [("left", 30), ("right", 35)]


def test_a_live_stream_passes_at_once_though_the_other_topic_is_idle() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, more=False)
    assert fixture.hand_on() == [("left", 10)]
    fixture.give(LEFT, 20, more=False)
    assert fixture.hand_on() == [("left", 20)]
    assert not fixture.in_step.holds_back


def test_an_input_read_to_its_end_holds_nobody_back_whatever_its_last_record_says() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, 20, more=False)
    fixture.give(RIGHT, 1, more=False)
    assert fixture.hand_on() == [("right", 1), ("left", 10), ("left", 20)]


def test_a_backlog_catches_up_before_the_live_input_goes_on() -> None:
    fixture = Fixture()
    fixture.give(LEFT, DAY, more=False)
    fixture.give(RIGHT, 1, 2, more=True)
    assert fixture.hand_on() == [("right", 1), ("right", 2)]
    fixture.give(RIGHT, 3, more=False)
    assert fixture.hand_on() == [("right", 3), ("left", DAY)]


def test_a_gap_of_a_day_in_one_input_lets_the_other_one_go_on_to_its_end() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 1, DAY, more=True)
    fixture.give(RIGHT, 2, 3, more=True)
    assert fixture.hand_on() == [("left", 1), ("right", 2), ("right", 3)]
    fixture.give(RIGHT, 4, more=False)
    assert fixture.hand_on() == [("right", 4), ("left", DAY)]


def test_markers_and_aborted_records_at_the_end_move_on_and_hold_nobody_back() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, more=False)
    fixture.give(RIGHT, more=False, markers=5)
    fixture.in_step.thirsty([LEFT, RIGHT])
    [[chunk]] = fixture.in_step.hand_on([LEFT, RIGHT], fixture.more.__getitem__).values()
    assert chunk.spans == {"left": Span(0, 1, 10), "right": Span(0, 5, None)}


def test_markers_go_on_even_while_records_wait() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, more=True)
    fixture.give(RIGHT, more=True, markers=5)
    [[chunk]] = fixture.in_step.hand_on([LEFT, RIGHT], fixture.more.__getitem__).values()
    assert chunk.spans == {"right": Span(0, 5, None)}


def test_an_input_that_gives_nothing_is_waited_for_only_so_long() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, more=True)
    fixture.more[RIGHT] = True
    assert fixture.hand_on() == []
    fixture.now += PATIENCE + 0.1
    assert fixture.hand_on() == [("left", 10)]
    fixture.give(LEFT, 30, more=True)
    assert fixture.hand_on() == [("left", 30)], "it is not waited for again"
    fixture.give(LEFT, 50, more=True)
    fixture.give(RIGHT, 40, more=True)
    assert fixture.hand_on() == [("right", 40)], "but it is in step again as soon as it gives something"


def test_an_input_that_is_not_fetched_holds_nobody_back() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, more=True)
    fixture.give(RIGHT, 1, more=True)
    assert fixture.hand_on(LEFT) == [("left", 10)]


def test_other_partition_numbers_are_not_waited_for() -> None:
    fixture = Fixture()
    other = TP("right", 1)
    fixture.in_step.begin(other, 0)
    fixture.more[other] = True
    fixture.give(LEFT, 10, more=False)
    fixture.more[RIGHT] = False
    assert fixture.hand_on(LEFT, RIGHT, other) == [("left", 10)]


def test_timestamps_that_fall_neither_block_nor_break_the_order_of_the_log() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 50, 10, 60, more=True)
    fixture.give(RIGHT, 20, 55, more=True)
    assert fixture.hand_on() == [("right", 20), ("left", 50), ("left", 10), ("right", 55)]


def test_records_of_one_millisecond_are_taken_as_spread_over_it() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, 10, 10, 10, more=True)
    fixture.give(RIGHT, 10, 10, more=True)
    assert "".join(topic[0] for topic, _ in fixture.hand_on()) == "lrllr"
    fixture.give(RIGHT, 10, 11, more=True)
    assert "".join(topic[0] for topic, _ in fixture.hand_on()) == "rl"


def test_an_input_with_half_a_chunk_in_hand_is_not_asked_for_more() -> None:
    fixture = Fixture(size=4)
    fixture.give(LEFT, 10, 20, 30, more=True)
    assert fixture.in_step.thirsty([LEFT, RIGHT]) == [RIGHT]


def test_an_input_with_large_records_in_hand_is_not_asked_for_more_until_they_have_gone_on() -> None:
    fixture = Fixture()
    large = bytes(HELD_BYTES // 2)
    fixture.more = {LEFT: True, RIGHT: True}
    fixture.in_step.add(LEFT, 2, [record(n, large, timestamp=10) for n in range(2)])
    assert fixture.in_step.thirsty([LEFT]) == [LEFT], "not more than that"
    fixture.in_step.add(LEFT, 3, [record(2, b"x", timestamp=10)])
    assert fixture.in_step.thirsty([LEFT, RIGHT]) == [RIGHT]
    fixture.give(RIGHT, 20, more=True)
    assert fixture.hand_on() == [("left", 10)] * 3
    assert fixture.in_step.thirsty([LEFT]) == [LEFT]


def test_a_seek_forgets_what_was_held() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, more=True)
    fixture.more[RIGHT] = True
    fixture.in_step.begin(LEFT, 7)
    assert not fixture.in_step.holds_back
    assert fixture.in_step.fetched_to(LEFT) == fixture.in_step.handed_on_to(LEFT) == 7


def test_what_is_held_counts_as_fetched_and_not_as_handed_on() -> None:
    fixture = Fixture()
    fixture.give(LEFT, 10, 20, more=True)
    fixture.give(RIGHT, 15, more=True)
    fixture.hand_on()
    assert fixture.in_step.fetched_to(LEFT) == 2
    assert fixture.in_step.handed_on_to(LEFT) == 1


@given(st.lists(st.integers(0, 99)), st.lists(st.integers(0, 99)), st.randoms(use_true_random=False))
def test_in_any_backlog_everything_goes_on_once_and_in_the_order_of_time(
    left: list[int], right: list[int], rng: random.Random
) -> None:
    fixture = Fixture(size=5)
    logs = {LEFT: sorted(left), RIGHT: sorted(right)}
    fixture.more = {tp: bool(log) for tp, log in logs.items()}
    seen: list[tuple[str, int]] = []
    for _ in range(2 * len(left) + 2 * len(right) + 2):
        for tp in fixture.in_step.thirsty([LEFT, RIGHT]):
            count = rng.randrange(4)
            piece, logs[tp] = logs[tp][:count], logs[tp][count:]
            if piece:
                fixture.give(tp, *piece, more=bool(logs[tp]))
        seen += told(fixture.in_step.hand_on([LEFT, RIGHT], fixture.more.__getitem__).values())
        if not any(logs.values()):
            break
    for tp, rest in logs.items():
        fixture.give(tp, *rest, more=False)
    seen += told(fixture.in_step.hand_on([LEFT, RIGHT], fixture.more.__getitem__).values())
    assert [time for _, time in seen] == sorted(left + right)
    assert sorted(seen) == sorted([("left", t) for t in left] + [("right", t) for t in right])
