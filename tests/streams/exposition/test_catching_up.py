"""When a partition that was taken over may be told as whole."""

from __future__ import annotations

import gc

from streams.agents import LeadState
from streams.engine.engine import InputProgress
from streams.engine.watch import Observed
from streams.exposition.catching_up import CatchingUp
from tests.processors.events import T0_MS
from tests.streams.exposition.worker import INTERACTIONS, LEADS, FakeWorker

INPUTS = (LEADS, INTERACTIONS)


def at(topic: str, committed: int, end: int | None, *, seen: int = T0_MS) -> InputProgress:
    return InputProgress(topic, 0, committed, committed, None if end is None else Observed(end, seen), None)


class Taken:
    """A partition that was just taken over."""

    def __init__(self) -> None:
        self.catching_up = CatchingUp(INPUTS)
        self.state: LeadState = FakeWorker().state()

    def look(self, *progress: InputProgress) -> bool:
        self.catching_up.look({0: self.state}, progress)
        return self.catching_up.has_arrived(self.state)


def test_a_partition_has_caught_up_when_it_was_read_to_where_its_inputs_ended() -> None:
    taken = Taken()
    assert not taken.look(at(LEADS, 5, 10), at(INTERACTIONS, 3, 3))
    assert not taken.look(at(LEADS, 9, 10), at(INTERACTIONS, 3, 3))
    assert taken.look(at(LEADS, 10, 10), at(INTERACTIONS, 3, 3))


def test_it_catches_up_under_a_load_that_keeps_it_behind() -> None:
    taken = Taken()
    assert not taken.look(at(LEADS, 5, 1000), at(INTERACTIONS, 0, 0))
    assert not taken.look(at(LEADS, 900, 2000), at(INTERACTIONS, 0, 0))
    assert taken.look(at(LEADS, 1000, 3000), at(INTERACTIONS, 0, 0))


def test_it_stays_caught_up_when_the_load_grows() -> None:
    taken = Taken()
    assert taken.look(at(LEADS, 10, 10), at(INTERACTIONS, 0, 0))
    assert taken.look(at(LEADS, 10, 99_999), at(INTERACTIONS, 0, 5))


def test_an_end_that_was_seen_before_the_takeover_says_nothing() -> None:
    taken = Taken()
    assert not taken.look(at(LEADS, 10, 10, seen=T0_MS - 1), at(INTERACTIONS, 0, 0))
    assert not taken.look(at(LEADS, 10, 12), at(INTERACTIONS, 0, 0))


def test_while_an_end_is_unknown_it_has_not_caught_up() -> None:
    taken = Taken()
    assert not taken.look(at(LEADS, 10, None), at(INTERACTIONS, 0, 0))
    assert not taken.look(at(INTERACTIONS, 0, 0))


def test_a_replaced_state_has_to_catch_up_again() -> None:
    taken = Taken()
    assert taken.look(at(LEADS, 10, 10), at(INTERACTIONS, 0, 0))
    taken.state = FakeWorker().state()
    assert not taken.look(at(LEADS, 2, 10), at(INTERACTIONS, 0, 0))


def test_partitions_of_nobody_here_are_ignored() -> None:
    taken = Taken()
    taken.catching_up.look({}, [at(LEADS, 10, 10), at(INTERACTIONS, 0, 0)])
    assert not taken.catching_up.has_arrived(taken.state)


def test_states_that_are_gone_are_forgotten() -> None:
    taken = Taken()
    taken.look(at(LEADS, 5, 10))
    assert len(taken.catching_up._goals) == 1
    del taken.state
    gc.collect()
    assert len(taken.catching_up._goals) == 0
