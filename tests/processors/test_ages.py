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


@given(st.lists(st.tuples(st.integers(-3, 40), st.integers(1, 3)), max_size=50), st.integers(0, 50), st.booleans())
@examples(200)
def test_ages_are_counted_by_bound_and_added_up(entries: list[tuple[int, int]], now: int, asked: bool) -> None:
    """Whether somebody asked before they came, or asks only now."""
    ages, edges = Ages(), (5, 10, 30)
    if asked:
        ages.oldest()
    for start, n in entries:
        ages.add(start, n)
    old = [max(0, now - start) for start, n in entries for _ in range(n)]
    within = [sum(age <= edge for age in old) for edge in edges]
    counts = [within[0], within[1] - within[0], within[2] - within[1], len(old) - within[2]]
    assert ages.histogram(now, edges) == [*counts, sum(old)]
