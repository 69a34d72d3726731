from itertools import pairwise

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.chunks import ChunkScheduler, Fetched
from tests.streams.engine.builders import record, records

LEFT_0, LEFT_1, OTHER = TP("left", 0), TP("left", 1), TP("other", 0)


def ranges(pieces: list[Fetched]) -> list[tuple[int, int, list[int]]]:
    return [(piece.start, piece.end, [r.offset for r in piece.records]) for piece in pieces]


def test_pieces_of_a_range_join_and_the_last_one_reaches_its_end() -> None:
    fetched = Fetched(10, 30, records(12, 13, 17, 18, 25))
    assert ranges(list(fetched.split(2))) == [(10, 14, [12, 13]), (14, 19, [17, 18]), (19, 30, [25])]


def test_a_range_without_records_is_one_piece() -> None:
    lost = Fetched(10, 30, (), lost=True)
    assert list(lost.split(2)) == [lost]


@given(st.sets(st.integers(0, 500), max_size=60), st.integers(1, 20), st.integers(0, 20))
def test_splitting_loses_no_record_and_leaves_no_gap(offsets: set[int], size: int, tail: int) -> None:
    found = records(*sorted(offsets))
    end = (max(offsets) + 1 if offsets else 0) + tail
    pieces = list(Fetched(0, end, found).split(size))
    assert [r.offset for piece in pieces for r in piece.records] == sorted(offsets)
    assert pieces[0].start == 0
    assert pieces[-1].end == end
    assert all(before.end == after.start for before, after in pairwise(pieces))
    assert all(piece.start <= r.offset < piece.end for piece in pieces for r in piece.records)
    assert all(len(piece.records) <= size for piece in pieces)


def test_records_since_a_position_leave_out_what_lies_before_it() -> None:
    fetched = Fetched(10, 30, records(12, 17, 25))
    assert [r.offset for r in fetched.since(17)] == [17, 25]
    assert fetched.since(12) is fetched.records
    assert Fetched(10, 30, ()).since(20) == ()


def test_partitions_take_turns_and_foreign_topics_pass_record_by_record() -> None:
    foreign = [record(1, topic="other"), record(2, topic="other")]
    got = list(
        ChunkScheduler(2).iterate(
            {LEFT_0: Fetched(0, 4, records(0, 1, 2, 3)), OTHER: foreign, LEFT_1: Fetched(7, 9, records(7))}
        )
    )
    assert [tp for tp, _ in got] == [OTHER, OTHER, LEFT_0, LEFT_1, LEFT_0]
    assert [item for tp, item in got if tp == OTHER] == foreign
    assert ranges([item.value for tp, item in got if tp != OTHER]) == [(0, 2, [0, 1]), (7, 9, [7]), (2, 4, [2, 3])]


def test_the_carrier_has_the_place_of_its_last_offset() -> None:
    [(_, carrier)] = ChunkScheduler(10).iterate(
        {LEFT_1: Fetched(7, 12, [record(7, timestamp=3), record(8, timestamp=5)])}
    )
    assert (carrier.topic, carrier.partition, carrier.offset, carrier.timestamp) == ("left", 1, 11, 5)
