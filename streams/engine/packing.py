"""Records into record batches: one append costs a fraction of `producer.send`."""

from collections.abc import Callable, Iterable
from typing import Any

from streams.engine.errors import RecordTooLarge
from streams.engine.records import Header

PackedRecord = tuple[bytes | None, bytes | None, list[Header]]

SHOWN_KEY = 80
"""Bytes of a key shown in an error; keys come from outside."""


def pack(
    topic: str, records: Iterable[PackedRecord], *, new_batch: Callable[[], Any], timestamp: int, max_record_size: int
) -> list[Any]:
    """Return full batches in record order; a record larger than a batch gets a batch of its own.

    Args:
        topic: Where they go, for the error.
        records: (key, value, headers) of each record.
        new_batch: Makes an empty `aiokafka` batch builder of the producer.
        timestamp: Milliseconds since the epoch for every record.
        max_record_size: Largest sum of key, value and headers in bytes.

    Raises:
        RecordTooLarge: If a record is beyond `max_record_size`.
    """
    batches: list[Any] = []
    append: Callable[..., Any] = _full
    for key, value, headers in records:
        _check_size(topic, key, value, headers, max_record_size)
        if append(timestamp=timestamp, key=key, value=value, headers=headers) is None:
            batch = new_batch()
            batches.append(batch)
            append = batch.append
            append(timestamp=timestamp, key=key, value=value, headers=headers)  # the first record always fits
    return batches


def _full(**_: Any) -> None:
    """Stand in for a batch before the first one."""


def _check_size(topic: str, key: bytes | None, value: bytes | None, headers: list[Header], limit: int) -> None:
    size = len(key or b"") + len(value or b"")
    if headers:
        size += sum(len(name) + len(content or b"") for name, content in headers)
    if size > limit:
        raise RecordTooLarge(
            f"a record for {topic} has {size} bytes, more than max_record_size={limit}: key of {len(key or b'')} bytes "
            f"{(key or b'')[:SHOWN_KEY]!r}, value of {len(value or b'')} bytes"
        )
