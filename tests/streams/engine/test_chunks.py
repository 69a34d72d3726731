import sys
from collections.abc import Sequence
from itertools import accumulate

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.chunks import Chunk, ChunkScheduler, Fetched, Span, carrier, chunks
from streams.engine.records import Record
from tests.streams.engine.builders import record, records

LEFT_0, LEFT_1, OTHER = TP("left", 0), TP("left", 1), TP("other", 0)
TIMES = st.lists(st.integers(0, 30), max_size=25)


def fetched(start: int, end: int, found: Sequence[Record]) -> Fetched:
    return Fetched(start, end, found, list(accumulate((r.timestamp for r in found), max)))


def told(found: list[Chunk]) -> list[tuple[dict[str, Span], list[tuple[str, int]]]]:
    return [(dict(chunk.spans), [(r.topic, r.offset) for r in chunk.records]) for chunk in found]


def test_pieces_of_a_range_join_and_the_last_one_reaches_its_end() -> None:
    part = fetched(10, 30, records(12, 13, 17, 18, 25))
    assert [(chunk.spans["left"], len(chunk.records)) for chunk in chunks({"left": part}, 2)] == [
        (Span(10, 14, 0), 2),
        (Span(14, 19, 0), 2),
        (Span(19, 30, 0), 1),
    ]


def test_a_range_without_records_is_one_chunk() -> None:
    assert told(list(chunks({"left": fetched(10, 30, ())}, 2))) == [({"left": Span(10, 30, None)}, [])]


def test_two_inputs_are_merged_by_time_and_each_stays_in_log_order() -> None:
    left = fetched(0, 4, [record(0, timestamp=5), record(1, timestamp=2), record(2, timestamp=9)])
    right = fetched(7, 9, [record(7, topic="right", timestamp=4), record(8, topic="right", timestamp=6)])
    [chunk] = chunks({"left": left, "right": right}, 10)
    assert [(r.topic, r.offset) for r in chunk.records] == [
        ("right", 7),
        ("left", 0),
        ("left", 1),
        ("right", 8),
        ("left", 2),
    ]
    assert chunk.spans == {"left": Span(0, 4, 9), "right": Span(7, 9, 6)}


def test_markers_behind_the_last_record_come_with_the_last_chunk() -> None:
    left = fetched(0, 1, [record(0, timestamp=1)])
    right = fetched(0, 9, [record(n, topic="right", timestamp=2 + n) for n in range(3)])
    assert told(list(chunks({"left": left, "right": right, "third": fetched(4, 6, ())}, 2))) == [
        ({"left": Span(0, 1, 1), "right": Span(0, 1, 2)}, [("left", 0), ("right", 0)]),
        ({"right": Span(1, 9, 4), "third": Span(4, 6, None)}, [("right", 1), ("right", 2)]),
    ]


@given(TIMES, TIMES, st.integers(1, 20), st.integers(0, 5), st.integers(0, 5))
def test_merging_and_splitting_loses_no_record_and_leaves_no_gap(
    left: list[int], right: list[int], size: int, left_tail: int, right_tail: int
) -> None:
    parts = {
        topic: fetched(0, 2 * len(times) + tail, [record(2 * n, topic=topic, timestamp=t) for n, t in enumerate(times)])
        for topic, times, tail in (("left", left, left_tail), ("right", right, right_tail))
    }
    positions = {"left": 0, "right": 0}
    found: dict[str, list[int]] = {"left": [], "right": []}
    for chunk in chunks(parts, size):
        assert len(chunk.records) <= size
        for topic, span in chunk.spans.items():
            assert span.start == positions[topic] < span.end
            positions[topic] = span.end
        for one in chunk.records:
            assert chunk.spans[one.topic].start <= one.offset < chunk.spans[one.topic].end
            found[one.topic].append(one.offset)
    assert positions == {topic: part.end for topic, part in parts.items()}
    assert found == {topic: [r.offset for r in part.records] for topic, part in parts.items()}


@given(TIMES, TIMES)
def test_of_times_that_do_not_fall_the_merge_makes_one_that_does_not_fall(left: list[int], right: list[int]) -> None:
    parts = {
        topic: fetched(0, 99, [record(n, topic=topic, timestamp=t) for n, t in enumerate(sorted(times))])
        for topic, times in (("left", left), ("right", right))
    }
    merged = [r.timestamp for chunk in chunks(parts, 7) for r in chunk.records]
    assert merged == sorted(left + right)


def test_records_since_a_position_leave_out_what_lies_before_it() -> None:
    found = [*records(12, 17, 25), record(3, topic="right")]
    chunk = Chunk({"left": Span(10, 30, 0), "right": Span(3, 4, 0)}, found)
    assert [r.offset for r in chunk.since({"left": 17, "right": 3})] == [17, 25, 3]
    assert chunk.since({"left": 10}) is found


def test_an_applied_chunk_holds_no_record_until_its_commit() -> None:
    (chunk,) = chunks({"left": fetched(10, 30, records(12, 17))}, 9)
    held = chunk.records[0]
    holders = sys.getrefcount(held)
    chunk.release()
    assert sys.getrefcount(held) == holders - 1
    assert chunk.spans["left"].end == 30, "its place is still told"


def test_partitions_take_turns_and_foreign_topics_pass_record_by_record() -> None:
    foreign = [record(1, topic="other"), record(2, topic="other")]
    one, two, three = (Chunk({"left": Span(n, n + 1, 5)}, records(n)) for n in range(3))
    got = list(ChunkScheduler().iterate({LEFT_0: [one, two], OTHER: foreign, LEFT_1: [three]}))
    assert [tp for tp, _ in got] == [LEFT_0, OTHER, LEFT_1, LEFT_0, OTHER]
    assert [item for tp, item in got if tp == OTHER] == foreign
    assert [item.value for tp, item in got if tp != OTHER] == [one, three, two]


def test_the_carrier_has_the_place_of_a_last_offset() -> None:
    tp, carried = carrier(1, Chunk({"right": Span(7, 12, 5), "left": Span(1, 2, 4)}, ()))
    assert tp == TP("right", 1)
    assert (carried.topic, carried.partition, carried.offset, carried.timestamp) == ("right", 1, 11, 5)
