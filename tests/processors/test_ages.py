"""Since when."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from processors.ages import Ages
from tests.examples import examples


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 3), st.booleans()), max_size=200))
@examples(100)
def test_ages_know_their_minimum(moves: list[tuple[int, int, bool]]) -> None:
    ages, model = Ages(), Counter[int]()
    for start, n, up in moves:
        change = n if up else -min(n, model[start])
        ages.add(start, change)
        model[start] += change
        assert ages.oldest() == min((s for s, left in model.items() if left), default=None)
        assert ages.counts == {s: left for s, left in model.items() if left}


def test_what_left_does_not_pile_up() -> None:
    ages = Ages()
    for start in range(10_000):
        ages.add(start, 1)
        if start >= 50:
            ages.add(start - 50, -1)
        # Looking tidies up as well: look seldom.
        assert start % 499 or ages.oldest() == max(0, start - 49)
    assert len(ages.counts) == 50
    assert len(ages._heap) <= 64 + 2 * 51
    assert ages.oldest() == 9_950
    for start in range(9_950, 10_000):
        ages.add(start, -1)
    assert ages.oldest() is None
    for _ in range(1000):
        ages.add(5, 1)
    assert len(ages._heap) <= 64 + 2 * 51, "leads of one instant are one entry"
