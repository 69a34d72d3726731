from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings.durations import Duration, durations

UNITS_MS = {"w": 604_800_000, "d": 86_400_000, "h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
counts = st.integers(0, 999_999_999)


@given(st.dictionaries(st.sampled_from(list(UNITS_MS)), counts, min_size=1))
def test_a_duration_is_the_sum_of_its_parts(parts: dict[str, int]) -> None:
    in_order = [(unit, parts[unit]) for unit in UNITS_MS if unit in parts]
    duration = Duration("".join(f"{count}{unit}" for unit, count in in_order))
    assert duration.ms == sum(count * UNITS_MS[unit] for unit, count in in_order)
    assert duration.seconds == duration.ms / 1000


@given(st.lists(st.tuples(counts, st.sampled_from(list(UNITS_MS))), min_size=2, max_size=4))
def test_units_out_of_order_or_repeated_are_no_duration(parts: list[tuple[int, str]]) -> None:
    ranks = [list(UNITS_MS).index(unit) for _, unit in parts]
    text = "".join(f"{count}{unit}" for count, unit in parts)
    if ranks == sorted(set(ranks)):
        assert str(Duration(text)) == text
    else:
        with pytest.raises(ValueError, match="not a duration"):
            Duration(text)


@given(st.text())
def test_any_text_is_a_duration_or_refused(text: str) -> None:
    try:
        assert Duration(text).ms >= 0
    except ValueError:
        pass
    else:
        assert text
        assert text.isascii()


@pytest.mark.parametrize(
    "text", ["", "5", "m", "1.5h", "-5m", "5M", "5 m", " 5m", "5m ", "5m\n", "\u0665m", "1e3s", "5mm", "5min"]
)
def test_what_only_looks_like_a_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a duration"):
        Duration(text)


def test_equal_spans_are_equal_and_print_as_written() -> None:
    day, hours = Duration("1d"), Duration("24h")
    assert day == hours
    assert hash(day) == hash(hours)
    assert (str(day), str(hours), repr(hours)) == ("1d", "24h", "Duration('24h')")
    assert day != "1d"


def test_durations_are_ordered_by_length() -> None:
    assert sorted(durations("1h", "90s", "1m", "500ms")) == list(durations("500ms", "1m", "90s", "1h"))
    assert Duration("61s") > Duration("1m") >= Duration("60s")
