"""Which minutes a window holds.

... 23:45 | 00:00 ... 11:59 12:00 |            the minute under way belongs to every window
"""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processors.calendar_days import Days
from processors.funnel import Funnel
from processors.periods import EVER, Span, period_starts, spans, window_names
from tests.examples import examples

FUNNEL = Funnel()
AMSTERDAM = Days("Europe/Amsterdam")


def minute(text: str) -> int:
    """A minute on the clock in Amsterdam."""
    local = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Amsterdam"))
    return int(local.timestamp()) // 60


def at(text: str, days: Days = AMSTERDAM) -> dict[str, Span]:
    return spans(minute(text), days, FUNNEL.rolling, FUNNEL.calendar)


def test_a_rolling_window_of_up_to_a_day_ends_with_this_minute_and_is_exactly_as_long_as_its_name() -> None:
    end = minute("2026-03-20T12:08") + 1
    found = at("2026-03-20T12:08")
    assert {name: found[name] for name in ("5m", "15m", "1h", "24h")} == {
        "5m": (end - 5, end),
        "15m": (end - 15, end),
        "1h": (end - 60, end),
        "24h": (end - 1440, end),
    }


def test_a_week_begins_on_a_quarter_of_an_hour_and_longer_windows_at_a_local_midnight() -> None:
    found = at("2026-03-20T12:08")
    assert found["7d"][0] == minute("2026-03-13T12:00")
    assert found["30d"][0] == minute("2026-02-18T00:00")
    assert found["90d"][0] == minute("2025-12-20T00:00")


def test_calendar_windows_are_those_of_the_business_zone_with_the_one_before_beside_it() -> None:
    found = at("2026-03-20T12:08")  # a Friday
    end = minute("2026-03-20T12:08") + 1
    assert found["today"] == (minute("2026-03-20T00:00"), end)
    assert found["yesterday"] == (minute("2026-03-19T00:00"), minute("2026-03-20T00:00"))
    assert found["week"] == (minute("2026-03-16T00:00"), end)
    assert found["last_week"] == (minute("2026-03-09T00:00"), minute("2026-03-16T00:00"))
    assert found["month"] == (minute("2026-03-01T00:00"), end)
    assert found["last_month"] == (minute("2026-02-01T00:00"), minute("2026-03-01T00:00"))
    assert found["quarter"] == (minute("2026-01-01T00:00"), end)
    assert found["last_quarter"] == (minute("2025-10-01T00:00"), minute("2026-01-01T00:00"))
    assert found["all"] == (EVER, end)


def test_a_day_with_a_clock_change_is_a_window_of_23_or_25_hours() -> None:
    for monday, hours in (("2026-03-30T08:00", 23), ("2026-10-26T08:00", 25)):
        start, end = at(monday)["yesterday"]
        assert end - start == hours * 60
    week = at("2026-03-30T08:00")["last_week"]
    assert week[1] - week[0] == 7 * 1440 - 60


@pytest.mark.parametrize(
    ("period", "today", "this", "before"),
    [
        ("today", date(2026, 1, 1), date(2026, 1, 1), date(2025, 12, 31)),
        ("week", date(2026, 1, 1), date(2025, 12, 29), date(2025, 12, 22)),
        ("week", date(2026, 3, 16), date(2026, 3, 16), date(2026, 3, 9)),
        ("week", date(2026, 3, 22), date(2026, 3, 16), date(2026, 3, 9)),
        ("month", date(2024, 3, 31), date(2024, 3, 1), date(2024, 2, 1)),
        ("month", date(2026, 1, 15), date(2026, 1, 1), date(2025, 12, 1)),
        ("quarter", date(2026, 3, 31), date(2026, 1, 1), date(2025, 10, 1)),
        ("quarter", date(2026, 4, 1), date(2026, 4, 1), date(2026, 1, 1)),
        ("quarter", date(2026, 12, 31), date(2026, 10, 1), date(2026, 7, 1)),
    ],
)
def test_a_period_and_the_one_before_it_start_on(period: str, today: date, this: date, before: date) -> None:
    assert period_starts(period, today) == (this, before)


def test_the_day_turns_at_local_midnight_to_the_minute() -> None:
    assert at("2026-03-20T23:59")["today"][0] == minute("2026-03-20T00:00")
    assert at("2026-03-21T00:00")["today"] == (minute("2026-03-21T00:00"), minute("2026-03-21T00:01"))


@given(
    st.sampled_from(["Europe/Amsterdam", "Asia/Kathmandu", "America/Sao_Paulo"]), st.integers(16_000_000, 47_000_000)
)
@examples(150)
def test_every_edge_lies_on_the_grain_of_the_panes_there_and_windows_miss_less_than_it(zone: str, now: int) -> None:
    days = Days(zone)
    for name, (start, end) in spans(now, days, FUNNEL.rolling, FUNNEL.calendar).items():
        age = now - start
        if name in FUNNEL.rolling:
            size = FUNNEL.rolling[name]
            grain = 1 if size <= 1440 else 15 if size <= 10080 else 1500
            assert 0 <= (end - start) - size < grain
        if name != "all" and age > 10080 + 15:
            assert days.midnight(start) == start
        elif name != "all" and age >= 1440:
            assert start % 15 == 0


def test_windows_come_in_the_order_of_the_boards() -> None:
    assert window_names(FUNNEL.rolling, ("today", "quarter")) == (
        *("5m", "15m", "1h", "24h", "7d", "30d", "90d"),
        *("today", "yesterday", "quarter", "last_quarter", "all"),
    )


def test_only_the_configured_windows_are_kept() -> None:
    found = spans(minute("2026-03-20T12:08"), AMSTERDAM, {"2h": 120}, ("month",))
    assert list(found) == ["2h", "month", "last_month", "all"]
