"""From a fetch to chunks: one Faust event for many records, and the range of offsets that they cover.

Topics written in transactions have gaps in their offsets (markers, aborted records), so a missing record cannot be seen
in the record offsets. Each chunk therefore carries the range [start, end) that the fetch covered, taken from the fetch
position: every visible record of the range is in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from aiokafka.structs import ConsumerRecord
from faust.serializers.schemas import Schema
from faust.types import TP
from faust.types.transports import SchedulingStrategyT


class Fetched:
    """All visible records of the offsets [start, end) of one partition, or the news that they are `lost`."""

    __slots__ = ("end", "lost", "records", "start")

    def __init__(self, start: int, end: int, records: Sequence[ConsumerRecord], *, lost: bool = False) -> None:
        self.start = start
        self.end = end
        self.records = records
        self.lost = lost

    def split(self, size: int) -> Iterator["Fetched"]:
        """Yield the range in pieces of at most `size` records that join without a gap."""
        start, records = self.start, self.records
        for first in range(0, len(records), size):
            piece = records[first : first + size]
            end = self.end if first + size >= len(records) else piece[-1].offset + 1
            yield Fetched(start, end, piece)
            start = end
        if not records:
            yield self

    def since(self, position: int) -> Sequence[ConsumerRecord]:
        """Return the records at or behind a position."""
        records = self.records
        if not records or records[0].offset >= position:
            return records
        return [record for record in records if record.offset >= position]


class ChunkScheduler(SchedulingStrategyT):
    """Gives Faust one record per chunk, its value a `Fetched`, in turns over the partitions.

    The setting `ConsumerScheduler` is an official extension point. Records of topics that are not the engine's own
    arrive as plain lists (an ordinary Faust agent in the same app) and pass one by one.
    """

    def __init__(self, size: int) -> None:
        self.size = size

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Any]]:
        """Yield (partition, record) in the order in which they are to be processed."""
        turns: dict[TP, Iterator[Fetched]] = {}
        for tp, fetched in records.items():
            if isinstance(fetched, Fetched):
                turns[tp] = fetched.split(self.size)
            else:
                yield from ((tp, record) for record in fetched)
        while turns:
            for tp in list(turns):
                piece = next(turns[tp], None)
                if piece is None:
                    del turns[tp]
                else:
                    yield tp, carrier(tp, piece)


def carrier(tp: TP, piece: Fetched) -> ConsumerRecord:
    """Wrap a chunk into the one record that travels through Faust."""
    timestamp = piece.records[-1].timestamp if piece.records else 0
    return ConsumerRecord(tp.topic, tp.partition, piece.end - 1, timestamp, 0, None, piece, None, 0, 0, ())


class PassThroughSchema(Schema[Any, Any]):
    """Leaves decoding to the state: Faust's conductor would decode record by record."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Return the decoder that the conductor calls for each message."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(message.key, message.value, message.headers, message)

        return decode
