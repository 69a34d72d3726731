"""Totals of windows, brought forward look by look: exact at every edge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from msgspec import structs

from processors.funnel import Funnel
from processors.shard import Shard
from tests.processors.events import FUNNEL, T0, T0_MS, ZONE, call, created, stage, won
from tests.processors.looks import brute_force, feed, totals

NOW = T0_MS // 60_000
DAY = 1440

# Where something happens to what is so old: a window ends, or a pane is folded.
EDGES = (5, 15, 60, DAY, DAY + 60, 2 * DAY, 7 * DAY, 8 * DAY, 9 * DAY, 14 * DAY, 30 * DAY, 31 * DAY, 90 * DAY, 91 * DAY)
EVERY_MINUTE = range(-3, 75)


def leads_by_the_minute(start: datetime, n: int) -> list[Any]:
    """One lead a minute, answered half a minute later."""
    shift = start - T0
    events = [e for m in range(n) for e in (created(m, f"L{m}"), call("connected", m + 0.5, f"L{m}"))]
    return [structs.replace(event, occurred_at=event.occurred_at + shift) for event in events]


def shard_in(zone: str, events: list[Any]) -> Shard:
    return feed(Shard(Funnel(zone=zone, stages=FUNNEL.stages)), events)


@pytest.mark.parametrize("edge", EDGES)
def test_windows_are_exact_minute_by_minute_across_every_edge(edge: int) -> None:
    shard = shard_in(ZONE, leads_by_the_minute(T0, 20))
    first = NOW + edge
    for n in EVERY_MINUTE[:: 2 if edge > 60 else 1]:
        if n % 3:
            shard.advance((first + n) * 60_000)
        # Also something late, exactly on the trailing edge of the 24 hours and just outside of them.
        late = max(0, edge + n - DAY + n % 2)
        feed(shard, [stage(("proposal", "contacted")[n % 2], late, "L0")])
        assert totals(shard, first + n) == brute_force(shard, first + n)


@pytest.mark.parametrize(
    ("zone", "start"),
    [
        ("Europe/Amsterdam", datetime(2026, 3, 28, 22, 30, tzinfo=UTC)),
        ("Europe/Amsterdam", datetime(2026, 10, 24, 21, 30, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 2, 30, tzinfo=UTC)),
        ("Asia/Kathmandu", datetime(2026, 3, 28, 17, 45, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2026, 4, 4, 12, 30, tzinfo=UTC)),
    ],
)
def test_windows_are_exact_where_days_have_23_or_25_hours_or_begin_on_a_half_hour(zone: str, start: datetime) -> None:
    shard = shard_in(zone, leads_by_the_minute(start, 60)[::3])
    first = int(start.timestamp()) // 60
    looks = (
        0,
        29,
        30,
        31,
        59,
        60,
        90,
        DAY - 90,
        DAY - 60,
        DAY,
        DAY + 60,
        2 * DAY,
        8 * DAY,
        9 * DAY,
        31 * DAY,
        95 * DAY,
    )
    for minute in (first + n for n in looks):
        shard.advance(minute * 60_000)
        assert totals(shard, minute) == brute_force(shard, minute)


def test_a_reader_sees_a_lead_enter_and_leave_each_window() -> None:
    shard = feed(Shard(FUNNEL), [created(0)])

    def holding(minutes: int) -> set[str]:
        shard.advance((NOW + minutes) * 60_000)
        windows = totals(shard, NOW + minutes).items()
        return {window for window, found in windows if found.get(("created", "web", "north", 0))}

    calendar = {"today", "week", "month", "quarter", "all"}  # T0 is a Friday, 23:00 in Amsterdam
    assert holding(0) == set(FUNNEL.rolling) | calendar
    assert holding(4) == set(FUNNEL.rolling) | calendar
    assert holding(5) == set(FUNNEL.rolling) - {"5m"} | calendar
    assert holding(59) == set(FUNNEL.rolling) - {"5m", "15m"} | calendar
    assert holding(60) == {"24h", "7d", "30d", "90d", "yesterday"} | calendar - {"today"}
    assert holding(DAY - 1) == {"24h", "7d", "30d", "90d", "yesterday"} | calendar - {"today"}
    assert holding(DAY) == {"7d", "30d", "90d", "yesterday", "week", "month", "quarter", "all"}
    assert holding(3 * DAY) == {"7d", "30d", "90d", "last_week", "month", "quarter", "all"}
    assert holding(20 * DAY) == {"30d", "90d", "last_month", "last_quarter", "all"}
    assert holding(300 * DAY) == {"all"}


def test_an_event_of_the_future_counts_when_its_time_has_come() -> None:
    shard = feed(Shard(FUNNEL), [created(10)])
    key = ("created", "web", "north", 0)
    assert all(key not in found for found in totals(shard, NOW + 9).values())
    assert totals(shard, NOW + 10)["5m"][key] == 1
    assert totals(shard, NOW + 10)["all"][key] == 1


@pytest.mark.parametrize("gap", [61, DAY + 61, 8 * DAY, 40 * DAY, 100 * DAY, 400 * DAY])
def test_the_first_look_after_a_long_gap_is_exact(gap: int) -> None:
    shard = shard_in(ZONE, leads_by_the_minute(T0, 20))
    totals(shard, NOW + 20)
    feed(shard, [won(gap / 2, "L3"), won(gap - 1, "L4")])
    shard.advance((NOW + gap) * 60_000)
    assert totals(shard, NOW + gap) == brute_force(shard, NOW + gap)


def test_a_clock_that_goes_back_does_not_move_the_windows() -> None:
    shard = shard_in(ZONE, leads_by_the_minute(T0, 20))
    ahead = totals(shard, NOW + 90)
    assert totals(shard, NOW + 10) == ahead
    feed(shard, [won(89, "L3")])
    assert totals(shard, NOW + 20) == brute_force(shard, NOW + 90)
    assert totals(shard, NOW + 91) == brute_force(shard, NOW + 91)


def test_a_look_that_finds_nothing_new_tells_no_differences() -> None:
    shard = shard_in(ZONE, leads_by_the_minute(T0, 3))
    shard.merge()
    first = shard.windows.advance((NOW + 3) * 60_000)
    assert first["5m"]
    again = shard.windows.advance((NOW + 3) * 60_000 + 59_999)
    assert set(again) == set(first)
    assert not any(again.values())


@pytest.mark.uncompiled
def test_a_look_costs_what_changed_and_not_the_whole_window(monkeypatch: pytest.MonkeyPatch) -> None:
    shard, looked = shard_in(ZONE, leads_by_the_minute(T0, 60)), count()
    between = shard.panes.between

    def counting(start: int, end: int) -> Any:
        for pane in between(start, end):
            next(looked)
            yield pane

    totals(shard, NOW + 60)
    monkeypatch.setattr(shard.panes, "between", counting)
    totals(shard, NOW + 61)
    assert next(looked) < 10, "one minute comes in, one minute leaves three windows"


def test_too_many_changes_between_two_looks_are_summed_up_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processors.panes._MAX_FRESH", 2)
    shard = shard_in(ZONE, leads_by_the_minute(T0, 5))
    totals(shard, NOW + 5)
    for n in range(5):
        feed(shard, [won(6, f"L{n}")])
        shard.merge()
    assert totals(shard, NOW + 6) == brute_force(shard, NOW + 6)


def test_live_gauges_are_a_window_of_their_own() -> None:
    shard = feed(Shard(FUNNEL), [created(0), stage("qualified", 3)])
    now = {key: n for key, n in totals(shard, NOW + 500)["now"].items() if key[0] == "open"}
    assert now == {("open", "web", "qualified", 0): 1}


def test_numbers_count_at_the_time_of_the_event_and_not_of_its_arrival() -> None:
    shard = Shard(FUNNEL)
    totals(shard, NOW + 2 * DAY)
    feed(shard, [created(0)])
    found = totals(shard, NOW + 2 * DAY)
    assert found["24h"] == {}
    assert found["7d"]["created", "web", "north", 0] == 1


def test_a_quarter_reaches_back_as_far_as_panes_are_kept() -> None:
    # The last quarter begins 184 days before the end of this one: the oldest edge of all windows.
    start = datetime(2026, 7, 1, tzinfo=UTC)
    shard = shard_in("UTC", leads_by_the_minute(start - timedelta(minutes=10), 20))
    last = int(datetime(2026, 12, 31, 23, 59, tzinfo=UTC).timestamp()) // 60
    shard.advance(last * 60_000)
    assert totals(shard, last) == brute_force(shard, last)
    assert totals(shard, last)["last_quarter"]["created", "web", "north", 0] == 10
