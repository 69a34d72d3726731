"""Panes: minutes, then quarters of an hour, then local days, then one for everything older.

ever | days ... | quarters ... | minutes ... now
     edges[2]   edges[1]       edges[0]
"""

from __future__ import annotations

import random
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from processors.calendar_days import Days
from processors.cells import MINUTE, SERIES, Cells, book
from processors.panes import LIVE, Panes
from processors.periods import EVER
from processors.questions.live import OPEN_LEADS
from tests.examples import examples
from tests.processors.events import T0_MS, ZONE

NOW = T0_MS // 60_000
DAY = 1440
COUNT = 1 << 28 | 7


def new() -> Panes:
    return Panes(Days(ZONE))


def add(panes: Panes, *entries: tuple[int, int]) -> None:
    """Add (minute, value) entries of one series."""
    cells = Cells()
    for minute, value in entries:
        book(cells, minute << MINUTE | COUNT, value)
    panes.add(cells.minutes)


def advance(panes: Panes, minute: int) -> bool:
    return panes.advance(minute * 60_000)


def filled(panes: Panes) -> dict[int, int]:
    return {start: sum(pane.values()) for start, pane in panes.snapshot().items()}


def test_a_minute_lives_in_a_minute_a_quarter_a_local_day_or_ever_by_its_age() -> None:
    panes = new()
    assert panes.place(NOW - 300 * DAY) == NOW - 300 * DAY, "before the first fold everything is a minute"
    advance(panes, NOW)
    days = panes.days
    assert panes.place(NOW) == NOW
    assert panes.place(NOW - 25 * 60) == NOW - 25 * 60
    assert panes.place(NOW - 25 * 60 - 1) == NOW - 25 * 60 - 15
    week = days.midnight(NOW - 8 * DAY)
    assert panes.place(week + 14) == week
    assert panes.place(week - 1) == days.midnight(week - 1) == week - DAY
    eldest = days.start(days.index(NOW) - 200)
    assert panes.place(eldest + 77) == eldest
    assert panes.place(eldest - 1) == EVER
    assert panes.place(LIVE) == LIVE


def test_panes_fold_every_hour_and_their_edges_never_go_back() -> None:
    panes = new()
    assert advance(panes, NOW)
    assert not advance(panes, NOW + 59)
    assert advance(panes, NOW + 60)
    edges = panes.edges
    assert not advance(panes, NOW - 9 * DAY), "a clock that went back"
    assert panes.edges == edges
    assert edges[0] == NOW + 60 - 25 * 60


def test_folding_moves_what_is_there_and_what_comes_late_goes_to_the_same_place() -> None:
    panes, minutes = (
        new(),
        (NOW, NOW - 2 * DAY + 3, NOW - 2 * DAY + 4, NOW - 20 * DAY, NOW - 300 * DAY, NOW - 301 * DAY),
    )
    add(panes, *((minute, 1) for minute in minutes))
    advance(panes, NOW)
    folded = filled(panes)
    assert folded == {NOW: 1, NOW - 2 * DAY: 2, panes.days.midnight(NOW - 20 * DAY): 1, EVER: 2}
    add(panes, *((minute, 1) for minute in minutes))
    assert filled(panes) == {start: 2 * n for start, n in folded.items()}


@given(
    st.lists(st.tuples(st.integers(0, 260 * DAY), st.integers(-3, 3)), max_size=40), st.randoms(use_true_random=False)
)
@examples(60)
def test_panes_folded_at_any_moments_equal_panes_folded_once(
    entries: list[tuple[int, int]], rng: random.Random
) -> None:
    often, once = new(), new()
    for ago, value in entries:
        add(often, (NOW - ago, value))
        advance(often, NOW - rng.randrange(260 * DAY))
    add(once, *((NOW - ago, value) for ago, value in entries))
    for panes in (often, once):
        advance(panes, NOW)
    assert often.snapshot() == once.snapshot()


def test_the_live_gauges_are_no_moment_and_never_fold() -> None:
    panes = new()
    advance(panes, NOW)
    panes.add({LIVE: {OPEN_LEADS.key | 5: 3}})
    advance(panes, NOW + 300 * DAY)
    assert panes.snapshot() == {LIVE: {OPEN_LEADS.key | 5: 3}}


def test_what_is_taken_back_leaves_nothing_behind() -> None:
    panes = new()
    add(panes, (NOW, 2), (NOW - DAY * 3, 1))
    advance(panes, NOW)
    add(panes, (NOW, -2), (NOW - DAY * 3, -1))
    assert panes.snapshot() == {}
    assert panes.packed(NOW) is None
    assert {NOW, NOW - 3 * DAY} <= panes.stale, "the changelog has to learn that they are empty"
    add(panes, (NOW, 1), (NOW, -1), (NOW, 0))
    add(panes, (NOW - 5, 1), (NOW - 5, -1))
    assert panes.snapshot() == {}, "nor does what is taken back within the chunk"
    assert NOW - 5 not in panes.stale, "and no pane is made for it"
    add(panes, (NOW - 9, 1), (NOW - 8, -1))
    advance(panes, NOW + 2 * DAY)
    assert filled(panes) == {}, "opposite numbers that meet in one pane vanish as well"


def test_older_panes_rest_packed_and_open_again_when_something_comes_late() -> None:
    panes = new()
    add(panes, (NOW - 61, 1), (NOW - 60, 1), (NOW, 1))
    panes.add({LIVE: {OPEN_LEADS.key: 1}})
    advance(panes, NOW)
    assert {start: type(pane) for start, pane in panes._panes.items()} == {
        LIVE: dict,
        NOW - 61: bytes,
        NOW - 60: dict,
        NOW: dict,
    }
    add(panes, (NOW - 61, 4))
    assert filled(panes)[NOW - 61] == 5
    assert [sum(pane.values()) for pane in panes.between(NOW - 61, NOW)] == [5, 1]


def test_a_reader_gets_what_changed_since_it_last_looked() -> None:
    panes = new()
    advance(panes, NOW)
    assert panes.take_fresh() is None, "at the first look, look at everything"
    add(panes, (NOW, 1), (NOW - 2 * DAY + 1, 2))
    fresh = panes.take_fresh()
    assert fresh == {NOW: {COUNT: 1}, NOW - 2 * DAY: {COUNT: 2}}, "under the panes of now"
    assert panes.take_fresh() == {}


def test_when_nobody_looks_for_long_nothing_piles_up(monkeypatch: Any) -> None:
    monkeypatch.setattr("processors.panes._MAX_FRESH", 3)
    panes = new()
    panes.take_fresh()
    for n in range(9):
        add(panes, (NOW + n, 1))
    assert panes.fresh is None
    assert panes.take_fresh() is None
    add(panes, (NOW, 1))
    assert panes.take_fresh() == {NOW: {COUNT: 1}}


@given(
    st.dictionaries(
        st.integers(0, 2**26), st.dictionaries(st.integers(0, SERIES), st.integers(-(2**62), 2**62), max_size=9)
    )
)
@examples(60)
def test_the_stored_form_of_panes_is_the_panes(snapshot: dict[int, dict[int, int]]) -> None:
    panes, back = new(), new()
    for start, pane in snapshot.items():
        panes._panes[start] = pane
    for start in sorted(snapshot, reverse=True):
        back.load(start, b"\x80")
        back.load(start, panes.packed(start))
    back.settle()
    assert back.snapshot() == {start: pane for start, pane in snapshot.items() if pane}
    assert back._order == sorted(back.snapshot())


def test_clearing_forgets_the_numbers_and_has_their_panes_written_anew() -> None:
    panes = new()
    add(panes, (NOW, 1), (NOW - 9 * DAY, 1))
    advance(panes, NOW)
    panes.stale.clear()
    edges, starts = panes.edges, set(panes.snapshot())
    panes.take_fresh()
    panes.clear()
    assert (len(panes), panes.edges, panes.stale, panes.take_fresh()) == (0, edges, starts, None)
    add(panes, (NOW - 9 * DAY, 1))
    assert set(filled(panes)) == {panes.days.midnight(NOW - 9 * DAY)}
