"""The lead record, packed and unpacked."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from processors.changelog import Changelog
from processors.funnel import DISQUALIFIED, LOST, OPEN, WON
from processors.record import START, Lead, decode_lead, encode_lead
from processors.shard import Shard
from tests.examples import examples
from tests.processors.events import FUNNEL, STREAMS
from tests.processors.looks import feed

NUMBERS = st.integers(0, 2**63 - 1)
POSITIONS = st.tuples(*[NUMBERS] * (len(START) - 1), st.binary(max_size=24))
SAID = st.dictionaries(st.integers(0, 2), st.tuples(*[NUMBERS] * 5), max_size=3)
NOTES = st.dictionaries(st.binary(max_size=8), st.text(max_size=20), max_size=4)
FACTS = st.tuples(
    *(st.binary(max_size=60), NUMBERS, st.binary(max_size=8), *[NUMBERS] * 8, st.text(max_size=9), st.none() | NOTES),
    *(NUMBERS, st.none() | SAID, NUMBERS, NUMBERS, NUMBERS),
)

OF_FACTS = (
    *("log", "created", "birth", "source", "campaign", "segment", "region", "product", "home", "currency", "amount"),
    *("merged_into", "notes", "status", "said", "judged", "incidents", "due"),
)
OF_THE_FOLD = (
    *("status", "stage", "entered", "furthest", "closed", "reason", "closing_team", "attempted", "contacted"),
    *("automated", "team", "owner", "assigned", "since", "worked", "routed", "asked", "asked_worked", "steps", "quiet"),
    *("spoke", "overdue", "crowded", "planned", "opted_out", "replied", "approached", "scored", "recent"),
)


def named(lead: Lead, names: tuple[str, ...]) -> tuple[Any, ...]:
    return tuple(getattr(lead, name) for name in names)


@st.composite
def leads(draw: st.DrawFn) -> Lead:
    lead = Lead((draw(FACTS), draw(POSITIONS), draw(st.binary(max_size=20)), draw(st.none() | POSITIONS)))
    lead.status = OPEN
    return lead


@given(FACTS, POSITIONS)
@examples(40)
def test_every_field_has_its_place_in_the_record(facts: Any, position: Any) -> None:
    position = facts[OF_FACTS.index("status")], *position[1:]
    lead = Lead((facts, position, b"floor", None))
    assert named(lead, OF_FACTS) == lead.facts() == facts
    assert named(lead, OF_THE_FOLD) == lead.position() == position


def test_a_record_is_four_arrays() -> None:
    facts, position, floor, base = msgpack.decode(encode_lead(created(at=7)))
    assert (len(facts), len(position), floor, base) == (len(OF_FACTS), len(OF_THE_FOLD), b"", None)


@given(leads())
@examples(100)
def test_a_record_is_what_was_encoded(lead: Lead) -> None:
    assert decode_lead(encode_lead(lead)).stored() == lead.stored()


@given(leads(), st.sampled_from([WON, LOST, DISQUALIFIED]))
@examples(100)
def test_of_a_lead_that_is_over_the_facts_alone_are_kept_unless_its_log_was_shortened(lead: Lead, status: int) -> None:
    lead.status = status
    kept = decode_lead(encode_lead(lead))
    assert kept.facts() == lead.facts()
    assert (kept.floor, kept.base) == (lead.floor, lead.base)
    if lead.floor:
        assert kept.position() == lead.position()
    else:
        assert kept.rests
        assert kept.position() == (status, *START[1:])


@given(STREAMS)
@examples(40)
def test_records_of_real_lives_come_back_whole_from_their_rest(events: list[Any]) -> None:
    shard = feed(Shard(FUNNEL), events)
    before = _records(shard)
    Changelog(shard).flush()
    assert not shard.hot
    assert _records(shard) == before


def _records(shard: Shard) -> dict[str, tuple[Any, ...]]:
    return {lead_id: (lead.facts(), lead.position(), lead.floor, lead.base) for lead_id, lead in shard.leads()}


def test_a_copy_moves_on_its_own() -> None:
    lead = created(at=7)
    other = lead.copy()
    other.stage = 3
    assert (lead.stage, other.stage, other.created) == (0, 3, 7)


@given(POSITIONS)
@examples(40)
def test_a_fold_goes_on_where_it_stood(position: Any) -> None:
    lead = created(at=5)
    lead.resume(position)
    assert lead.position() == position
    assert named(lead, OF_THE_FOLD) == position
    lead.resume(START)
    assert lead.stored() == created(at=5).stored()


def test_only_a_created_lead_that_was_not_merged_counts() -> None:
    assert created(at=1).counts
    assert not Lead().counts
    merged = created(at=1)
    merged.merged_into = "M"
    assert not merged.counts


def created(at: int) -> Lead:
    lead = Lead()
    lead.log, lead.created = b"log", at
    return lead
