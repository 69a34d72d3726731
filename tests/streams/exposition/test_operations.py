"""What a worker tells about itself: complete, from committed counts, and nothing that the table does not know."""

from __future__ import annotations

from typing import get_args

import pytest
from prometheus_client.metrics_core import Metric

from processors.labels import MISSING
from schemas.alerts import Alert
from schemas.refusals import Reason
from schemas.signals import BUSINESS, FORESIGHT, OPERATIONAL, Signal
from streams.engine.engine import InputProgress
from streams.engine.watch import Observed
from streams.exposition.operations import ALERT_KINDS, CAPPED
from streams.settings.business import Labels
from tests.processors.events import T0_MS, call, created, won
from tests.streams.exposition.story import told_worker
from tests.streams.exposition.worker import INTERACTIONS, LEADS, FakeWorker, families, record, records, samples, take

WORKER = BUSINESS + FORESIGHT + OPERATIONAL
_TYPES = {"gauge_histogram": "gaugehistogram"}


def value(worker: FakeWorker, name: str, **labels: str) -> float | None:
    return samples(worker.scrape()).get((name, frozenset(labels.items())))


@pytest.fixture(scope="module")
def told() -> dict[str, Metric]:
    """Everything that a worker tells when something happened everywhere: family -> its samples."""
    return {f.name: f for f in families(told_worker().scrape(openmetrics=True), openmetrics=True)}


def test_every_signal_is_told_with_its_type_and_unit_and_nothing_else_has_our_prefix(told: dict[str, Metric]) -> None:
    found = {name: (f.type, f.documentation, f.unit) for name, f in told.items() if name.startswith("leadpulse_")}
    assert found == {signal.name: (_TYPES.get(signal.kind, signal.kind), signal.help, signal.unit) for signal in WORKER}


@pytest.mark.parametrize("signal", WORKER, ids=lambda signal: signal.name)
def test_a_signal_has_samples_and_they_have_its_labels(signal: Signal, told: dict[str, Metric]) -> None:
    assert told[signal.name].samples
    for sample in told[signal.name].samples:
        assert set(sample.labels) - {"le"} == set(signal.labels)


def test_counters_of_a_new_partition_are_there_and_zero() -> None:
    worker = FakeWorker()
    worker.state(3)
    found = samples(worker.scrape())
    for signal, label, values in (
        ("records_read", "topic", (LEADS, INTERACTIONS)),
        ("events", "outcome", ("accepted", "duplicate", "too_late", "dead")),
        ("dead_letters", "reason", tuple(Reason)),
        ("alerts", "kind", ALERT_KINDS),
        ("label_overflow", "label", CAPPED),
    ):
        told = {key: n for key, n in found.items() if key[0] == f"leadpulse_{signal}_total"}
        assert told == {
            (f"leadpulse_{signal}_total", frozenset({"partition": "3", label: one}.items())): 0 for one in values
        }


def test_counters_of_the_process_are_there_before_anything_happened() -> None:
    found = samples(FakeWorker().scrape())
    assert found["leadpulse_lost_records_total", frozenset({("topic", LEADS)})] == 0
    assert found["leadpulse_engine_incidents_total", frozenset({("kind", "poisoned")})] == 0
    assert found["leadpulse_rebalances_total", frozenset()] == 0
    assert found["leadpulse_chunk_duration_seconds_count", frozenset()] == 0


def test_the_known_label_values_are_those_that_can_occur() -> None:
    assert set(ALERT_KINDS) == {str(kind.__struct_config__.tag) for kind in get_args(Alert) or (Alert,)}
    assert set(CAPPED) == set(Labels.__struct_fields__) <= set(MISSING)


def test_outcomes_add_up_to_the_records_read() -> None:
    worker = FakeWorker()
    state = worker.state()
    events = [created(0, event_id="1"), created(0, event_id="1"), won(3), call("connected", 1)]
    for batch in records(*events).values():
        state.apply(batch)
    state.apply([record(b"{", key=b"L"), record(b"{}", key=b"L"), record(None, key=b"L")])
    state.reject(record(b"1", key=b"L"), ValueError("no"))
    list(state.flush())
    state.committed()
    told = samples(worker.scrape())
    by_outcome = {dict(key[1])["outcome"]: n for key, n in told.items() if key[0] == "leadpulse_events_total"}
    assert by_outcome == {"accepted": 3, "duplicate": 1, "too_late": 0, "dead": 4}
    read = {dict(key[1])["topic"]: n for key, n in told.items() if key[0] == "leadpulse_records_read_total"}
    assert read == {LEADS: 7, INTERACTIONS: 1}
    dead = {dict(key[1])["reason"]: n for key, n in told.items() if key[0] == "leadpulse_dead_letters_total"}
    assert sum(dead.values()) == 4
    assert dead["processing_error"] == 1


def test_counters_show_what_is_committed_and_no_more() -> None:
    worker = FakeWorker()
    state = take(worker.state(), created(0, "A"))
    state.apply(records(created(0, "B"))[LEADS])
    assert value(worker, "leadpulse_records_read_total", partition="0", topic=LEADS) == 1
    list(state.flush())
    assert value(worker, "leadpulse_records_read_total", partition="0", topic=LEADS) == 1
    state.committed()
    assert value(worker, "leadpulse_records_read_total", partition="0", topic=LEADS) == 2


def lag(committed: int, end: int | None, newest: int | None) -> FakeWorker:
    worker = FakeWorker(now=T0_MS + 60_000)
    ended = None if end is None else Observed(end, worker.time)
    worker.progressed = [InputProgress(LEADS, 2, committed, committed, ended, newest)]
    return worker


@pytest.mark.parametrize(
    ("worker", "behind", "seconds"),
    [
        (lag(7, 10, T0_MS), 3, 60),
        (lag(10, 10, T0_MS), 0, 0),
        (lag(12, 10, T0_MS), 0, 0),
        (lag(7, 10, T0_MS + 90_000), 3, 0),
        (lag(7, 10, None), 3, 0),
    ],
    ids=["behind", "at the end", "ahead of the last look", "newer than the clock", "nothing applied yet"],
)
def test_lag_is_told_in_records_and_in_seconds(worker: FakeWorker, behind: int, seconds: int) -> None:
    assert value(worker, "leadpulse_consumer_lag_records", partition="2", topic=LEADS) == behind
    assert value(worker, "leadpulse_consumer_lag_seconds", partition="2", topic=LEADS) == seconds


def test_an_unknown_lag_is_not_told() -> None:
    assert value(lag(7, None, T0_MS), "leadpulse_consumer_lag_records", partition="2", topic=LEADS) is None


def test_a_partition_is_told_as_ready_when_it_has_caught_up() -> None:
    worker = FakeWorker()
    worker.state(2)
    assert value(worker, "leadpulse_partition_ready", partition="2") == 0
    worker.progressed = [InputProgress(topic, 2, 5, 5, Observed(5, T0_MS), None) for topic in worker.inputs]
    assert value(worker, "leadpulse_partition_ready", partition="2") == 1
    worker.lead_states.clear()
    assert value(worker, "leadpulse_partition_ready", partition="2") is None


def test_readiness_is_told_as_the_probe_says_it() -> None:
    worker = FakeWorker()
    assert value(worker, "leadpulse_ready") == 1
    worker.trouble = "no partition is assigned"
    assert value(worker, "leadpulse_ready") == 0


def test_the_number_of_partitions_is_told_once_it_is_known() -> None:
    worker = FakeWorker()
    assert value(worker, "leadpulse_partitions") is None
    worker.partitions = 4
    assert value(worker, "leadpulse_partitions") == 4


def test_a_recovery_is_told_as_long_as_the_partition_is_here() -> None:
    worker = told_worker()
    assert value(worker, "leadpulse_recovery_duration_seconds", partition="0") == 1.5
    assert value(worker, "leadpulse_recovery_records", partition="0") == 7
    assert value(worker, "leadpulse_recovery_records", partition="9") is None


def test_measurements_of_a_transaction_reach_their_families() -> None:
    worker = FakeWorker(now=T0_MS + 2_000)
    worker.measurements.transaction_committed(0, 0.004, 10, 2000, T0_MS)
    worker.measurements.transaction_committed(0, 0.004, 0, 100, None)
    worker.measurements.transaction_committed(0, 0.004, 1, 100, T0_MS + 9_000)
    assert value(worker, "leadpulse_transaction_records_total") == 11
    assert value(worker, "leadpulse_transaction_bytes_total") == 2200
    assert value(worker, "leadpulse_transaction_duration_seconds_count") == 3
    assert value(worker, "leadpulse_event_delay_seconds_sum") == 2
    assert value(worker, "leadpulse_event_delay_seconds_count") == 2


def test_incidents_are_counted_by_kind() -> None:
    worker = told_worker()
    found = {dict(k[1])["kind"]: n for k, n in samples(worker.scrape()).items() if "incidents" in k[0]}
    assert found == {"fenced": 1, "recovered_again": 1, "hole": 1, "skipped": 1, "poisoned": 1}
    assert value(worker, "leadpulse_lost_records_total", topic=LEADS) == 4
    assert value(worker, "leadpulse_broker_away_seconds") == 2
