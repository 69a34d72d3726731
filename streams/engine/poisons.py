"""Records whose processing failed: remembered until the position has passed them."""

from collections.abc import Iterator, Sequence

from streams.engine.records import Record


class Poisons:
    """The failed records of one partition, with what went wrong. Outlives the state that failed on them."""

    def __init__(self) -> None:
        self._causes: dict[tuple[str, int], BaseException] = {}

    def __len__(self) -> int:
        return len(self._causes)

    def add(self, topic: str, offset: int, cause: BaseException) -> None:
        """Remember a record."""
        self._causes[topic, offset] = cause

    def cause(self, topic: str, offset: int) -> BaseException:
        """Return what went wrong with a remembered record."""
        return self._causes[topic, offset]

    def __contains__(self, place: tuple[str, int]) -> bool:
        return place in self._causes

    def forget_below(self, topic: str, position: int) -> None:
        """Forget the records that a committed position has passed."""
        self._causes = {
            (name, offset): cause
            for (name, offset), cause in self._causes.items()
            if name != topic or offset >= position
        }


def split_at(records: Sequence[Record], poisons: Poisons) -> Iterator[tuple[Sequence[Record], Record | None]]:
    """Yield (records to apply, the poisoned record behind them or None), in order and complete."""
    begin = 0
    for index, record in enumerate(records):
        if (record.topic, record.offset) in poisons:
            yield records[begin:index], record
            begin = index + 1
    if begin < len(records):
        yield records[begin:], None
