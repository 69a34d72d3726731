"""What a fetch brought, unpacked in pieces. The oracle is aiokafka's own way, record by record."""

import struct
from itertools import accumulate, pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchError, FetchResult, PartitionRecords
from aiokafka.errors import CorruptRecordException
from aiokafka.record._crecords import DefaultRecordBatchBuilder, LegacyRecordBatchBuilder, MemoryRecords
from aiokafka.record.util import calc_crc32c
from aiokafka.structs import TopicPartition
from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct

from streams.engine.driver import PIECES
from streams.engine.records import Record, hand_out_pieces

INPUT, OTHER = TopicPartition("left", 3), TopicPartition("other", 3)
T0 = 1_700_000_000_000
NOBODY = -1
GZIP = 1
CONTROL_BIT = 0x20
CRC_AT, ATTRIBUTES_AT, LAST_DELTA_AT = 17, 21, 23
"""Places in the header of a batch, https://kafka.apache.org/documentation/#recordbatch."""


class Batch(Struct, frozen=True, kw_only=True):
    """A batch of the log; the last of its offsets may have no record any more, as after compaction."""

    records: int
    missing: int = 0
    producer: int = NOBODY
    compressed: bool = False
    commits: bool | None = None
    """Whether it is the marker of a commit, or of an abort; None for records."""

    @property
    def length(self) -> int:
        return self.records + self.missing

    def encoded(self, offset: int) -> bytes:
        build = DefaultRecordBatchBuilder(2, GZIP * self.compressed, self.producer >= 0, self.producer, 0, 0, 1 << 20)
        for n in range(self.records):
            if self.commits is None:
                headers = [("h", None), ("i", b"x")] if n % 3 == 2 else []
                value = None if n % 5 == 4 else b"value %d" % (offset + n)
                build.append(n, T0 + offset + n, b"k" if n % 2 else None, value, headers)
            else:
                build.append(n, T0, struct.pack(">hh", 0, self.commits), b"", [])
        batch = bytearray(build.build())
        struct.pack_into(">q", batch, 0, offset)
        struct.pack_into(">i", batch, LAST_DELTA_AT, self.length - 1)
        batch[ATTRIBUTES_AT + 1] |= CONTROL_BIT * (self.commits is not None)
        struct.pack_into(">I", batch, CRC_AT, calc_crc32c(bytes(batch[ATTRIBUTES_AT:])))
        return bytes(batch)


class Log:
    """Some batches behind one another, as a fetch brings them."""

    def __init__(self, *batches: Batch) -> None:
        self.starts = [0, *accumulate(batch.length for batch in batches)]
        self.size = self.starts[-1]
        pairs = list(zip(batches, self.starts, strict=False))
        self.data = b"".join(batch.encoded(start) for batch, start in pairs)
        self.aborted = list(self._aborted(pairs))

    def _aborted(self, pairs: list[tuple[Batch, int]]) -> Any:
        """Yield (producer, first offset) of each transaction that was aborted, as a broker tells."""
        begun: dict[int, int] = {}
        for batch, start in pairs:
            if batch.commits is None:
                begun.setdefault(batch.producer, start)
            elif (first := begun.pop(batch.producer, None)) is not None and not batch.commits:
                yield batch.producer, first

    def fetched(self, position: int = 0) -> PartitionRecords:
        records = MemoryRecords(self.data)
        return PartitionRecords(INPUT, records, self.aborted, position, None, None, True, READ_COMMITTED)


class Fetcher:
    """aiokafka's, as far as it matters: a request puts results where readers find them."""

    def __init__(self, results: dict[TopicPartition, Any]) -> None:
        self._records: dict[TopicPartition, Any] = {}
        self._results = results

    async def _proc_fetch_request(self, *request: Any) -> bool:
        self._records.update(self._results)
        return True


def is_ours(tp: TP) -> bool:
    return tp.topic == "left"


def a_result(fetched: PartitionRecords, tp: TopicPartition = INPUT) -> FetchResult:
    moved: list[int] = []
    state = SimpleNamespace(paused=False, position=fetched.next_fetch_offset, consumed_to=moved.append)
    assignment = SimpleNamespace(active=True, state_value=lambda _: state)
    return FetchResult(tp, assignment=assignment, partition_records=fetched, backoff=0)


async def prepared(result: Any, size: int = 1, tp: TopicPartition = INPUT) -> Any:
    """Return what a reader finds of a result."""
    fetcher = Fetcher({tp: result})
    hand_out_pieces(fetcher, is_ours, size)
    assert await fetcher._proc_fetch_request("assignment", 0, "request") is True
    return fetcher._records[tp]


async def pieces(log: Log, size: int, position: int = 0) -> list[tuple[list[Record], int]]:
    """Return all pieces, each with the position when it was handed out."""
    fetched = log.fetched(position)
    await prepared(a_result(fetched), size)
    return [(piece, fetched.next_fetch_offset) for piece in fetched]


def fields(record: Any) -> tuple[Any, ...]:
    headers = tuple(record.headers)
    return record.topic, record.partition, record.offset, record.timestamp, record.key, record.value, headers


PRODUCERS = st.sampled_from([NOBODY, 1, 2])
BATCHES = st.builds(
    Batch, records=st.integers(0, 7), missing=st.integers(1, 2), producer=PRODUCERS, compressed=st.booleans()
)
MARKERS = st.builds(Batch, records=st.just(1), producer=st.sampled_from([1, 2]), commits=st.booleans())


@given(batches=st.lists(BATCHES | MARKERS, max_size=12), size=st.integers(1, 10), data=st.data())
async def test_pieces_hold_what_single_records_would_in_order_wherever_reading_begins(
    batches: list[Batch], size: int, data: st.DataObject
) -> None:
    log = Log(*batches)
    position = data.draw(st.integers(0, log.size))
    one_by_one = log.fetched(position)
    wanted = [fields(record) for record in one_by_one]
    found = await pieces(log, size, position)
    assert [fields(record) for piece, _ in found for record in piece] == wanted
    assert all(len(piece) >= size for piece, _ in found[:-1])
    assert all(piece[-1].offset < behind for piece, behind in found)
    assert all(behind <= piece[0].offset for (_, behind), (piece, _) in pairwise(found))
    if not position:
        assert one_by_one.next_fetch_offset == log.size


async def test_the_position_ends_behind_the_last_offset_whatever_was_visible() -> None:
    log = Log(Batch(records=2, producer=1), Batch(records=1, producer=1, commits=False))
    fetched = log.fetched()
    await prepared(a_result(fetched))
    assert list(fetched) == []
    assert fetched.next_fetch_offset == 3


async def test_a_list_ends_with_the_batch_that_fills_it() -> None:
    found = await pieces(Log(*(Batch(records=3) for _ in range(4))), 5)
    assert [(len(piece), behind) for piece, behind in found] == [(6, 6), (6, 12)]


async def test_a_result_that_is_read_to_its_end_is_known_to_be_so_at_once_and_the_next_is_fetched() -> None:
    result = await prepared(a_result(Log(Batch(records=3)).fetched()))
    assert len(result.getall(PIECES)) == 1
    assert not result.has_more()


async def test_a_result_that_is_prepared_again_half_read_goes_on_where_it_was() -> None:
    result = a_result(Log(*(Batch(records=3) for _ in range(3))).fetched())
    await prepared(result)
    [first] = result.getall(1)
    await prepared(result)
    assert [record.offset for piece in (first, *result._partition_records) for record in piece] == list(range(9))


async def test_records_of_a_format_from_before_transactions_are_read_too() -> None:
    builder = LegacyRecordBatchBuilder(1, 0, 1 << 20)
    for n in range(3):
        builder.append(n, T0 + n, b"k", b"v")
    fetched = PartitionRecords(INPUT, MemoryRecords(bytes(builder.build())), [], 1, None, None, True, READ_COMMITTED)
    await prepared(a_result(fetched))
    assert [fields(record) for piece in fetched for record in piece] == [
        ("left", 3, 1, T0 + 1, b"k", b"v", ()),
        ("left", 3, 2, T0 + 2, b"k", b"v", ()),
    ]


async def test_a_batch_that_was_damaged_is_said_and_is_never_passed() -> None:
    log = Log(Batch(records=2), Batch(records=2))
    log.data = log.data[:-1] + bytes([log.data[-1] ^ 1])
    fetched = log.fetched()
    await prepared(a_result(fetched))
    assert len(next(fetched)) == 2
    with pytest.raises(CorruptRecordException, match="checksum"):
        next(fetched)
    assert fetched.next_fetch_offset == 2


async def test_other_topics_come_record_by_record() -> None:
    result = a_result(Log(Batch(records=3)).fetched())
    await prepared(result, tp=OTHER)
    assert [record.offset for record in result.getall()] == [0, 1, 2]


async def test_what_went_wrong_passes_as_it_is() -> None:
    error = FetchError(error=ValueError("away"), backoff=0)
    assert await prepared(error) is error
