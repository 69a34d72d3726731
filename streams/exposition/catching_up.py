"""Which partitions have caught up since this worker took them over.

A recovered state lacks what was committed nowhere: the records that came while nobody owned the partition, and those
that the former owner had applied, and told, but not committed. Its numbers are right, but older than what was told
before. They are whole again when all that lay on the inputs at the takeover is in them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from weakref import WeakKeyDictionary, WeakSet

from streams.agents import LeadState
from streams.engine.engine import InputProgress


class CatchingUp:
    """Remembers for each state where it has to get to, and whether it has been there.

    Args:
        inputs: The input topics.
    """

    def __init__(self, inputs: Iterable[str]) -> None:
        self._inputs = frozenset(inputs)
        self._goals: WeakKeyDictionary[LeadState, dict[str, int]] = WeakKeyDictionary()
        self._arrived: WeakSet[LeadState] = WeakSet()

    def look(self, states: Mapping[int, LeadState], progress: Iterable[InputProgress]) -> None:
        """Take note of how far the states have come.

        A goal is the first end of an input that was observed after the takeover; it stands, so that it is reached
        under any load.
        """
        for at in progress:
            state = states.get(at.partition)
            if state is None or state in self._arrived:
                continue
            goals = self._goals.setdefault(state, {})
            if at.end is not None and at.end.at >= state.taken_at:
                goals.setdefault(at.topic, at.end.offset)
            if at.topic in goals and at.committed >= goals[at.topic]:
                goals[at.topic] = 0
            if goals.keys() == self._inputs and not any(goals.values()):
                self._arrived.add(state)

    def has_arrived(self, state: LeadState) -> bool:
        """Return whether a state has caught up; once it has, it stays so."""
        return state in self._arrived
