import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from aiokafka import ConsumerRecord
from hypothesis import given
from hypothesis import strategies as st

from schemas.dead_letters import (
    HEADERS,
    KEPT_KEY,
    KEPT_VALUE,
    MAX_MESSAGE,
    MAX_STACKTRACE,
    MAX_WHOLE,
    REQUIRED_HEADERS,
    DeadLetter,
    Header,
    dead_letter,
    from_record,
    headers_of,
    original_headers,
)
from schemas.refusals import Reason, Refusal, refuse


@dataclass
class Read:
    topic: str = "leads.v1"
    partition: int = 2
    offset: int = 1204
    key: bytes | None = b"L-1"
    value: bytes | None = b"{"
    headers: Sequence[Header] = field(default_factory=list)


MISSING = Refusal(Reason.INVALID, "stage", "is missing")
foreign_headers = st.lists(
    st.tuples(st.text(max_size=20), st.none() | st.binary(max_size=20)).filter(lambda header: header[0] not in HEADERS),
    max_size=4,
)
maybe_bytes = st.none() | st.binary(max_size=20)
records = st.builds(Read, key=maybe_bytes, value=maybe_bytes, headers=foreign_headers)


def failed(depth: int = 0, message: str = "boom") -> BaseException:
    def fall(left: int) -> None:
        if left:
            fall(left - 1)
        raise RuntimeError(message)

    try:
        fall(depth)
    except RuntimeError as cause:
        return cause
    raise AssertionError


def test_a_refused_record_gets_the_headers_of_kafka_connect_and_our_own() -> None:
    assert headers_of(dead_letter(Read(headers=[("traceparent", b"00-1")]), MISSING)) == [
        ("traceparent", b"00-1"),
        ("__connect.errors.topic", b"leads.v1"),
        ("__connect.errors.partition", b"2"),
        ("__connect.errors.offset", b"1204"),
        ("__connect.errors.connector.name", b"leadpulse"),
        ("__connect.errors.task.id", b"2"),
        ("__connect.errors.stage", b"VALUE_CONVERTER"),
        ("__connect.errors.class.name", b"schemas.codec"),
        ("__connect.errors.exception.message", b"is missing"),
        ("leadpulse.reason", b"invalid"),
        ("leadpulse.field", b"stage"),
    ]


def test_a_defect_leaves_its_class_message_and_stack_trace() -> None:
    letter = dead_letter(Read(), Refusal(Reason.PROCESSING_ERROR, "", "RuntimeError: boom"), failed())
    headers = dict(headers_of(letter))
    assert headers["__connect.errors.exception.class.name"] == b"RuntimeError"
    assert headers["__connect.errors.exception.message"] == b"boom"
    assert headers["__connect.errors.stage"] == b"TASK_PUT"
    trace = headers["__connect.errors.exception.stacktrace"] or b""
    assert trace.startswith(b"Traceback (most recent call last):")
    assert trace.endswith(b"RuntimeError: boom")
    assert b"in fall" in trace


def test_the_stages_are_names_that_kafka_connect_knows() -> None:
    known = {b"KEY_CONVERTER", b"VALUE_CONVERTER", b"TASK_PUT"}
    for reason in Reason:
        headers = dict(headers_of(dead_letter(Read(), Refusal(reason, "", "x"))))
        assert headers["__connect.errors.stage"] in known


def test_a_message_and_a_stack_trace_are_cut() -> None:
    letter = dead_letter(Read(), refuse(Reason.PROCESSING_ERROR, "", "x"), failed(400, "é" * 100_000))
    assert len(letter.message) == MAX_MESSAGE
    assert len(letter.stacktrace.encode()) <= MAX_STACKTRACE
    assert letter.stacktrace.endswith("éé")


def test_only_the_innermost_frames_are_kept() -> None:
    letter = dead_letter(Read(), refuse(Reason.PROCESSING_ERROR, "", "x"), failed(400))
    repeated = re.search(r"Previous line repeated (\d+) more times", letter.stacktrace)
    assert repeated
    assert int(repeated[1]) < 32
    assert letter.stacktrace.endswith("RuntimeError: boom")


def test_a_message_with_a_line_feed_stays_one_line() -> None:
    letter = dead_letter(Read(), refuse(Reason.PROCESSING_ERROR, "", "x"), failed(message="one\ntwo \ud800"))
    assert letter.message == r"one\ntwo \ud800"


def test_an_exception_without_a_message_still_writes_every_required_header() -> None:
    letter = dead_letter(Read(), refuse(Reason.PROCESSING_ERROR, "", "x"), failed(message=""))
    assert set(REQUIRED_HEADERS) <= {name for name, _ in headers_of(letter)}


@given(records, st.sampled_from(Reason), st.text(st.characters(), max_size=400), st.booleans())
def test_what_a_dead_letter_says_comes_back_from_its_record(
    record: Read, reason: Reason, text: str, defect: bool
) -> None:
    letter = dead_letter(record, refuse(reason, text, text), failed(message=text) if defect else None)
    assert from_record(record.key, record.value, headers_of(letter)) == letter


def test_a_record_that_is_refused_again_has_only_its_last_reason() -> None:
    first = dead_letter(Read(headers=[("a", b"1")]), refuse(Reason.PROCESSING_ERROR, "", "x"), failed())
    again = dead_letter(Read(offset=9000, headers=headers_of(first)), MISSING)
    names = [name for name, _ in headers_of(again)]
    assert len(names) == len(set(names))
    assert again == DeadLetter("leads.v1", 2, 9000, b"L-1", b"{", (("a", b"1"),), Reason.INVALID, "stage", "is missing")


def test_a_record_that_goes_back_carries_what_its_producer_gave_it() -> None:
    theirs: list[Header] = [("a", b"1"), ("a", b"2"), ("empty", None), ("leadpulse.other", b"x")]
    letter = dead_letter(Read(headers=theirs), MISSING)
    assert original_headers(headers_of(letter)) == tuple(theirs)


@pytest.mark.parametrize(
    "changed",
    [
        {"leadpulse.reason": b"whatever"},
        {"leadpulse.reason": None},
        {"__connect.errors.partition": b"two"},
        {"__connect.errors.offset": b"\xff"},
    ],
)
def test_a_record_that_somebody_else_wrote_is_no_dead_letter_of_ours(changed: dict[str, bytes | None]) -> None:
    headers = dict(headers_of(dead_letter(Read(), MISSING)))
    assert from_record(b"k", b"v", list((headers | changed).items())) is None
    assert from_record(b"k", b"v", []) is None


def test_a_record_as_aiokafka_hands_it_over_will_do() -> None:
    record: ConsumerRecord[bytes, bytes] = ConsumerRecord("leads.v1", 2, 7, 0, 0, b"k", None, None, 1, 0, ())
    letter = dead_letter(record, MISSING)
    assert (letter.topic, letter.partition, letter.offset, letter.key, letter.value) == ("leads.v1", 2, 7, b"k", None)


def size_of(letter: DeadLetter) -> int:
    headers = sum(len(name) + len(text or b"") for name, text in headers_of(letter))
    return len(letter.key or b"") + len(letter.value or b"") + headers


BROKERS_TAKE = 1_000_000
"""A little less than what `max.message.bytes` is by default."""


def test_the_largest_record_that_is_kept_whole_fits_into_what_brokers_take_by_default() -> None:
    record = Read(value=b"x" * (MAX_WHOLE - len(b"L-1")))
    letter = dead_letter(record, refuse(Reason.INVALID, "stage", "é" * 2000), failed(message="é" * 20_000))
    assert letter.value == record.value
    assert size_of(letter) < BROKERS_TAKE


@pytest.mark.parametrize(
    "record",
    [
        Read(value=b"x" * MAX_WHOLE),
        Read(key=b"k" * (9 << 20)),
        Read(key=None, value=b"{}", headers=[("h", b"h" * MAX_WHOLE)]),
    ],
)
def test_a_larger_one_is_cut_and_says_so(record: Read) -> None:
    letter = dead_letter(record, MISSING)
    assert size_of(letter) < BROKERS_TAKE
    assert letter.key == (record.key and record.key[:KEPT_KEY])
    assert letter.value == (record.value or b"")[:KEPT_VALUE]
    assert letter.headers == ()
    assert re.fullmatch(r"cut from \d+ bytes, the whole is where it was read; is missing", letter.message)
    assert (letter.topic, letter.partition, letter.offset) == ("leads.v1", 2, 1204)
