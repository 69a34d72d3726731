import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]  # it ships no types
from msgspec import Struct

from schemas.alerts import Alert
from schemas.codec import encode
from schemas.dead_letters import dead_letter, headers_of
from schemas.documents import DEAD_LETTER_SUFFIX, INTERACTIONS_TOPIC, LEADS_TOPIC, generated_documents
from schemas.examples import ALERTS, EVENTS
from schemas.interaction_events import Interaction
from schemas.lead_events import Event, LeadEvent
from schemas.refusals import Reason, Refusal
from tests.schemas.decoding import decode_interaction, decode_lead

ROOT = Path(__file__).parents[2]
DOCUMENTS = {path: json.loads(text) for path, text in generated_documents().items()}
SCHEMAS = {path: document for path, document in DOCUMENTS.items() if path.startswith("docs/schemas/")}
VALIDATORS = {path.split("/")[-1].removesuffix(".schema.json"): Draft202012Validator(s) for path, s in SCHEMAS.items()}
ASYNCAPI: dict[str, Any] = DOCUMENTS["docs/asyncapi.json"]
KINDS: set[type[Struct]] = {*LeadEvent.__args__, Interaction, *Alert.__args__}

# Values on both sides of every bound. Left out: times, whose format is a note in JSON Schema, and floats such as 1.0,
# which are integers there and not to the decoder.
values: st.SearchStrategy[Any] = st.sampled_from(
    ["", "x", "x" * 64, "x" * 65, "x" * 256, "x" * 257, "😀" * 256, "EUR", "eur", "EUR\n", "\n", "in", "human", "held"]
) | st.sampled_from([None, True, False, 0, -1, 1, 0.5, 1.01, 2**53 - 1, 2**53, 1.1e12 + 0.5, [], {}])


TIMES = {"occurred_at", "planned_for"}
"""Fields whose `format` a validator only notes."""


def resolved(reference: dict[str, str]) -> Any:
    node: Any = ASYNCAPI
    for part in reference["$ref"].removeprefix("#/").split("/"):
        node = node[part]
    return node


def schema_name(message: Event | Alert) -> str:
    if isinstance(message, Interaction):
        return "interaction-events"
    return "lead-events" if isinstance(message, Event) else "alerts"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_committed_document_is_fresh(path: str) -> None:
    assert (ROOT / path).read_text(encoding="utf-8") == generated_documents()[path]


@pytest.mark.parametrize("path", SCHEMAS)
def test_a_schema_is_good_json_schema(path: str) -> None:
    Draft202012Validator.check_schema(SCHEMAS[path])
    assert SCHEMAS[path]["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("message", [*EVENTS, *ALERTS], ids=lambda message: type(message).__name__)
def test_what_is_written_is_valid_by_the_schema_of_its_topic(message: Event | Alert) -> None:
    VALIDATORS[schema_name(message)].validate(json.loads(encode(message)))


def test_there_is_an_example_of_every_event_and_alert() -> None:
    assert {type(message) for message in (*EVENTS, *ALERTS)} == KINDS


@given(st.sampled_from(EVENTS), st.data())
def test_a_schema_and_the_decoder_agree_on_every_field(event: Event, data: st.DataObject) -> None:
    fields = json.loads(encode(event))
    changed = data.draw(st.sampled_from([name for name in fields if name not in TIMES]))
    if data.draw(st.booleans()):
        fields[changed] = data.draw(values)
    else:
        del fields[changed]
    decode = decode_interaction if isinstance(event, Interaction) else decode_lead
    taken = not isinstance(decode(json.dumps(fields).encode()), Refusal)
    assert VALIDATORS[schema_name(event)].is_valid(fields) == taken


def test_a_schema_tolerates_unknown_fields() -> None:
    for event in EVENTS:
        VALIDATORS[schema_name(event)].validate(json.loads(encode(event)) | {"x": [None]})


@pytest.mark.parametrize("path", [path for path in SCHEMAS if "headers" not in path])
def test_every_field_of_every_event_is_described(path: str) -> None:
    for kind, schema in SCHEMAS[path]["$defs"].items():
        assert schema["description"].endswith(".")
        for name, field in schema["properties"].items():
            assert name == "type" or field["description"].endswith("."), f"{kind}.{name}"


def test_the_headers_of_a_dead_letter_are_valid_by_their_schema() -> None:
    record = type("Read", (), {"topic": "t", "partition": 0, "offset": 0, "key": b"", "value": b"", "headers": ()})()
    for reason in Reason:
        headers = headers_of(dead_letter(record, Refusal(reason, "", "x"), ValueError("y")))
        VALIDATORS["dead-letter-headers"].validate({name: (text or b"").decode() for name, text in headers})


def test_asyncapi_names_every_topic_with_its_direction() -> None:
    assert ASYNCAPI["asyncapi"] == "3.0.0"
    assert set(ASYNCAPI["info"]) >= {"title", "version"}
    directions = {
        resolved(operation["channel"])["address"]: operation["action"] for operation in ASYNCAPI["operations"].values()
    }
    assert directions == {
        LEADS_TOPIC: "receive",
        INTERACTIONS_TOPIC: "receive",
        "leadpulse.alerts.v1": "send",
        LEADS_TOPIC + DEAD_LETTER_SUFFIX: "send",
        INTERACTIONS_TOPIC + DEAD_LETTER_SUFFIX: "send",
    }


def test_asyncapi_operations_offer_the_messages_of_their_channel() -> None:
    for operation in ASYNCAPI["operations"].values():
        channel = resolved(operation["channel"])
        assert [resolved(message) for message in operation["messages"]] == list(channel["messages"].values())


def test_asyncapi_messages_have_a_payload_a_key_and_valid_examples() -> None:
    for message in ASYNCAPI["components"]["messages"].values():
        assert message["bindings"]["kafka"]["key"]["description"]
        if "examples" in message:
            schema = Draft202012Validator(resolved(message["payload"]))
            for example in message["examples"]:
                schema.validate(example["payload"])
        else:
            assert resolved(message["headers"])["required"]


def test_asyncapi_holds_every_struct_and_nothing_that_is_not_used() -> None:
    used = {resolved(m["payload"])["title"] for m in ASYNCAPI["components"]["messages"].values() if "examples" in m}
    assert used == {kind.__name__ for kind in KINDS}
    assert set(ASYNCAPI["components"]["schemas"]) == used | {"DeadLetterHeaders"}


def test_no_reference_in_asyncapi_leads_nowhere() -> None:
    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "$ref" in node:
                assert resolved(node)
            for child in node.values():
                walk(child)
        elif isinstance(node, list):
            for child in node:
                walk(child)

    walk(ASYNCAPI)
