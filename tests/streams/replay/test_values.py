"""Times, money, numbers and truth values as exports write them."""

import re
from datetime import UTC, datetime

import pytest

from streams.replay.values import money_reader, read_flag, read_number, time_reader


@pytest.mark.parametrize(
    ("value", "form", "zone", "expected"),
    [
        ("2011-10-01T00:38:44.546+02:00", "iso", "", datetime(2011, 9, 30, 22, 38, 44, 546_000, UTC)),
        (" 2026-11-22 09:00:00 ", "iso", "Europe/Berlin", datetime(2026, 11, 22, 8, tzinfo=UTC)),
        ("2026-07-22T09:00Z", "iso", "Europe/Berlin", datetime(2026, 7, 22, 9, tzinfo=UTC)),
        ("22.07.2026 09:00", "%d.%m.%Y %H:%M", "Europe/Berlin", datetime(2026, 7, 22, 7, tzinfo=UTC)),
        ("07/22/2026 9:00 PM -0500", "%m/%d/%Y %I:%M %p %z", "", datetime(2026, 7, 23, 2, tzinfo=UTC)),
        ("1795338000.25", "unix", "", datetime(2026, 11, 22, 9, 0, 0, 250_000, UTC)),
        (1795338000250, "unix_ms", "", datetime(2026, 11, 22, 9, 0, 0, 250_000, UTC)),
    ],
)
def test_times_are_read_in_many_forms(value: object, form: str, zone: str, expected: datetime) -> None:
    time = time_reader(form, zone)(value)
    assert time == expected
    assert time.tzinfo is UTC


def test_of_a_local_time_that_comes_twice_the_first_is_meant() -> None:
    assert time_reader("iso", "Europe/Berlin")("2026-10-25T02:30") == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("value", "form", "message"),
    [
        ("yesterday", "iso", "not an ISO 8601 time: 'yesterday'"),
        ("", "iso", "not an ISO 8601 time"),
        (None, "iso", "not an ISO 8601 time"),
        ("2026-11-22T09:00", "iso", "has no zone, and the mapping names none"),
        ("22/11", "%d.%m.%Y", "not a time like '%d.%m.%Y': '22/11'"),
        ("soon", "unix", "no Unix time: 'soon'"),
        ("1e300", "unix", "no Unix time"),
        ("nan", "unix_ms", "no Unix time"),
        ("1969-12-31T23:59Z", "iso", "lies before 1970"),
        ("0001-01-01T00:00+10:00", "iso", "lies outside the calendar"),
        ("x" * 100, "iso", "...'"),
    ],
)
def test_what_is_no_time_says_so(value: object, form: str, message: str) -> None:
    with pytest.raises(ValueError, match=re.escape(message)):
        time_reader(form, "")(value)


@pytest.mark.parametrize(
    ("value", "scale", "minor"),
    [
        ("20000.0", 100, 2_000_000),
        ("19.99", 100, 1999),
        (0.29, 100, 29),
        ("1e3", 1, 1000),
        ("0.125", 100, 12),
        (7, 1, 7),
    ],
)
def test_money_becomes_minor_units_without_an_error_of_rounding(value: object, scale: int, minor: int) -> None:
    assert money_reader(scale)(value) == minor


@pytest.mark.parametrize("value", ["", "abc", "1.000,50", "nan", "inf", "1e999999999", "1" * 40])
def test_what_is_no_amount_says_so(value: str) -> None:
    with pytest.raises(ValueError, match="number"):
        money_reader(100)(value)


def test_numbers_and_truth_values_are_read_from_text_and_from_json() -> None:
    assert read_number("-0.5") == -0.5
    assert read_number(3) == 3.0
    assert [read_flag(value) for value in ("Yes", "1", True, "n", "false", 0)] == [True] * 3 + [False] * 3
    with pytest.raises(ValueError, match="neither true nor false: 'maybe'"):
        read_flag("maybe")
