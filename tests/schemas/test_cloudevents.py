import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings import kafka
from cloudevents.core.bindings.kafka import KafkaMessage
from cloudevents.core.v1.event import CloudEvent
from hypothesis import given
from hypothesis import strategies as st

from schemas.cloudevents import decode_record
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER, MAX_BYTES, NO_VALUE, TOO_LARGE, encode
from schemas.examples import EVENTS
from schemas.interaction_events import Interaction
from schemas.lead_events import Created, Event, Lost, Won
from schemas.refusals import Reason, Refusal
from tests.schemas.decoding import decode_lead

Headers = list[tuple[str, bytes | None]]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
ENVELOPE = {
    "specversion": "1.0",
    "id": "e",
    "source": "/crm",
    "type": "com.example.won.v1",
    "subject": "l",
    "time": "2026-03-02T12:00:00Z",
}
STRUCTURED: Headers = [("content-type", b"application/cloudevents+json")]
identifiers = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


def received(message: KafkaMessage, decoder: Any = LEAD_DECODER) -> Event | Refusal:
    outcome = decode_record(decoder, message.value, list(message.headers.items()))
    assert isinstance(outcome, Event | Refusal)
    return outcome


def enveloped(event: Event) -> CloudEvent:
    """Split an event as a producer with the SDK would: common fields to attributes, the rest to data."""
    fields = json.loads(encode(event))
    attributes = {
        "id": fields.pop("event_id"),
        "subject": fields.pop("lead_id"),
        "time": datetime.fromisoformat(fields.pop("occurred_at")),
        "type": f"com.example.crm.{fields.pop('type')}.v1",
        "source": "/crm",
        "datacontenttype": "application/json",
    }
    return CloudEvent(attributes, fields or None)


def structured(changed: dict[str, Any] | None = None, *, without: str = "") -> Event | Refusal:
    fields = ENVELOPE | (changed or {})
    fields.pop(without, None)
    return decode_record(LEAD_DECODER, json.dumps(fields).encode(), STRUCTURED)


def binary(changed: dict[str, bytes | None] | None = None, value: bytes | None = None) -> Event | Refusal:
    headers: dict[str, bytes | None] = {f"ce_{name}": text.encode() for name, text in ENVELOPE.items()}
    return decode_record(LEAD_DECODER, value, list((headers | (changed or {})).items()))


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
def test_what_the_sdk_writes_is_read_as_the_plain_event_in_both_modes(event: Event) -> None:
    decoder = INTERACTION_DECODER if isinstance(event, Interaction) else LEAD_DECODER
    assert received(kafka.to_structured_event(enveloped(event)), decoder) == event
    assert received(kafka.to_binary_event(enveloped(event)), decoder) == event


@given(identifiers, identifiers, identifiers)
def test_any_text_in_an_envelope_of_the_sdk_arrives_unchanged(event_id: str, lead_id: str, reason: str) -> None:
    event = Lost(event_id=event_id, lead_id=lead_id, occurred_at=NOON, reason=reason)
    assert received(kafka.to_structured_event(enveloped(event))) == event
    assert received(kafka.to_binary_event(enveloped(event))) == event


def test_what_we_read_the_sdk_reads_alike() -> None:
    headers = {name: text for name, text in STRUCTURED if text is not None}
    theirs = kafka.from_kafka_event(KafkaMessage(headers, b"l", json.dumps(ENVELOPE).encode()))
    ours = structured()
    assert isinstance(ours, Won)
    assert (ours.event_id, ours.lead_id, ours.occurred_at) == (
        theirs.get_id(),
        theirs.get_subject(),
        theirs.get_time(),
    )


def test_binary_data_of_the_sdk_is_read_from_base64() -> None:
    event = CloudEvent(
        {"id": "e", "subject": "l", "time": NOON, "type": "lost", "source": "/crm"}, b'{"reason": "price"}'
    )
    message = kafka.to_structured_event(event)
    assert b"data_base64" in message.value
    assert received(message) == Lost("e", "l", NOON, reason="price")


@pytest.mark.parametrize(
    "kind",
    ["won", "won.v1", "won.v12.3.4", "com.example.won", "com.example.won.v1", "v2.won", "com.example.v1.won"],
)
def test_the_type_is_the_last_segment_without_its_version(kind: str) -> None:
    assert structured({"type": kind}) == Won("e", "l", NOON)


@pytest.mark.parametrize("kind", ["v1", "com.example.lead_won", "com.example.won.v1.beta", "won.", "com/example/won"])
def test_another_type_is_unknown(kind: str) -> None:
    outcome = structured({"type": kind})
    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.field) == (Reason.UNKNOWN_TYPE, "type")


def test_fields_in_the_data_win_over_the_envelope() -> None:
    inner = Lost("own", "own lead", datetime(2026, 1, 1, tzinfo=UTC), reason="price")
    assert structured({"type": "com.example.outbox", "data": json.loads(encode(inner))}) == inner
    assert binary({"ce_type": b"com.example.outbox"}, encode(inner)) == inner


def test_the_source_of_the_envelope_is_not_the_source_of_the_lead() -> None:
    outcome = structured({"type": "created"})
    assert isinstance(outcome, Created)
    assert outcome.source == ""


@pytest.mark.parametrize("value", [None, b""])
def test_a_binary_event_without_data_may_have_no_value(value: bytes | None) -> None:
    assert binary(value=value) == Won("e", "l", NOON)


def test_absent_and_null_are_the_same_in_an_envelope() -> None:
    assert structured({"data": None, "data_base64": None, "dataschema": None}) == Won("e", "l", NOON)
    assert binary({"ce_dataschema": None}) == Won("e", "l", NOON)


def test_an_extension_attribute_is_ignored() -> None:
    assert structured({"partitionkey": "l", "traceparent": "00-1"}) == Won("e", "l", NOON)


@pytest.mark.parametrize("name", ["Content-Type", "CONTENT-TYPE", "content-type"])
@pytest.mark.parametrize("kind", [b"application/cloudevents+json; charset=UTF-8", b"Application/CloudEvents+JSON"])
def test_structured_mode_is_known_by_its_media_type_in_any_case(name: str, kind: bytes) -> None:
    assert decode_record(LEAD_DECODER, json.dumps(ENVELOPE).encode(), [(name, kind)]) == Won("e", "l", NOON)


def test_structured_mode_goes_before_binary_headers() -> None:
    headers: Headers = [*STRUCTURED, ("ce_specversion", b"1.0"), ("ce_id", b"other")]
    assert decode_record(LEAD_DECODER, json.dumps(ENVELOPE).encode(), headers) == Won("e", "l", NOON)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [("traceparent", b"00-1")],
        [("content-type", b"application/json")],
        [("content-type", None)],
        [("content-type", b"\xff")],
        [("ce_id", b"no version, so no CloudEvent")],
    ],
)
def test_other_headers_leave_a_record_plain(headers: Headers) -> None:
    value = encode(Won("e", "l", NOON))
    assert decode_record(LEAD_DECODER, value, headers) == Won("e", "l", NOON)
    assert decode_record(LEAD_DECODER, b"[]", headers) == decode_lead(b"[]")
    assert decode_record(LEAD_DECODER, None, headers) == NO_VALUE


@pytest.mark.parametrize(
    ("kind", "shown"),
    [
        (b"application/cloudevents", "application/cloudevents"),
        (b"application/cloudevents+avro", "application/cloudevents+avro"),
        (b"application/cloudevents-batch+json", "application/cloudevents-batch+json"),
    ],
)
def test_another_format_than_json_is_malformed(kind: bytes, shown: str) -> None:
    outcome = decode_record(LEAD_DECODER, b"[]", [("content-type", kind)])
    assert outcome == Refusal(
        Reason.MALFORMED, "content-type", f"'{shown}' is not read, application/cloudevents+json is"
    )


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type"])
def test_a_cloudevent_lacks_no_required_attribute(name: str) -> None:
    assert structured(without=name) == Refusal(Reason.INVALID, name, "is missing, a CloudEvent has it")
    assert structured({name: ""}) == Refusal(Reason.INVALID, name, "is empty, a CloudEvent has it")
    assert structured({name: 1}) == Refusal(Reason.INVALID, name, "expected `str`, got `int`")


@pytest.mark.parametrize(("attribute", "field"), [("subject", "lead_id"), ("time", "occurred_at")])
def test_an_attribute_that_an_event_needs_is_named_with_its_field(attribute: str, field: str) -> None:
    expected = Refusal(Reason.INVALID, field, f"is missing (CloudEvents attribute {attribute})")
    assert structured(without=attribute) == expected
    assert binary({f"ce_{attribute}": None}) == expected


@pytest.mark.parametrize(
    ("changed", "reason", "field", "detail"),
    [
        ({"specversion": "0.3"}, "invalid", "specversion", "is '0.3', 1.0 is read"),
        ({"id": "x" * 257}, "invalid", "event_id", "expected `str` of length <= 256 (CloudEvents attribute id)"),
        (
            {"time": "2026-03-02T12:00:00"},
            "invalid",
            "occurred_at",
            "has no zone: write Z or an offset such as +02:00 (CloudEvents attribute time)",
        ),
        (
            {"time": "1969-01-01T00:00:00Z"},
            "invalid",
            "occurred_at",
            "lies before 1970-01-01T00:00:00Z (CloudEvents attribute time)",
        ),
        (
            {"type": "x.sold"},
            "unknown_type",
            "type",
            "no event of this topic is named 'sold' (CloudEvents attribute type)",
        ),
        ({"data": {"lead_id": ""}}, "invalid", "lead_id", "expected `str` of length >= 1"),
        ({"type": "lost", "data": {"reason": 1}}, "invalid", "reason", "expected `str`, got `int`"),
        ({"data": [1]}, "malformed", "data", "no JSON object but `array`"),
        ({"data": "{}"}, "malformed", "data", "no JSON object but `str`"),
        ({"data": {}, "data_base64": "e30="}, "invalid", "data_base64", "excludes data, and both are there"),
        ({"data_base64": "e30"}, "invalid", "data_base64", "is no base64"),
        ({"data_base64": "e3\n0="}, "invalid", "data_base64", "is no base64"),
        ({"data_base64": "é"}, "invalid", "data_base64", "is no base64"),
        ({"data_base64": 1}, "invalid", "data_base64", "expected `str`, got `int`"),
        ({"data_base64": "/w=="}, "malformed", "data", "no JSON: invalid character (byte 0)"),
        ({"datacontenttype": "text/xml", "data": {}}, "invalid", "datacontenttype", "is no JSON media type"),
    ],
)
def test_a_bad_structured_event_is_refused(changed: dict[str, Any], reason: str, field: str, detail: str) -> None:
    assert structured(changed) == Refusal(Reason(reason), field, detail)


@pytest.mark.parametrize(
    ("changed", "value", "reason", "field", "detail"),
    [
        ({"ce_id": b"\xff"}, None, "malformed", "ce_id", "header is not UTF-8: invalid start byte"),
        ({"ce_id": b""}, None, "invalid", "id", "is empty, a CloudEvent has it"),
        ({"content-type": b"application/avro"}, b"{}", "invalid", "datacontenttype", "is no JSON media type"),
        ({}, b"<won/>", "malformed", "data", "no JSON: invalid character (byte 0)"),
        ({}, b"[" * 100_000, "malformed", "data", "nested too deeply"),
        ({}, b'{"x":' + b"[" * 100_000, "malformed", "data", "nested too deeply"),
    ],
)
def test_a_bad_binary_event_is_refused(
    changed: dict[str, bytes | None], value: bytes | None, reason: str, field: str, detail: str
) -> None:
    assert binary(changed, value) == Refusal(Reason(reason), field, detail)


@pytest.mark.parametrize("kind", [b"application/json", b"text/json; charset=utf-8", b"application/vnd.crm.v1+json"])
def test_json_data_may_have_any_json_media_type(kind: bytes) -> None:
    assert binary({"content-type": kind}, b"{}") == Won("e", "l", NOON)


@pytest.mark.parametrize("value", [None, b""])
def test_a_structured_event_needs_a_value(value: bytes | None) -> None:
    assert decode_record(LEAD_DECODER, value, STRUCTURED) == NO_VALUE


def test_a_value_that_is_too_large_is_not_even_looked_at() -> None:
    assert decode_record(LEAD_DECODER, b"{" * (MAX_BYTES + 1), STRUCTURED) == TOO_LARGE
    assert binary(value=b"{" * (MAX_BYTES + 1)) == TOO_LARGE


@given(
    st.binary(max_size=60),
    st.lists(
        st.tuples(
            st.sampled_from(["content-type", "ce_specversion", "ce_type", "ce_id", "ce_source", "x"]),
            st.none() | st.binary(max_size=30) | st.sampled_from([b"1.0", b"won", b"application/cloudevents+json"]),
        ),
        max_size=6,
    ),
)
def test_no_record_raises(value: bytes, headers: Headers) -> None:
    assert isinstance(decode_record(LEAD_DECODER, value, headers), Event | Refusal)
