"""`leadpulse simulate` and `leadpulse replay` into a real Kafka, and back."""

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from kafka import KafkaConsumer, TopicPartition

from schemas.lead_events import Created, Event
from schemas.refusals import Refusal
from streams.cli.main import run
from streams.producing import partition_of
from tests.schemas.decoding import decode_interaction, decode_lead

pytestmark = pytest.mark.integration

EXAMPLES = Path(__file__).parents[2] / "examples"
Topics = tuple[str, str]
Read = Callable[[], list[tuple[str, int, bytes, bytes]]]


@pytest.fixture
def topics(request: pytest.FixtureRequest) -> Topics:
    """Names of topics that are not there yet."""
    name = f"{request.node.name}.{os.getpid()}".replace("[", ".").replace("]", "")
    return f"{name}.leads", f"{name}.interactions"


@pytest.fixture
def options(kafka: str, topics: Topics) -> list[str]:
    """What points the command at the broker and these topics."""
    leads, interactions = topics
    return [
        *("--set", f'kafka.brokers=["{kafka}"]', "--set", "topics.partitions=3"),
        *("--set", f"topics.leads={leads}", "--set", f"topics.interactions={interactions}"),
    ]


@pytest.fixture
def read(kafka: str, topics: Topics) -> Read:
    """Give all records of both topics: topic, partition, key, value."""

    def all_records() -> list[tuple[str, int, bytes, bytes]]:
        consumer = KafkaConsumer(bootstrap_servers=kafka, enable_auto_commit=False)
        try:
            if not set(topics) <= consumer.topics():
                return []
            places = [TopicPartition(topic, number) for topic in topics for number in range(3)]
            consumer.assign(places)
            consumer.seek_to_beginning(*places)
            ends = consumer.end_offsets(places)
            records = []
            while any(consumer.position(place) < ends[place] for place in places):
                for batch in consumer.poll(timeout_ms=500).values():
                    records += [(r.topic, r.partition, r.key, r.value) for r in batch]
            return records
        finally:
            consumer.close()

    return all_records


def decoded(records: Sequence[tuple[str, int, bytes, bytes]], topics: Topics) -> list[Event | Refusal]:
    return [decode_lead(value) if topic == topics[0] else decode_interaction(value) for topic, _, _, value in records]


def test_a_simulated_history_is_in_kafka_as_its_totals_say(
    topics: Topics, options: list[str], read: Read, tmp_path: Path
) -> None:
    totals = tmp_path / "totals.json"
    history = ["--as-fast-as-possible", "--leads", "400", "--days", "20", "--seed", "3", "--totals", str(totals)]
    assert run(["simulate", *history, *options]) == 0
    records, expected = read(), json.loads(totals.read_bytes())
    events = decoded(records, topics)
    created = {event.lead_id: event.source for event in events if isinstance(event, Created) and event.team}
    assert len(records) == expected["records"]
    assert Counter(created.values()) == expected["created"]
    assert sum(expected["created"].values()) == 400
    # A replay of the same row is the same event: so a duplicate is told by its id.
    ids = Counter(event.event_id for event in events if not isinstance(event, Refusal))
    assert ids.total() - len(ids) == expected["duplicates"]
    assert all(partition == partition_of(key, 3) for _, partition, key, _ in records)


def test_a_live_simulation_carries_the_time_of_now_and_ends_cleanly_on_a_signal(
    topics: Topics, options: list[str], read: Read
) -> None:
    program = "from streams.cli.main import main; main()"
    command = [sys.executable, "-c", program, "simulate", "--rate", "200", "--no-faults", *options]
    started = datetime.now(UTC)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            deadline = time.monotonic() + 60
            while len(read()) <= 50 and time.monotonic() < deadline:
                time.sleep(0.5)
            process.send_signal(signal.SIGINT)
            out, _ = process.communicate(timeout=20)
        finally:
            process.kill()
    assert process.returncode == 0
    records = read()
    assert int(out.split()[0].replace(",", "")) == len(records) > 50
    times = [event.occurred_at for event in decoded(records, topics) if not isinstance(event, Refusal)]
    assert len(times) == len(records)
    assert started < min(times)
    assert max(times) < datetime.now(UTC) + timedelta(seconds=1)


def test_a_replayed_export_is_in_kafka_and_the_same_bytes_again_when_replayed_twice(
    topics: Topics, options: list[str], read: Read
) -> None:
    command = ["replay", str(EXAMPLES / "crm-export.csv"), "-m", str(EXAMPLES / "crm-export.toml"), *options]
    assert run(command) == 0
    once = read()
    assert run(command) == 0
    twice = read()
    assert len(once) == 22
    assert Counter(twice) == Counter(once + once)
    assert not [event for event in decoded(once, topics) if isinstance(event, Refusal)]
    by_lead: defaultdict[bytes, list[str]] = defaultdict(list)
    for topic, _, key, value in once:
        if topic == topics[0]:
            by_lead[key].append(json.loads(value)["type"])
    assert by_lead[b"crm-1001"] == ["created", "assigned", "stage_changed", "won"]


def test_without_a_broker_it_says_so_and_ends(capfd: pytest.CaptureFixture[str]) -> None:
    assert run(["simulate", "--set", 'kafka.brokers=["127.0.0.1:1"]']) == 69
    assert "leadpulse: cannot reach Kafka at 127.0.0.1:1" in capfd.readouterr().err
