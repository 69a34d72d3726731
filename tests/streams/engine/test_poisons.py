from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.poisons import Poisons, split_at
from tests.streams.engine.builders import records


def steps(offsets: list[int], poisoned: set[int]) -> Iterator[tuple[list[int], int | None]]:
    poisons = Poisons()
    for offset in poisoned:
        poisons.add("left", offset, ValueError("no"))
    for good, failed in split_at(records(*offsets), poisons):
        yield [r.offset for r in good], failed.offset if failed else None


def test_a_chunk_is_cut_at_each_poisoned_record() -> None:
    assert list(steps([1, 2, 3, 4, 5], {3})) == [([1, 2], 3), ([4, 5], None)]


def test_poisoned_records_at_both_ends_and_side_by_side_leave_nothing_over() -> None:
    assert list(steps([1, 2, 3, 4], {1, 3, 4})) == [([], 1), ([2], 3), ([], 4)]


@given(st.sets(st.integers(0, 40)), st.sets(st.integers(0, 40)))
def test_every_record_comes_once_and_in_order(offsets: set[int], poisoned: set[int]) -> None:
    seen: list[int] = []
    for good, failed in steps(sorted(offsets), poisoned):
        assert not set(good) & poisoned
        seen += good
        if failed is not None:
            assert failed in poisoned
            seen.append(failed)
    assert seen == sorted(offsets)


def test_the_same_offset_of_another_input_is_not_poisoned() -> None:
    poisons = Poisons()
    poisons.add("right", 2, ValueError("no"))
    assert [failed for _, failed in split_at(records(1, 2), poisons)] == [None]


def test_a_poison_is_remembered_until_a_committed_position_has_passed_it() -> None:
    poisons = Poisons()
    cause = ValueError("no")
    poisons.add("left", 5, cause)
    poisons.add("right", 5, cause)
    poisons.forget_below("left", 5)
    assert ("left", 5) in poisons
    assert poisons.cause("left", 5) is cause
    poisons.forget_below("left", 6)
    assert ("left", 5) not in poisons
    assert ("right", 5) in poisons
    assert len(poisons) == 1
