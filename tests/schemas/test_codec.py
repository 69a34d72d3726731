import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Struct, to_builtins

from schemas import codec
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER, encode
from schemas.interaction_events import MAX_DURATION_SECONDS, Interaction
from schemas.lead_events import (
    MAX_AMOUNT,
    MAX_SCORE,
    AmountChanged,
    Assigned,
    Created,
    Disqualified,
    Event,
    LeadEvent,
    Lost,
    Merged,
    NextActivitySet,
    OptedOut,
    Reopened,
    Scored,
    StageChanged,
    Won,
)
from schemas.refusals import Reason, Refusal
from tests.schemas.decoding import decode_interaction, decode_lead

NOON = "2026-03-02T12:00:00Z"
COMMON: dict[str, Any] = {"event_id": "e", "lead_id": "l", "occurred_at": NOON}

ids = st.text(min_size=1, max_size=256)
texts = st.text(max_size=256)
zones = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
times = st.datetimes(datetime(1970, 1, 3), datetime(9999, 12, 29), timezones=zones)  # noqa: DTZ001  # the strategy adds the zone
currencies = st.from_regex(r"([A-Z]{3})?", fullmatch=True)
amounts = st.integers(0, MAX_AMOUNT)
finite = st.floats(-MAX_SCORE, MAX_SCORE)
FIELDS: dict[type[LeadEvent], dict[str, st.SearchStrategy[Any]]] = {
    Created: dict.fromkeys(
        ("source", "medium", "campaign", "segment", "region", "product", "variant", "referrer", "team"), texts
    )
    | {"amount": amounts, "currency": currencies},
    StageChanged: {"stage": ids},
    Assigned: {"owner": texts, "team": texts},
    AmountChanged: {"amount": amounts, "currency": currencies},
    Scored: {"score": finite},
    Won: {},
    Lost: {"reason": texts, "competitor": texts},
    Disqualified: {"reason": texts},
    Reopened: {},
    Merged: {"into": ids},
    NextActivitySet: {"planned_for": st.none() | times, "channel": st.text(max_size=64)},
    OptedOut: {"channel": st.text(max_size=64)},
}
lead_events = st.one_of(
    *(st.builds(kind, event_id=ids, lead_id=ids, occurred_at=times, **fields) for kind, fields in FIELDS.items())
)
interactions = st.builds(
    Interaction,
    event_id=ids,
    lead_id=ids,
    occurred_at=times,
    channel=st.text(min_size=1, max_size=64),
    actor=texts,
    duration_seconds=st.none() | st.floats(0, MAX_DURATION_SECONDS),
    sentiment=st.none() | st.floats(-1, 1),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def lead(kind: str = "won", **fields: Any) -> bytes:
    return json.dumps({"type": kind, **COMMON, **fields}).encode()


def interaction(**fields: Any) -> bytes:
    return json.dumps({"type": "interaction", "direction": "out", "channel": "call", **COMMON, **fields}).encode()


@given(lead_events)
def test_what_a_lead_event_says_comes_back_from_its_bytes(event: LeadEvent) -> None:
    assert decode_lead(encode(event)) == event


@given(interactions)
def test_what_an_interaction_says_comes_back_from_its_bytes(event: Interaction) -> None:
    assert decode_interaction(encode(event)) == event


def test_every_member_of_the_union_is_in_the_round_trip() -> None:
    assert set(FIELDS) == set(LeadEvent.__args__)


@given(st.binary(max_size=64))
def test_no_bytes_raise(value: bytes) -> None:
    assert isinstance(decode_lead(value), Refusal)
    assert isinstance(decode_interaction(value), Refusal)


@given(st.dictionaries(st.sampled_from(["type", "amount", "stage", "into", "source", *COMMON]), json_values))
def test_no_json_raises(fields: dict[str, Any]) -> None:
    for value in (json.dumps(fields).encode(), lead("created", **fields), interaction(**fields)):
        for outcome in (decode_lead(value), decode_interaction(value)):
            assert isinstance(outcome, Event | Refusal)


@given(st.integers(0, 120), st.binary(max_size=3))
def test_no_damaged_event_raises(cut: int, patch: bytes) -> None:
    value = lead("lost", reason="price")
    assert isinstance(decode_lead(value[:cut] + patch + value[cut + 2 :]), Event | Refusal)


@pytest.mark.parametrize(
    ("value", "reason", "field", "detail"),
    [
        (None, "malformed", "", "record has no value"),
        (b"", "malformed", "", "record has no value"),
        (b"   ", "malformed", "", "no JSON: Input data was truncated"),
        (b"{", "malformed", "", "no JSON: Input data was truncated"),
        (b"won", "malformed", "", "no JSON: invalid character (byte 0)"),
        (b"\x00", "malformed", "", "no JSON: invalid character (byte 0)"),
        (b"\xef\xbb\xbf{}", "malformed", "", "no JSON: invalid character (byte 0)"),
        (b"null", "malformed", "", "no JSON object but `null`"),
        (b"[]", "malformed", "", "no JSON object but `array`"),
        (b'"won"', "malformed", "", "no JSON object but `str`"),
        (b"7", "malformed", "", "no JSON object but `int`"),
        (b"{} {}", "malformed", "", "no JSON: trailing characters (byte 4)"),
        (b'{"type":"\xff"}', "malformed", "", "text is not UTF-8: invalid start byte"),
        (b'{"type":"\xed\xa0\x80"}', "malformed", "", "text is not UTF-8: invalid continuation byte"),
        (b'{"type":"sold","note":"\xff"}', "malformed", "", "text is not UTF-8: invalid start byte"),
        (b'{"type":"sold"', "malformed", "", "no JSON: Input data was truncated"),
        (b"[" * 100_000, "malformed", "", "nested too deeply"),
        (b'{"x":' + b"[" * 100_000, "malformed", "", "nested too deeply"),
        (b" " * codec.MAX_BYTES + b"1", "malformed", "", "value is larger than 1048576 bytes"),
        (b'{"type":"won","n":NaN}', "malformed", "", "no JSON: invalid character (byte 18)"),
        (b"{}", "invalid", "type", "is missing"),
        (b'{"type":null}', "invalid", "type", "expected `str`"),
        (lead("sold"), "unknown_type", "type", "no event of this topic is named 'sold'"),
        (lead("Won"), "unknown_type", "type", "no event of this topic is named 'Won'"),
        (lead("interaction"), "unknown_type", "type", "no event of this topic is named 'interaction'"),
        (lead("x" * 500), "unknown_type", "type", f"no event of this topic is named '{'x' * 60}…'"),
        (lead("a\nb"), "unknown_type", "type", r"no event of this topic is named 'a\nb'"),
        (b'{"type":"won","lead_id":7,"occurred_at":"x"}', "invalid", "lead_id", "expected `str`, got `int`"),
        (b'{"type":"won","lead_id":"l"}', "invalid", "event_id", "is missing"),
        (lead("stage_changed"), "invalid", "stage", "is missing"),
        (lead(lead_id=""), "invalid", "lead_id", "expected `str` of length >= 1"),
        (lead(event_id=""), "invalid", "event_id", "expected `str` of length >= 1"),
        (lead(event_id="x" * 257), "invalid", "event_id", "expected `str` of length <= 256"),
        (lead(event_id=7), "invalid", "event_id", "expected `str`, got `int`"),
        (lead(event_id=None), "invalid", "event_id", "expected `str`, got `null`"),
        (lead("stage_changed", stage=""), "invalid", "stage", "expected `str` of length >= 1"),
        (lead("created", source="x" * 257), "invalid", "source", "expected `str` of length <= 256"),
        (lead("created", amount=-1), "invalid", "amount", "expected `int` >= 0"),
        (lead("created", amount=1.5), "invalid", "amount", "expected `int`, got `float`"),
        (lead("created", amount=True), "invalid", "amount", "expected `int`, got `bool`"),
        (lead("created", amount="1"), "invalid", "amount", "expected `int`, got `str`"),
        (lead("created", amount=2**53), "invalid", "amount", "expected `int` <= 9007199254740991"),
        (lead("created", amount=10**30), "invalid", "amount", "expected `int` <= 9007199254740991"),
        (lead("scored", score=1.1e6), "invalid", "score", "expected `float` <= 1000000.0"),
        (lead("scored", score="1"), "invalid", "score", "expected `float`, got `str`"),
        (lead("scored").replace(b"}", b',"score":1e999}'), "invalid", "score", "number out of range"),
        (lead("merged", into=""), "invalid", "into", "expected `str` of length >= 1"),
    ],
)  # fmt: skip
def test_a_bad_lead_event_is_refused_with_reason_field_and_detail(
    value: bytes | None, reason: str, field: str, detail: str
) -> None:
    assert decode_lead(value) == Refusal(Reason(reason), field, detail)


@pytest.mark.parametrize(
    ("value", "field", "detail"),
    [
        (interaction(type=None), "type", "expected `str`"),
        (interaction(direction="up"), "direction", "is none of in, out"),
        (interaction(direction=1), "direction", "expected `str`, got `int`"),
        (interaction(actor_kind="robot"), "actor_kind", "is none of human, bot, automation"),
        (interaction(channel=""), "channel", "expected `str` of length >= 1"),
        (interaction(channel="x" * 65), "channel", "expected `str` of length <= 64"),
        (interaction(duration_seconds=-1), "duration_seconds", "expected `float` >= 0.0"),
        (interaction(sentiment=1.01), "sentiment", "expected `float` <= 1.0"),
        (interaction(substantive="yes"), "substantive", "expected `bool | null`, got `str`"),
        (interaction(closing_attempt=None), "closing_attempt", "expected `bool`, got `null`"),
        (
            interaction(outcome="sold"),
            "outcome",
            "is none of attempted, connected, replied, no_answer, bounced, booked, held, no_show",
        ),
    ],
)
def test_a_bad_interaction_is_refused_with_field_and_detail(value: bytes, field: str, detail: str) -> None:
    assert decode_interaction(value) == Refusal(Reason.INVALID, field, detail)


def test_an_interaction_needs_its_type_although_its_topic_has_only_one() -> None:
    fields = json.loads(interaction())
    del fields["type"]
    assert decode_interaction(json.dumps(fields).encode()) == Refusal(Reason.INVALID, "type", "is missing")


@pytest.mark.parametrize("kind", ["won", "", "Interaction"])
def test_an_interaction_of_another_type_is_unknown(kind: str) -> None:
    outcome = decode_interaction(interaction(type=kind))
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.UNKNOWN_TYPE


def test_the_reserved_type_cannot_be_sent() -> None:
    for nothing in (None, "", "x", 0):
        assert isinstance(decode_interaction(interaction(type="\x00", nothing=nothing)), Refusal)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-02T12:00:00Z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02t12:00:00z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02 12:00:00Z", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00-00:00", datetime(2026, 3, 2, 12, tzinfo=UTC)),
        ("2026-03-02T12:00:00+05:45", datetime(2026, 3, 2, 6, 15, tzinfo=UTC)),
        ("2026-03-02T12:00:00.1234567Z", datetime(2026, 3, 2, 12, 0, 0, 123457, tzinfo=UTC)),
        ("1970-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC)),
        ("1969-12-31T23:00:00-01:00", datetime(1970, 1, 1, tzinfo=UTC)),
        ("2024-02-29T00:00:00Z", datetime(2024, 2, 29, tzinfo=UTC)),
        ("9999-12-31T23:59:59+00:00", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_a_time_with_a_zone_is_read(text: str, read: datetime) -> None:
    outcome = decode_lead(lead(occurred_at=text))
    assert isinstance(outcome, Won)
    assert outcome.occurred_at == read


@pytest.mark.parametrize(
    ("text", "detail"),
    [
        ("2026-03-02T12:00:00", "has no zone: write Z or an offset such as +02:00"),
        ("2026-03-02", "is no RFC 3339 time such as 2026-11-22T09:30:00Z"),
        ("2016-12-31T23:59:60Z", "is no RFC 3339 time such as 2026-11-22T09:30:00Z"),
        ("2026-03-02T24:00:00Z", "is no RFC 3339 time such as 2026-11-22T09:30:00Z"),
        ("2026-02-29T12:00:00Z", "is no RFC 3339 time such as 2026-11-22T09:30:00Z"),
        ("", "is no RFC 3339 time such as 2026-11-22T09:30:00Z"),
        (1772452800, "expected `datetime`, got `int`"),
        (None, "expected `datetime`, got `null`"),
        ("1969-12-31T23:59:59.999999Z", "lies before 1970-01-01T00:00:00Z"),
        ("1970-01-01T00:59:59+01:00", "lies before 1970-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00+23:59", "lies before 1970-01-01T00:00:00Z"),
    ],
)
def test_a_time_that_cannot_be_placed_is_refused(text: object, detail: str) -> None:
    assert decode_lead(lead(occurred_at=text)) == Refusal(Reason.INVALID, "occurred_at", detail)


def test_the_last_time_there_is_raises_nothing_in_any_zone() -> None:
    assert isinstance(decode_lead(lead(occurred_at="9999-12-31T23:59:59.999999-23:59")), Won)


@given(st.dictionaries(st.text(max_size=8).filter(lambda name: name not in Interaction.__struct_fields__), json_values))
def test_unknown_fields_are_ignored(more: dict[str, Any]) -> None:
    more = {name: value for name, value in more.items() if name != "type"}
    more = json.loads(json.dumps(more), parse_constant=lambda _: None)  # NaN and Infinity are no JSON
    assert decode_interaction(interaction(**more)) == decode_interaction(interaction())


def test_an_unknown_field_may_hold_anything_at_any_reasonable_depth() -> None:
    deep = lead()[:-1] + b',"x":' + b'{"x":[' * 50 + b"1e999" + b"]}" * 50 + b"}"
    assert decode_lead(deep) == decode_lead(lead())


def test_a_field_that_comes_twice_counts_with_its_last_value() -> None:
    outcome = decode_lead(lead()[:-1] + b',"lead_id":"second"}')
    assert isinstance(outcome, Won)
    assert outcome.lead_id == "second"


def test_lengths_are_counted_in_characters() -> None:
    assert isinstance(decode_lead(lead(event_id="😀" * 256)), Won)
    assert isinstance(decode_lead(lead(event_id="😀" * 257)), Refusal)


def test_an_id_may_hold_any_character_even_nul() -> None:
    outcome = decode_lead(lead(lead_id="\x00\u202e/../{}"))
    assert isinstance(outcome, Won)
    assert outcome.lead_id == "\x00\u202e/../{}"


@pytest.mark.parametrize("text", [r"\ud800", r"\udc00", r"\ud800A"])
def test_a_lone_surrogate_is_malformed(text: str) -> None:
    outcome = decode_lead(lead(lead_id="@").replace(b"@", text.encode()))
    assert isinstance(outcome, Refusal)
    assert outcome.reason is Reason.MALFORMED


@pytest.mark.parametrize("currency", ["eur", "EU", "EURO", "EUR\n", "\n", "€UR", "E R"])
def test_a_currency_is_three_capital_letters_or_nothing(currency: str) -> None:
    outcome = decode_lead(lead("amount_changed", amount=1, currency=currency))
    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.field) == (Reason.INVALID, "currency")


def test_a_value_of_exactly_the_largest_size_is_read() -> None:
    assert isinstance(decode_lead(lead().ljust(codec.MAX_BYTES)), Won)
    assert decode_lead(lead().ljust(codec.MAX_BYTES + 1)) == codec.TOO_LARGE


@given(st.binary(min_size=1, max_size=40) | json_values.map(lambda value: json.dumps(value).encode()))
def test_the_bare_decoder_and_refusal_say_what_decode_says(value: bytes) -> None:
    try:
        LEAD_DECODER.decode(value)
    except codec.UNREADABLE as cause:
        assert codec.refusal(cause, value) == decode_lead(value)


def test_an_exception_that_is_no_decoders_is_not_taken_for_bad_input() -> None:
    with pytest.raises(KeyError):
        codec.refusal(KeyError("x"), b"{}")


def test_refusal_of_an_empty_value_says_that_there_is_none() -> None:
    try:
        INTERACTION_DECODER.decode(b"")
    except codec.UNREADABLE as cause:
        assert codec.refusal(cause, b"") == codec.NO_VALUE


@pytest.mark.parametrize("event", [Won("e", "l", datetime(2026, 3, 2, tzinfo=UTC))])
def test_times_are_written_with_their_zone(event: Struct) -> None:
    assert to_builtins(event)["occurred_at"] == "2026-03-02T00:00:00Z"


def test_a_text_that_utf_8_cannot_carry_is_not_written() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode(Won("e", "\ud800", datetime(2026, 3, 2, tzinfo=UTC)))
