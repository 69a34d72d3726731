"""Timers: who is due, in which order, and never too early."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from processors.deadlines import TICK_MS, Timers
from tests.examples import examples


def test_a_lead_is_due_when_its_moment_has_come_and_not_before() -> None:
    timers = Timers()
    timers.add("L", 10 * TICK_MS)
    assert list(timers.take(10 * TICK_MS - 1)) == []
    assert list(timers.take(10 * TICK_MS)) == ["L"]
    assert list(timers.take(11 * TICK_MS)) == [], "it is taken once"


def test_the_first_due_comes_first() -> None:
    timers = Timers()
    for lead_id, tick in (("late", 9), ("early", 2), ("middle", 5)):
        timers.add(lead_id, tick * TICK_MS)
    assert list(timers.take(10 * TICK_MS)) == ["early", "middle", "late"]


def test_what_is_added_while_others_are_taken_waits_for_its_own_moment() -> None:
    timers = Timers()
    timers.add("A", TICK_MS)
    taken = []
    for lead_id in timers.take(5 * TICK_MS):
        taken.append(lead_id)
        if len(taken) < 3:
            timers.add(f"after {lead_id}", (len(taken) + 1) * TICK_MS)
    assert taken == ["A", "after A", "after after A"]


def test_looking_at_what_is_upcoming_takes_nothing_out() -> None:
    timers = Timers()
    timers.add("A", TICK_MS)
    timers.add("B", 9 * TICK_MS)
    assert list(timers.between(0, 5 * TICK_MS)) == ["A"]
    assert sorted(timers.between(0, 9 * TICK_MS)) == ["A", "B"]
    assert len(timers) == 2


@given(st.lists(st.integers(0, 5000), max_size=60), st.lists(st.integers(0, 6000), max_size=20))
@examples(80)
def test_everybody_is_taken_once_at_most_a_grain_after_the_moment(dues: list[int], looks: list[int]) -> None:
    timers = Timers()
    for number, due in enumerate(dues):
        timers.add(str(number), due)
    taken: dict[str, int] = {}
    for now in sorted(looks):
        for lead_id in timers.take(now):
            assert lead_id not in taken
            taken[lead_id] = now
            assert dues[int(lead_id)] <= now
        assert all(due > now - TICK_MS for number, due in enumerate(dues) if str(number) not in taken)
    assert len(timers) == len(dues) - len(taken)
