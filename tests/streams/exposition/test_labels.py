"""Label values are text from outside: any of it has to come back as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.exposition.labels import bound, pairs
from tests.streams.exposition.worker import samples

ANY_TEXT = st.text(st.characters(codec="utf-8") | st.sampled_from('\\"\n\r\0\x85\u2028 {},=#😀'), max_size=20)


@given(st.lists(ANY_TEXT, min_size=2, max_size=2))
def test_any_text_comes_back_from_both_formats(values: list[str]) -> None:
    line = f"m{{{pairs(('a', 'b'), values)}}} 1\n"
    expected = {("m", frozenset({("a", values[0]), ("b", values[1])})): 1.0}
    assert samples(f"# TYPE m gauge\n{line}") == expected
    assert samples(f"# TYPE m gauge\n{line}# EOF\n", openmetrics=True) == expected


@given(ANY_TEXT, ANY_TEXT)
def test_different_texts_stay_different(one: str, two: str) -> None:
    assert (pairs(("a",), (one,)) == pairs(("a",), (two,))) == (one == two)


@pytest.mark.parametrize(
    ("edge", "text"), [(1000, "1.0"), (500, "0.5"), (60_000, "60.0"), (7_776_000_000, "7776000.0")]
)
def test_a_bound_is_told_in_seconds_as_openmetrics_writes_numbers(edge: int, text: str) -> None:
    assert bound(edge) == text
