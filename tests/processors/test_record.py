"""The lead record, packed and unpacked."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack, structs

from processors.changelog import Changelog
from processors.funnel import DISQUALIFIED, LOST, OPEN, WON
from processors.record import START, Facts, Lead, decode_lead, encode_lead
from processors.shard import Shard
from tests.examples import examples
from tests.processors.events import FUNNEL, STREAMS
from tests.processors.looks import feed

NUMBERS = st.integers(0, 2**63 - 1)
POSITIONS = st.tuples(*[NUMBERS] * (len(START) - 1), st.binary(max_size=24))
SAID = st.dictionaries(st.integers(0, 2), st.tuples(*[NUMBERS] * 5), max_size=3)
NOTES = st.dictionaries(st.binary(max_size=8), st.text(max_size=20), max_size=4)
OTHERS = {"log": st.binary(max_size=60), "birth": st.binary(max_size=8), "floor": st.binary(max_size=20)} | {
    "recent": st.binary(max_size=24),
    "merged_into": st.text(max_size=9),
    "notes": st.none() | NOTES,
    "base": st.none() | POSITIONS,
    "said": st.none() | SAID,
}
LEADS = st.builds(Lead, **{name: OTHERS.get(name, NUMBERS) for name in Lead.__struct_fields__})


@given(LEADS)
@examples(100)
def test_a_record_is_what_was_encoded(lead: Lead) -> None:
    lead.status = OPEN
    assert decode_lead(encode_lead(lead)) == lead


@given(LEADS, st.sampled_from([WON, LOST, DISQUALIFIED]))
@examples(100)
def test_of_a_lead_that_is_over_the_facts_alone_are_kept_unless_its_log_was_shortened(lead: Lead, status: int) -> None:
    lead.status = status
    kept = decode_lead(encode_lead(lead))
    if lead.floor:
        assert kept == lead
    else:
        assert kept.rests
        assert kept == Lead(*(getattr(lead, name) for name in Facts.__struct_fields__))


@given(STREAMS)
@examples(40)
def test_records_of_real_lives_come_back_whole_from_their_rest(events: list[Any]) -> None:
    shard = feed(Shard(FUNNEL), events)
    before = dict(shard.leads())
    Changelog(shard).flush()
    assert not shard.hot
    assert dict(shard.leads()) == before


def test_a_record_is_a_plain_array_that_the_garbage_collector_need_not_look_at() -> None:
    assert Lead.__struct_config__.array_like
    assert not Lead.__struct_config__.gc
    encoded = msgpack.decode(encode_lead(Lead(created=7)))
    assert isinstance(encoded, list)
    assert len(encoded) == len(Lead.__struct_fields__)


@given(POSITIONS)
@examples(40)
def test_a_fold_goes_on_where_it_stood(position: Any) -> None:
    lead, untouched = Lead(log=b"log", created=5), Lead(log=b"log", created=5)
    lead.resume(position)
    assert lead.position() == position
    first = Lead.__struct_fields__.index("stage")
    assert (lead.status, *structs.astuple(lead)[first : first + len(START) - 1]) == position
    lead.resume(START)
    assert lead == untouched


def test_only_a_created_lead_that_was_not_merged_counts() -> None:
    assert Lead(created=1).counts
    assert not Lead().counts
    assert not Lead(created=1, merged_into="M").counts
