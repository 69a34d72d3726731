"""The contract as documents: JSON Schema of every topic, and AsyncAPI 3 for all of them together.

Everything comes out of the structs: bounds from their types, descriptions from their docstrings. The documents are
committed, and a check compares them with what this module makes.
"""

import inspect
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, get_args

from msgspec import Struct
from msgspec.json import decode, schema_components

from schemas import dead_letters, examples
from schemas.alerts import Alert
from schemas.codec import encode
from schemas.interaction_events import InteractionEvent
from schemas.lead_events import LeadEvent
from schemas.refusals import Reason

CONTRACT_VERSION: Final = "1.0.0"
"""Version of what travels: its major number is the one in the names of the topics."""
LEADS_TOPIC: Final = "leads.v1"
INTERACTIONS_TOPIC: Final = "interactions.v1"
ALERTS_TOPIC: Final = "leadpulse.alerts.v1"
DEAD_LETTER_SUFFIX: Final = ".dlq"

Json = dict[str, Any]  # a JSON document under construction has no narrower type

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_KEY: Final = {"type": "string", "description": "The lead id, in UTF-8."}
_KAFKA: Final = {"bindingVersion": "0.5.0"}
_CLOUDEVENTS = (
    "Each event may also come as a CloudEvent 1.0, in structured mode (header content-type: "
    "application/cloudevents+json) or in binary mode (headers ce_*): id is event_id, subject is lead_id, time is "
    "occurred_at, the last segment of type is type, and data holds the other fields."
)
_TOPICS: Final[Mapping[str, tuple[str, str, str]]] = {
    "leads": (LEADS_TOPIC, "receive", f"What happens to leads. {_CLOUDEVENTS}"),
    "interactions": (INTERACTIONS_TOPIC, "receive", f"Who spoke with a lead, and how. {_CLOUDEVENTS}"),
    "alerts": (ALERTS_TOPIC, "send", "What leadpulse tells about single leads."),
    "leadDeadLetters": (LEADS_TOPIC + DEAD_LETTER_SUFFIX, "send", "Records of the leads topic that were refused."),
    "interactionDeadLetters": (
        INTERACTIONS_TOPIC + DEAD_LETTER_SUFFIX,
        "send",
        "Records of the interactions topic that were refused.",
    ),
}


def generated_documents() -> dict[str, str]:
    """Make all documents: text by path, relative to the root of the project. Equal input gives equal bytes."""
    documents = {
        "docs/schemas/lead-events.schema.json": _topic_schema("lead-events", "Events of the leads topic", LeadEvent),
        "docs/schemas/interaction-events.schema.json": _topic_schema(
            "interaction-events", "Events of the interactions topic", InteractionEvent
        ),
        "docs/schemas/alerts.schema.json": _topic_schema("alerts", "Events of the alerts topic", Alert),
        "docs/schemas/dead-letter-headers.schema.json": _head("dead-letter-headers", "Headers of a dead letter")
        | _dead_letter_headers(),
        "docs/asyncapi.json": _asyncapi(),
    }
    return {path: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for path, document in documents.items()}


def _head(name: str, title: str) -> Json:
    major = CONTRACT_VERSION.partition(".")[0]
    return {"$schema": _DIALECT, "$id": f"urn:leadpulse:schema:{name}:v{major}", "title": title}


def _topic_schema(name: str, title: str, union: Any) -> Json:
    members = _members(union)
    refs = [{"$ref": f"#/$defs/{member.__name__}"} for member in members]
    return _head(name, title) | {"oneOf": refs, "$defs": _struct_schemas(members)}


def _members(union: Any) -> tuple[type[Struct], ...]:
    """List the structs of a union; one struct alone is a union of one."""
    return get_args(union) or (union,)


def _struct_schemas(members: Iterable[type[Struct]]) -> dict[str, Json]:
    members = tuple(members)
    _, schemas = schema_components(members)
    return {member.__name__: _described(member, schemas[member.__name__]) for member in members}


def _described(member: type[Struct], schema: Json) -> Json:
    """Give a schema and its properties the words of the docstrings, and its examples."""
    texts = _field_texts(member)
    properties = {
        name: {"description": texts[name], **rest} if name in texts else rest
        for name, rest in schema["properties"].items()
    }
    return {
        **schema,
        "description": _summary(member),
        "properties": properties,
        "examples": [decode(encode(example)) for example in _examples(member)],
    }


def _examples(member: type[Struct]) -> list[Any]:
    return [example for example in (*examples.EVENTS, *examples.ALERTS) if type(example) is member]


def _summary(kind: type) -> str:
    return inspect.cleandoc(kind.__doc__ or "").partition("\n\n")[0].replace("\n", " ")


def _field_texts(kind: type) -> dict[str, str]:
    """Read the sections named Attributes of a class and its bases."""
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        section = inspect.cleandoc(base.__dict__.get("__doc__") or "").partition("\nAttributes:\n")[2]
        for field, text in re.findall(r"^ {4}(\w+): ((?:.+)(?:\n {8,}.+)*)", section, re.MULTILINE):
            texts[field] = re.sub(r"\s+", " ", text).replace("``", "")
    return texts


def _dead_letter_headers() -> Json:
    headers: dict[str, Json] = {
        name: {"type": "string", "description": text} for name, text in dead_letters.HEADERS.items()
    }
    headers[dead_letters.REASON_HEADER] |= {"enum": [reason.value for reason in Reason]}
    return {
        "description": "What is added to the headers that the record had. All values are UTF-8 text.",
        "type": "object",
        "properties": headers,
        "required": list(dead_letters.REQUIRED_HEADERS),
    }


def _asyncapi() -> Json:
    messages = _messages()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "leadpulse",
            "version": CONTRACT_VERSION,
            "description": "Events of a sales funnel in, alerts and refused records out, over Kafka.",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {name: _channel(name, of_topic) for name, of_topic in messages.items()},
        "operations": {_operation_name(name): _operation(name, of_topic) for name, of_topic in messages.items()},
        "components": {
            "messages": {name: message for of_topic in messages.values() for name, message in of_topic.items()},
            "schemas": {
                **_struct_schemas([*_members(LeadEvent), *_members(InteractionEvent), *_members(Alert)]),
                "DeadLetterHeaders": _dead_letter_headers(),
            },
        },
    }


def _messages() -> dict[str, dict[str, Json]]:
    """List the messages of every channel by name."""
    dead = {"deadLetter": _dead_letter_message()}
    return {
        "leads": _struct_messages(LeadEvent),
        "interactions": _struct_messages(InteractionEvent),
        "alerts": _struct_messages(Alert),
        "leadDeadLetters": dead,
        "interactionDeadLetters": dead,
    }


def _struct_messages(union: Any) -> dict[str, Json]:
    return {str(member.__struct_config__.tag): _struct_message(member) for member in _members(union)}


def _struct_message(member: type[Struct]) -> Json:
    return {
        "name": member.__struct_config__.tag,
        "title": member.__name__,
        "summary": _summary(member),
        "contentType": "application/json",
        "payload": {"$ref": f"#/components/schemas/{member.__name__}"},
        "bindings": {"kafka": {"key": _KEY, **_KAFKA}},
        "examples": [{"payload": decode(encode(example))} for example in _examples(member)],
    }


def _dead_letter_message() -> Json:
    return {
        "name": "dead_letter",
        "title": "DeadLetter",
        "summary": "A record that was refused: its key, value and headers as they were, and headers that say why.",
        "contentType": "application/octet-stream",
        "headers": {"$ref": "#/components/schemas/DeadLetterHeaders"},
        "payload": {"description": "The value of the refused record, byte for byte."},
        "bindings": {"kafka": {"key": {"description": "The key of the refused record."}, **_KAFKA}},
    }


def _channel(name: str, messages: Iterable[str]) -> Json:
    topic, _, description = _TOPICS[name]
    return {
        "address": topic,
        "description": description,
        "messages": {message: {"$ref": f"#/components/messages/{message}"} for message in messages},
        "bindings": {"kafka": {"topic": topic, **_KAFKA}},
    }


def _operation_name(channel: str) -> str:
    return f"{_TOPICS[channel][1]}{channel[0].upper()}{channel[1:]}"


def _operation(channel: str, messages: Iterable[str]) -> Json:
    return {
        "action": _TOPICS[channel][1],
        "channel": {"$ref": f"#/channels/{channel}"},
        "summary": _TOPICS[channel][2].partition(". ")[0].rstrip(".") + ".",
        "messages": [{"$ref": f"#/channels/{channel}/messages/{message}"} for message in messages],
    }
