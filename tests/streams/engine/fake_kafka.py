"""Stand-ins for what the driver has on its two sides: the engine, and an aiokafka consumer."""

from types import SimpleNamespace
from typing import Any

from faust.types import TP

from tests.streams.engine.builders import OPTIONS

LEFT, RIGHT, OTHER = TP("left", 0), TP("right", 0), TP("other", 0)


class FakeIntake:
    options = OPTIONS

    def __init__(self) -> None:
        self.flowing = frozenset({LEFT, RIGHT})
        self.applied: dict[TP, int] = {LEFT: 5, RIGHT: 6}
        self.committed: dict[TP, int] = {LEFT: 4, RIGHT: 6}

    def applied_positions(self) -> dict[TP, int]:
        return self.applied

    def committed_positions(self) -> dict[TP, int]:
        return self.committed


class FakeState:
    """What aiokafka knows of an input: another object for each assignment."""

    has_valid_position = True

    def __init__(self, kafka: "FakeKafka", tp: TP) -> None:
        self._kafka, self._tp = kafka, tp

    @property
    def position(self) -> int:
        return self._kafka.positions[self._tp]

    @property
    def lso(self) -> int | None:
        return self._kafka.stable.get(self._tp)


class FakeKafka:
    """An aiokafka consumer: fetch positions, what is on the log, and what was asked of it."""

    def __init__(self) -> None:
        self.positions: dict[TP, int] = {LEFT: 0, RIGHT: 0, OTHER: 0}
        self.stable: dict[TP, int] = {LEFT: 0, RIGHT: 0}
        self.begin, self.end = 0, 1000
        self.sought: dict[Any, int] = {}
        self.states = {tp: FakeState(self, tp) for tp in self.positions}
        self.committed: list[dict[Any, Any]] = []
        self.commit_error: Exception | None = None
        self._subscription = SimpleNamespace(subscription=SimpleNamespace(assignment=self))
        self._coordinator = SimpleNamespace(
            _rejoin_needed_fut=SimpleNamespace(done=lambda: False), _performed_join_prepare=False
        )

    def state_value(self, tp: TP) -> Any:
        return self.states[tp] if tp in self.positions else None

    def assign_anew(self, tp: TP, group_offset: int) -> None:
        self.states[tp] = FakeState(self, tp)
        self.positions[tp] = group_offset

    def assignment(self) -> set[TP]:
        return set(self.positions)

    def seek(self, tp: Any, offset: int) -> None:
        self.sought[tp] = offset
        self.positions[TP(*tp)] = offset

    async def beginning_offsets(self, tps: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(tps, self.begin)

    async def end_offsets(self, tps: list[Any]) -> dict[Any, int]:
        return dict.fromkeys(tps, self.end)

    async def commit(self, offsets: dict[Any, Any]) -> None:
        if self.commit_error is not None:
            raise self.commit_error
        self.committed.append({tp: found.offset for tp, found in offsets.items()})
