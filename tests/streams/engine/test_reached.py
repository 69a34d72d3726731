"""Up to when everything is known: no deadline is judged by half of what had happened."""

from __future__ import annotations

from faust.types import TP

from streams.engine.reached import KEPT, Reached
from streams.engine.watch import Observed

LEFT, RIGHT = TP("left", 3), TP("right", 3)


def reached(*observations: tuple[TP, int, int]) -> Reached:
    """Observations as (input, end offset, time)."""
    found = Reached(3, ("left", "right"))
    for tp, offset, at in observations:
        found.observe({tp: Observed(offset, at)})
    return found


def test_nothing_is_known_before_both_inputs_were_seen_and_applied() -> None:
    assert reached().time({}) is None
    assert reached((LEFT, 0, 100)).time({}) is None
    assert reached((LEFT, 5, 100), (RIGHT, 0, 100)).time({"left": 4}) is None
    assert reached((LEFT, 5, 100), (RIGHT, 0, 100)).time({"left": 5}) == 100


def test_on_idle_inputs_everything_is_known_up_to_the_last_look() -> None:
    found = reached((LEFT, 0, 100), (RIGHT, 0, 110))
    assert found.time({}) == 100
    found.observe({LEFT: Observed(0, 200), RIGHT: Observed(0, 210)})
    assert found.time({}) == 200


def test_the_input_that_is_behind_decides() -> None:
    found = reached((LEFT, 5, 100), (RIGHT, 7, 100), (LEFT, 9, 200), (RIGHT, 7, 200))
    assert found.time({"left": 8, "right": 7}) == 100
    assert found.time({"left": 9, "right": 7}) == 200


def test_time_goes_on_step_by_step_while_a_backlog_is_worked_off() -> None:
    found = reached((RIGHT, 0, 500), *((LEFT, offset, offset * 10) for offset in range(10, 50, 10)))
    assert [found.time({"left": applied}) for applied in (9, 10, 25, 40)] == [None, 100, 200, 400]


def test_an_observation_that_is_known_already_is_not_taken_twice() -> None:
    found = reached((LEFT, 0, 100), (RIGHT, 0, 100))
    assert found.time({}) == 100
    found.observe({LEFT: Observed(5, 100), RIGHT: Observed(5, 100)})
    assert found.time({}) == 100, "what was reached is not unreached"
    assert found.time({"left": 5, "right": 5}) == 100


def test_other_partitions_say_nothing() -> None:
    found = reached((TP("left", 4), 0, 100), (TP("right", 4), 0, 100))
    assert found.time({"left": 9, "right": 9}) is None


def test_far_behind_time_goes_on_in_larger_steps() -> None:
    found = reached((RIGHT, 0, 100_000), *((LEFT, n, n) for n in range(1, 50 * KEPT)))
    assert found.time({"left": 1}) == 1, "what is to be reached first is never forgotten"
    steps = sorted({found.time({"left": applied}) or 0 for applied in range(1, 50 * KEPT)})
    assert KEPT // 4 < len(steps) <= KEPT
    assert steps[-1] > 49 * KEPT


def test_a_worker_that_stays_behind_still_judges_what_it_has_reached() -> None:
    found, behind = reached((RIGHT, 0, 100_000)), 10 * KEPT
    for n in range(1, 100 * KEPT):
        found.observe({LEFT: Observed(n, n), RIGHT: Observed(0, 100_000 + n)})
        reached_now = found.time({"left": n - behind})
        if n > 4 * behind:
            assert reached_now is not None
            assert n - behind - reached_now < behind, "at most as much later again"


def test_a_clock_that_was_ahead_and_was_put_back_judges_by_the_right_time_again() -> None:
    ahead = 3_600_000
    found = reached((LEFT, 0, ahead), (RIGHT, 0, ahead))
    assert found.time({}) == ahead
    found.observe({LEFT: Observed(0, 1000), RIGHT: Observed(0, ahead + 1)})
    assert found.time({}) == 1000
    found.observe({LEFT: Observed(0, 1250), RIGHT: Observed(0, 1250)})
    assert found.time({}) == 1250
