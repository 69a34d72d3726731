"""The records of the inputs, taken from a fetch a batch at a time.

aiokafka makes an object with a dictionary for every record, through three Python calls; that takes longer than decoding
the event in it. Here a batch is unpacked in one go, into small objects that the garbage collector need not look at.

This leans on internals of aiokafka 0.14.0; tests/streams/engine/test_pins.py fails when one of these places changes.
"""

# ruff: noqa: SLF001  # touching what is private is the job of this module

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import CorruptRecordException
from faust.transport.consumer import ensure_TP
from faust.types import TP
from msgspec import Struct

Header = tuple[str, bytes | None]


class Record(Struct, gc=False):
    """A record of an input.

    Attributes:
        topic: The input.
        partition: Its partition.
        offset: Its place there.
        timestamp: ms since 1970, by its producer or by the broker, as the topic is set up.
        key: None when it has none.
        value: None for a tombstone.
        headers: Name and value of each.
    """

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Sequence[Header] = ()


def hand_out_pieces(fetcher: Any, is_ours: Callable[[TP], bool], size: int) -> None:
    """Have a fetcher hand out lists of records of some inputs, where it hands out single records of others.

    Args:
        fetcher: aiokafka's, of one consumer.
        is_ours: Whether lists are wanted of an input.
        size: A list ends with the batch that fills it to so many records, or with the fetch.
    """
    process = fetcher._proc_fetch_request

    async def process_and_prepare(*request: Any) -> Any:
        outcome = await process(*request)
        # Nothing is awaited since the results were put there, so nobody has read them as single records. To prepare one
        # a second time, half read, does no harm: between two lists everything is with the result itself.
        for tp, result in fetcher._records.items():
            if isinstance(result, FetchResult) and result.has_more() and is_ours(ensure_TP(tp)):
                fetched = result._partition_records
                fetched._records_iterator = _pieces(fetched, size)
        return outcome

    fetcher._proc_fetch_request = process_and_prepare


def _pieces(fetched: Any, size: int) -> Iterator[list[Record]]:
    """Yield the visible records of a fetch; its position is behind each list when that is handed out."""
    batches, found = fetched._records, list[Record]()
    while batches.has_next():
        batch = batches.next_batch()
        if fetched._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"{fetched._tp}: a batch that does not match its checksum")
        if _is_visible(fetched, batch):
            found += _unpacked(batch, fetched)
        fetched.next_fetch_offset = batch.next_offset
        if len(found) >= size:
            piece, found = found, []
            yield piece
    if found:
        yield found


def _is_visible(fetched: Any, batch: Any) -> bool:
    """Return whether a batch holds records of a transaction that was committed, or of none."""
    producer = batch.producer_id
    if producer is None:  # a format from before transactions
        return True
    fetched._consume_aborted_up_to(batch.base_offset)
    if batch.is_control_batch:
        if fetched._contains_abort_marker(batch):
            fetched._aborted_producers.discard(producer)
        return False
    return not (batch.is_transactional and producer in fetched._aborted_producers)


def _unpacked(batch: Any, fetched: Any) -> list[Record]:
    """Return the records of a batch that lie at or behind the position; what is compressed is fetched as a whole."""
    topic, partition = fetched._tp
    records = [Record(topic, partition, r.offset, r.timestamp, r.key, r.value, r.headers or ()) for r in batch]
    since = fetched.next_fetch_offset
    if records and records[0].offset < since:
        return [record for record in records if record.offset >= since]
    return records
