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


def test_far_behind_the_newest_observations_are_kept() -> None:
    found = reached((RIGHT, 0, 10_000), *((LEFT, n, n) for n in range(1, KEPT + 11)))
    assert found.time({"left": 10}) is None, "the oldest were forgotten"
    assert found.time({"left": 11}) == 11
    assert found.time({"left": KEPT + 10}) == KEPT + 10
