"""What the engine needs of an application: the state of one partition, and what it wants written."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, Protocol

import msgspec

from streams.engine.records import Header, Record

RESERVED: Final = b"\x00"
"""First byte of the changelog keys that belong to the engine; a state never uses them."""


class Output(msgspec.Struct, frozen=True, gc=False):
    """A record that leaves with the state it came from, in the same transaction and to the same partition number."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


class RecordFailed(Exception):
    """Raised by `State.apply`, from the cause, when one record could not be processed.

    The state may be half changed: the engine throws it away and recovers it from the changelog.
    """

    def __init__(self, topic: str, offset: int) -> None:
        super().__init__(f"record at offset {offset} of {topic} could not be processed")
        self.topic = topic
        self.offset = offset

    @property
    def cause(self) -> BaseException:
        """What went wrong inside the application."""
        return self.__cause__ or self


class State(Protocol):
    """The whole state of one partition. Every method is synchronous and runs on the worker's event loop.

    Life: `load` for each changelog record, then `loaded`, then `apply` and `reject` as records arrive and `tick` as
    time passes. At every commit `flush` is called once, and `committed` when what it gave is on the log for good;
    `apply` may run between the two.
    When a commit fails, the object is dropped and a new one is recovered.
    """

    outputs: list[Output]
    """Outputs since the last flush, in order; the engine empties the list at each flush."""

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take a changelog record; of several with one key the last one holds, and None deletes."""

    def loaded(self) -> Iterable[None]:
        """Derive what is not stored; the changelog has been read to its end.

        What takes long is done in slices, between which the event loop has other things to do, heartbeats among them.
        Nothing else is called meanwhile.
        """

    def apply(self, records: Sequence[Record]) -> None:
        """Process records of the inputs, each input in log order; raise `RecordFailed` from the cause for a defect."""

    def reject(self, record: Record, cause: BaseException) -> None:
        """Set a record aside that failed before; called with a state that has never seen it."""

    def tick(self, reached: int) -> bool:
        """Let time pass: everything that was on the inputs at wall time `reached`, ms, has been applied.

        Returns:
            Whether anything changed; it is committed then.
        """

    def flush(self) -> Iterable[tuple[bytes, bytes | None]]:
        """Give the changelog records of everything changed since the last flush."""

    def committed(self) -> None:
        """Learn that everything of the last flush is committed."""


StateFactory = Callable[[int], State]
"""Makes the empty state of a partition, given its number."""
