"""From a fetch to chunks: one Faust event for many records, and the ranges of offsets that they cover.

Topics written in transactions have gaps in their offsets (markers, aborted records), so a missing record cannot be seen
in the record offsets. Each chunk therefore carries the range [start, end) that was fetched of each input, taken from
the fetch position: every visible record of the range is in it.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, pairwise
from typing import Any, NamedTuple

from aiokafka.structs import ConsumerRecord
from faust.serializers.schemas import Schema
from faust.types import TP
from faust.types.transports import SchedulingStrategyT

from streams.engine.records import Record


class Span(NamedTuple):
    """The part of one input in a chunk."""

    start: int
    end: int
    newest: int | None
    """Timestamp in ms of its last record; None when it has none."""


class Chunk:
    """Records of one partition number, of one or several of its inputs, each in log order.

    Attributes:
        spans: Input topic -> the offsets that are covered: all their visible records are in it.
        records: In the order in which they are to be applied.
        lost: The span's records were deleted before they could be read.
    """

    __slots__ = ("lost", "records", "spans")

    def __init__(self, spans: Mapping[str, Span], records: Sequence[Record], *, lost: bool = False) -> None:
        self.spans = spans
        self.records = records
        self.lost = lost

    def since(self, positions: Mapping[str, int]) -> Sequence[Record]:
        """Return the records at or behind the positions of their inputs."""
        if all(span.start >= positions.get(topic, 0) for topic, span in self.spans.items()):
            return self.records
        return [record for record in self.records if record.offset >= positions.get(record.topic, 0)]

    def release(self) -> None:
        """Let go of the records, which are applied: the chunk itself is in flight until their commit."""
        self.records = ()


class Fetched(NamedTuple):
    """All visible records of the offsets [start, end) of one input."""

    start: int
    end: int
    records: Sequence[Record]
    times: Sequence[float]
    """For each record the time in ms by which it is merged with those of other inputs; they never fall."""


def chunks(parts: Mapping[str, Fetched], size: int) -> Iterator[Chunk]:
    """Yield what was fetched of the inputs of a partition in chunks of at most `size` records that join without a gap.

    The inputs are merged by the time of their records, but each stays in log order.
    """
    starts = {topic: part.start for topic, part in parts.items()}
    records = _merged([part for part in parts.values() if part.records])
    ends = range(size, len(records), size)
    for begin, end in pairwise((0, *ends, len(records))):
        piece = records[begin:end]
        last = _last_of_each(piece, len(parts))
        spans = {
            topic: Span(starts[topic], parts[topic].end if end == len(records) else record.offset + 1, record.timestamp)
            for topic, record in last.items()
        }
        if end == len(records):  # what is behind the last records of an input: markers, aborted records
            spans.update(
                (topic, Span(starts[topic], part.end, None))
                for topic, part in parts.items()
                if topic not in spans and part.end > starts[topic]
            )
        starts.update((topic, span.end) for topic, span in spans.items())
        yield Chunk(spans, piece)


def _merged(parts: Sequence[Fetched]) -> Sequence[Record]:
    if len(parts) < 2:  # noqa: PLR2004  # nothing to merge
        return parts[0].records if parts else ()
    records = list(chain.from_iterable(part.records for part in parts))
    times = list(chain.from_iterable(part.times for part in parts))
    return [records[n] for n in sorted(range(len(records)), key=times.__getitem__)]


def _last_of_each(records: Sequence[Record], topics: int) -> dict[str, Record]:
    last: dict[str, Record] = {}
    for record in reversed(records):
        if last.setdefault(record.topic, record) is record and len(last) == topics:
            break
    return last


class ChunkScheduler(SchedulingStrategyT):
    """Gives Faust one record per chunk, its value the `Chunk`, in turns over the partitions.

    The setting `ConsumerScheduler` is an official extension point. Records of topics that are not the engine's own
    (an ordinary Faust agent in the same app) pass one by one.
    """

    def __init__(self) -> None:
        """Take no settings: the chunks come as they are."""

    def iterate(self, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Any]]:
        """Yield (partition, record) in the order in which they are to be processed."""
        turns = {tp: iter(found) for tp, found in records.items()}
        while turns:
            for tp in list(turns):
                item = next(turns[tp], None)
                if item is None:
                    del turns[tp]
                elif isinstance(item, Chunk):
                    yield carrier(tp.partition, item)
                else:
                    yield tp, item


def carrier(partition: int, chunk: Chunk) -> tuple[TP, ConsumerRecord]:
    """Wrap a chunk into the one record that travels through Faust, in the name of one of its inputs."""
    topic, span = next(iter(chunk.spans.items()))
    time = span.newest or 0
    return TP(topic, partition), ConsumerRecord(topic, partition, span.end - 1, time, 0, None, chunk, None, 0, 0, ())


class PassThroughSchema(Schema[Any, Any]):
    """Leaves decoding to the state: Faust's conductor would decode record by record."""

    def compile(self, app: Any, **_: Any) -> Any:
        """Return the decoder that the conductor calls for each message."""

        async def decode(message: Any, *, propagate: bool = False) -> Any:
            return app.create_event(message.key, message.value, message.headers, message)

        return decode
