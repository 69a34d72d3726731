"""A small state with everything an engine can get wrong, and an independent model of it.

Two inputs, `left` and `right`. Values are `b"<verb> <number>"`:
add (number into the key's running digest), erase (delete the key), garbage (set aside by the state itself),
poison (raises after the state was changed; the engine must set it aside), bug (raises without naming the record).
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from streams.engine.records import Record
from streams.engine.state import Output, RecordFailed

ALERT_EVERY = 7
TOTALS = b"\x01totals"


class Entry(NamedTuple):
    """A record as a test reads it."""

    offset: int
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


class TallyState:
    """Per key and input: how many, and a digest that depends on their order; per partition: totals."""

    def __init__(self, topics: "TallyTopics") -> None:
        self.topics = topics
        self.outputs: list[Output] = []
        self.tallies: dict[bytes, dict[str, list[int]]] = {}
        self.totals: dict[str, int] = {}
        self.dirty: set[bytes] = set()

    def load(self, key: bytes, value: bytes | None) -> None:
        if key == TOTALS:
            self.totals = msgspec.msgpack.decode(value or b"", type=dict[str, int])
        elif value is None:
            self.tallies.pop(key, None)
        else:
            self.tallies[key] = msgspec.msgpack.decode(value, type=dict[str, list[int]])

    def loaded(self) -> Iterable[None]:
        """Nothing is derived."""
        return ()

    def apply(self, records: Sequence[Record]) -> None:
        for record in records:
            if record.value == b"bug":
                raise RuntimeError("a bug that names no record")
            try:
                self._apply_one(record.topic, record)
            except Exception as error:
                raise RecordFailed(record.topic, record.offset) from error

    def _apply_one(self, topic: str, record: Record) -> None:
        key = record.key or b""
        verb, _, rest = (record.value or b"").partition(b" ")
        if verb == b"garbage":
            self._set_aside(record, b"malformed")
            return
        if verb == b"erase":
            self.tallies.pop(key, None)
            self.dirty.add(key)
            self._total("erased")
            return
        mine = self.tallies.setdefault(key, {}).setdefault(topic, [0, 0])
        mine[0] += 1
        mine[1] = zlib.crc32(rest, mine[1])
        self.dirty.add(key)
        self._total(topic)
        if verb == b"poison":
            raise ValueError(f"poison at {record.offset}")
        if mine[0] % ALERT_EVERY == 0:
            self.outputs.append(Output(self.topics.alerts, key, b"%s %d %d" % (topic.encode(), mine[0], mine[1])))

    def _total(self, what: str) -> None:
        self.totals[what] = self.totals.get(what, 0) + 1
        self.dirty.add(TOTALS)

    def reject(self, record: Record, cause: BaseException) -> None:
        self._set_aside(record, b"processing_error", ("cause", str(cause).encode()))

    def _set_aside(self, record: Record, reason: bytes, *headers: tuple[str, bytes]) -> None:
        where = b"%s-%d-%d" % (record.topic.encode(), record.partition, record.offset)
        self.outputs.append(
            Output(self.topics.dead_letters, record.key, record.value, (("reason", reason), ("where", where), *headers))
        )
        self._total(f"dead {reason.decode()}")

    def tick(self, reached: int) -> bool:
        """Nothing is ever due."""
        return False

    def flush(self) -> Iterable[tuple[bytes, bytes | None]]:
        dirty, self.dirty = self.dirty, set()
        for key in dirty:
            content = self.totals if key == TOTALS else self.tallies.get(key)
            yield key, None if content is None else msgspec.msgpack.encode(content)

    def committed(self) -> None:
        """Nothing is shown to anyone."""


class TallyTopics(NamedTuple):
    """The topics of one test."""

    name: str

    @property
    def inputs(self) -> tuple[str, str]:
        return f"{self.name}-left", f"{self.name}-right"

    @property
    def changelog(self) -> str:
        return f"{self.name}-changelog"

    @property
    def alerts(self) -> str:
        return f"{self.name}-alerts"

    @property
    def dead_letters(self) -> str:
        return f"{self.name}-dlq"


class Expected(NamedTuple):
    """What one partition must have come to."""

    state: dict[bytes, object]
    alerts: dict[bytes, list[bytes]]
    """By key, as the inputs of a partition interleave as they like."""
    dead_letters: dict[bytes, bytes]
    """Reason by place; each place may occur once."""


def expect(partition: int, inputs: Mapping[str, Sequence[Entry]]) -> Expected:
    """Compute from the input topics alone what an exactly-once run leaves behind.

    Written without the code above: keys are looked at one by one, and each input is summed up by itself. An erase
    removes what both inputs had left, in an order that the log does not tell, so tests erase keys that only `left` has.
    """
    state: dict[bytes, object] = {}
    totals: dict[str, int] = defaultdict(int)
    alerts: dict[bytes, list[bytes]] = defaultdict(list)
    dead: dict[bytes, bytes] = {}
    for topic, entries in inputs.items():
        histories: dict[bytes, list[bytes]] = defaultdict(list)
        for entry in entries:
            value = entry.value or b""
            reason = {b"garbage": b"malformed", b"poison": b"processing_error"}.get(value.split(b" ")[0])
            if reason is not None:
                dead[b"%s-%d-%d" % (topic.encode(), partition, entry.offset)] = reason
                totals["dead " + reason.decode()] += 1
            elif value.startswith(b"erase"):
                totals["erased"] += 1
                histories[entry.key].append(b"erase")
            else:
                totals[topic] += 1
                histories[entry.key].append(value.split(b" ", 1)[1])
        for key, history in histories.items():
            _sum_up(topic, key, history, state, alerts)
    if totals:
        state[TOTALS] = dict(totals)
    return Expected(state, alerts, dead)


def _sum_up(
    topic: str, key: bytes, history: Sequence[bytes], state: dict[bytes, object], alerts: dict[bytes, list[bytes]]
) -> None:
    count = digest = 0
    for item in history:
        if item == b"erase":
            count = digest = 0
            continue
        count, digest = count + 1, zlib.crc32(item, digest)
        if count % ALERT_EVERY == 0:
            alerts[key].append(b"%s %d %d" % (topic.encode(), count, digest))
    if count:
        mine = state.setdefault(key, {})
        assert isinstance(mine, dict)
        mine[topic] = [count, digest]
