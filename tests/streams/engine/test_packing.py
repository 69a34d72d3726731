import pytest
from aiokafka.producer.message_accumulator import BatchBuilder

from streams.engine.errors import RecordTooLarge
from streams.engine.packing import PackedRecord, pack

SMALL = 200


def batches(*values: bytes, limit: int = 10_000) -> list[BatchBuilder]:
    found: list[PackedRecord] = [(b"key", value, []) for value in values]
    return pack("topic", found, new_batch=lambda: BatchBuilder(SMALL, 0), timestamp=1, max_record_size=limit)


def test_nothing_makes_no_batch() -> None:
    assert batches() == []


def test_records_fill_batches_in_order() -> None:
    counts = [batch.record_count() for batch in batches(*[b"x" * 40] * 5)]
    assert sum(counts) == 5
    assert len(counts) > 1
    assert all(counts)


def test_a_record_larger_than_a_batch_gets_one_of_its_own() -> None:
    assert [batch.record_count() for batch in batches(b"a", b"x" * 1000, b"b")] == [1, 1, 1]


def test_a_record_beyond_the_limit_is_refused_with_the_sizes_of_its_parts() -> None:
    with pytest.raises(
        RecordTooLarge, match=r"topic has 23 bytes, more than max_record_size=22: key of 3 bytes b'key'"
    ):
        batches(b"x" * 20, limit=22)


def test_headers_count_too() -> None:
    found: list[PackedRecord] = [(b"key", b"value", [("name", b"x" * 20), ("nothing", None)])]
    with pytest.raises(RecordTooLarge, match="has 39 bytes"):
        pack("topic", found, new_batch=lambda: BatchBuilder(SMALL, 0), timestamp=1, max_record_size=38)
    [batch] = pack("topic", found, new_batch=lambda: BatchBuilder(SMALL, 0), timestamp=1, max_record_size=39)
    assert batch.record_count() == 1
