"""Small things that several tests need."""

from collections.abc import Iterable, Sequence

from streams.engine.options import EngineOptions
from streams.engine.records import Record
from streams.engine.state import Output

OPTIONS = EngineOptions(app_id="app", brokers=("broker:9092",), inputs=("left", "right"), outputs=("out",), linger=0.0)


def record(offset: int, value: bytes = b"", topic: str = "left", timestamp: int = 0) -> Record:
    """Return a record of partition 0."""
    return Record(topic, 0, offset, timestamp, b"key", value)


def records(*offsets: int) -> list[Record]:
    """Return records of partition 0 at the offsets."""
    return [record(offset) for offset in offsets]


class RecordingState:
    """Remembers what was done to it."""

    def __init__(self) -> None:
        self.outputs: list[Output] = []
        self.applied: list[tuple[str, int]] = []
        self.rejected: list[tuple[int, BaseException]] = []
        self.commits = 0
        self.ticks: list[int] = []
        self.changes_with_time = False
        self.dirty: list[tuple[bytes, bytes | None]] = []

    def load(self, key: bytes, value: bytes | None) -> None:
        self.dirty.append((key, value))

    def loaded(self) -> Iterable[None]:
        """Nothing is derived."""
        return ()

    def apply(self, records: Sequence[Record]) -> None:
        self.applied += [(item.topic, item.offset) for item in records]
        self.dirty += [(b"%d" % item.offset, item.value) for item in records]
        self.outputs += [Output("out", item.key, item.value) for item in records]

    def reject(self, record: Record, cause: BaseException) -> None:
        self.rejected.append((record.offset, cause))

    def tick(self, reached: int) -> bool:
        self.ticks.append(reached)
        return self.changes_with_time

    def flush(self) -> Iterable[tuple[bytes, bytes | None]]:
        dirty, self.dirty = self.dirty, []
        return dirty

    def committed(self) -> None:
        self.commits += 1
