"""The guide for producers says what the code does: its examples are read, its table of refusals is tried."""

import re
from pathlib import Path

import pytest
from msgspec import Struct

from schemas.cloudevents import decode_record
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER
from schemas.dead_letters import HEADERS
from schemas.examples import EVENTS
from schemas.interaction_events import CHANNELS, Interaction
from schemas.lead_events import Event, LeadEvent, Won
from schemas.refusals import Reason, Refusal
from tests.schemas.decoding import decode_interaction, decode_lead

GUIDE = (Path(__file__).parents[2] / "docs" / "events.md").read_text(encoding="utf-8")
COMMON = {
    "event_id": '"event_id": "e"',
    "lead_id": '"lead_id": "l"',
    "occurred_at": '"occurred_at": "2026-03-02T08:15:00Z"',
}
KINDS: dict[str, type[Struct]] = {str(k.__struct_config__.tag): k for k in (*LeadEvent.__args__, Interaction)}


def section(title: str) -> str:
    """Cut out one section, up to the next heading of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", GUIDE, re.MULTILINE | re.DOTALL)
    assert found, f"no section {title}"
    return found[2]


def example(title: str) -> bytes:
    block = re.search(r"```json\w*(?: \w+)?\n(.*?)```", section(title), re.DOTALL)
    assert block, f"no example in {title}"
    return block[1].encode()


def refused_rows() -> list[tuple[str, ...]]:
    rows = re.findall(r"^\| (.*) \|$", section("What is refused"), re.MULTILINE)
    cells = [re.split(r" *\| *", row) for row in rows]
    examples = [row for row in cells if len(row) == 4 and row[0].startswith(("`{", "`["))]
    return [(*(cell.strip("`") for cell in row[:3]), row[3]) for row in examples]


def filled_in(sent: str) -> bytes:
    rest = ", ".join(pair for name, pair in COMMON.items() if f'"{name}"' not in sent)
    return sent.replace("…", rest).encode()


@pytest.mark.parametrize("kind", KINDS)
def test_the_example_of_an_event_is_read_as_that_event(kind: str) -> None:
    outcome = (decode_interaction if kind == "interaction" else decode_lead)(example(kind))
    assert isinstance(outcome, KINDS[kind])
    assert outcome in EVENTS


@pytest.mark.parametrize("kind", KINDS)
def test_every_field_of_an_event_has_a_row_in_its_section(kind: str) -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", section(kind), re.MULTILINE))
    assert rows == set(KINDS[kind].__struct_fields__) - set(Event.__struct_fields__)


def test_the_common_fields_have_a_row_each() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", section("A record"), re.MULTILINE)
    assert rows == ["type", *Event.__struct_fields__]


def test_every_channel_that_is_counted_by_name_is_named() -> None:
    row = re.search(r"^\| `channel` \|.*$", section("interaction"), re.MULTILINE)
    assert row
    assert tuple(re.findall(r"`(\w+)`", row[0])[1:-1]) == CHANNELS


def test_the_cloudevent_is_read() -> None:
    headers = [("content-type", b"application/cloudevents+json")]
    assert isinstance(decode_record(LEAD_DECODER, example("CloudEvents"), headers), Won)


@pytest.mark.parametrize(("sent", "reason", "field", "message"), refused_rows())
def test_a_refused_example_is_refused_as_the_guide_says(sent: str, reason: str, field: str, message: str) -> None:
    assert decode_lead(filled_in(sent)) == Refusal(Reason(reason), field, message)


def test_the_guide_shows_refusals_and_names_every_reason() -> None:
    assert len(refused_rows()) == 13
    reasons = re.findall(r"^\| `(\w+)` \| [^|]+ \|$", section("What is refused"), re.MULTILINE)
    assert reasons == [reason.value for reason in Reason]


def test_the_guide_names_every_header_of_a_dead_letter() -> None:
    text = section("Dead letters")
    for name in HEADERS:
        assert f"`{name}`" in text or f"`.{name.removeprefix('__connect.errors.')}`" in text


def test_both_decoders_refuse_the_events_of_the_other_topic() -> None:
    assert isinstance(decode_record(INTERACTION_DECODER, example("won"), ()), Refusal)
    assert isinstance(decode_record(LEAD_DECODER, example("interaction"), ()), Refusal)
