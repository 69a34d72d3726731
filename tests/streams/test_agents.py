"""A partition's state behind the engine: records in, changelog and outputs out, counts as of the last commit."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json, structs

from processors.funnel import MINUTE_MS
from processors.shard import Shard
from schemas.dead_letters import REASON_HEADER
from streams.agents import LeadState
from streams.engine.state import RecordFailed
from tests.examples import examples
from tests.processors.events import FUNNEL, STREAMS, T0_MS, call, created, stage, won
from tests.processors.looks import feed, state
from tests.streams.exposition.worker import INTERACTIONS, LEADS, OUTLETS, record, records, take

RANDOM = st.randoms(use_true_random=False)
Topic = dict[bytes, bytes]
"""A compacted changelog."""


def new(changelog: Topic | None = None, *, replay: bool = False, future_tolerance: int = 10**12) -> LeadState:
    """A state, recovered from a changelog."""
    made = LeadState(0, FUNNEL, OUTLETS, None if replay else lambda: T0_MS, future_tolerance)
    for key, value in (changelog or {}).items():
        made.load(key, value)
    list(made.loaded())
    return made


def write(changelog: Topic, flushed: Iterable[tuple[bytes, bytes | None]]) -> None:
    for key, value in flushed:
        if value is None:
            changelog.pop(key, None)
        else:
            changelog[key] = value


def reasons(found: LeadState) -> list[str]:
    """Reasons of the dead letters that wait to be written."""
    headers = [dict(output.headers) for output in found.outputs if output.topic.endswith(".dlq")]
    return [(found[REASON_HEADER] or b"").decode() for found in headers]


def test_events_become_leads_and_are_counted_by_topic() -> None:
    found = take(new(), created(0), call("connected", 1), won(2))
    assert found.counts["accepted"] == 3
    assert (found.counts[f"read.{LEADS}"], found.counts[f"read.{INTERACTIONS}"]) == (2, 1)
    assert len(found.shard) == 1


@pytest.mark.parametrize(
    ("value", "key", "reason"),
    [
        (b"{", b"L", "malformed"),
        (None, b"L", "malformed"),
        (b"", b"L", "malformed"),
        (b'"' + b"x" * 2_000_000 + b'"', b"L", "malformed"),
        (b'{"type":"sneezed"}', b"L", "unknown_type"),
        (b'{"type":"won"}', b"L", "invalid"),
        (json.encode(created(0)), b"M", "key_mismatch"),
        (json.encode(created(0)), None, "key_mismatch"),
        (json.encode(created(10)), b"L", "future"),
    ],
    ids=["no JSON", "tombstone", "empty", "too large", "unknown type", "invalid", "other key", "no key", "future"],
)
def test_a_record_that_is_no_event_becomes_a_dead_letter(value: bytes | None, key: bytes | None, reason: str) -> None:
    found = new(future_tolerance=300_000)
    found.apply([record(value, key=key)])
    assert reasons(found) == [reason]
    (letter,) = found.outputs
    assert (letter.topic, letter.key) == (f"{LEADS}.dlq", key)
    assert found.shard.counts[f"dead.{reason}"] == 1
    assert len(found.shard) == 0


def test_events_of_one_chunk_are_taken_in_the_order_in_which_they_occurred(monkeypatch: pytest.MonkeyPatch) -> None:
    """An event that came late within its chunk costs no refold; that in another chunk it does is the contrast."""
    found, late = new(), list[bytes]()
    insert = found.shard.history.insert

    def counted(cells: Any, lead: Any, row: bytes, *note: Any) -> Any:
        late.append(row)
        return insert(cells, lead, row, *note)

    monkeypatch.setattr(found.shard.history, "insert", counted)
    take(found, stage("proposal", 9), created(0), stage("qualified", 3), stage("contacted", 1))
    assert late == []
    take(found, stage("qualified", 5))
    assert len(late) == 1


def test_a_replay_knows_no_future_and_its_now_is_the_newest_event() -> None:
    found = take(new(replay=True), created(10_000))
    assert found.counts["accepted"] == 1
    assert found.now() == found.shard.watermark == T0_MS + 600_000_000


def test_an_alert_is_an_output_under_the_key_of_its_lead() -> None:
    found = new()
    for batch in records(created(0), call("connected", 30)).values():
        found.apply(batch)
    (alert,) = found.outputs
    assert (alert.topic, alert.key) == ("alerts.v1", b"L")
    assert json.decode(alert.value or b"")["type"] == "answered_late"
    assert found.shard.counts["alert.answered_late"] == 1
    assert not found.shard.alerts


def test_a_defect_names_the_record_it_happened_at(monkeypatch: pytest.MonkeyPatch) -> None:
    apply = Shard.apply

    def fail(shard: Shard, event: Any, latest: int) -> Any:
        if event.lead_id == "bad":
            raise ZeroDivisionError("a defect")
        return apply(shard, event, latest)

    monkeypatch.setattr(Shard, "apply", fail)
    found = new()
    with pytest.raises(RecordFailed) as failed:
        found.apply(records(created(0, "good"), created(0, "bad"), created(0, "next"))[LEADS])
    assert (failed.value.topic, failed.value.offset) == (LEADS, 1)
    assert isinstance(failed.value.cause, ZeroDivisionError)


def test_a_record_that_failed_is_set_aside_with_its_cause() -> None:
    found = new()
    found.reject(record(json.encode(created(0)), key=b"L", offset=4), ZeroDivisionError("a defect"))
    assert reasons(found) == ["processing_error"]
    assert any(b"a defect" in (value or b"") for _, value in found.outputs[0].headers)
    assert found.shard.counts[f"read.{LEADS}"] == 1


@given(STREAMS, RANDOM)
@examples(80)
def test_counts_never_go_back_and_outcomes_add_up_whatever_fails(events: list[Any], rng: random.Random) -> None:
    """The life of a partition: chunks, commits that succeed or fail, and recoveries from what was committed."""
    log: Topic = {}
    inputs = [one for event in events for (one,) in records(event).values()]
    inputs += [record(b"{", key=b"x"), record(b'{"type":"won"}', key=b"x")] * rng.randrange(3)
    rng.shuffle(inputs)
    current, position, seen = new(), 0, dict[str, int]()
    committed = 0
    for _ in range(1000):
        size = rng.randrange(1, 8)
        current.apply(inputs[position : position + size])
        position += size
        flushed = dict(current.flush())
        if rng.random() < 0.7:
            write(log, flushed.items())
            current.committed()
            committed = min(position, len(inputs))
        else:
            current, position = new(log), committed
        assert all(current.counts.get(name, 0) >= n for name, n in seen.items()), "a count went back"
        seen = dict(current.counts)
        read = sum(n for name, n in seen.items() if name.startswith("read."))
        dead = sum(n for name, n in seen.items() if name.startswith("dead."))
        assert read == committed == dead + sum(seen.get(name, 0) for name in ("accepted", "duplicate", "too_late"))
        if committed == len(inputs):
            break
    assert committed == len(inputs)


@given(STREAMS)
@examples(40)
def test_a_recovered_state_goes_on_with_the_same_leads_and_counts(events: list[Any]) -> None:
    log: Topic = {}
    one = new()
    for event in events:
        for batch in records(event).values():
            one.apply(batch)
        write(log, one.flush())
        one.committed()
    two = new(log)
    assert state(two.shard) == state(one.shard) == state(feed(Shard(FUNNEL), events))
    assert two.counts == one.counts


def test_events_between_a_flush_and_its_commit_are_not_counted_as_committed() -> None:
    found = new()
    found.apply(records(created(0, "A"))[LEADS])
    list(found.flush())
    found.apply(records(created(0, "B"))[LEADS])
    found.committed()
    assert found.counts["accepted"] == 1


def test_a_taken_up_state_has_its_windows_ready_and_knows_since_when() -> None:
    found = new()
    assert found.taken_at == T0_MS
    assert set(found.shard.windows.totals) >= {"5m", "90d", "all", "now"}


def test_everything_is_known_up_to_where_time_has_passed_once_it_is_committed() -> None:
    found = new()
    assert found.known_until == 0
    found.tick(T0_MS + 1)
    assert found.known_until == T0_MS + 1, "nothing waits to be committed"
    for batch in records(created(0)).values():
        found.apply(batch)
    found.tick(T0_MS + 2)
    assert found.known_until == T0_MS + 1
    list(found.flush())
    found.tick(T0_MS + 3)
    assert found.known_until == T0_MS + 1, "the commit may still fail"
    found.committed()
    assert found.known_until == T0_MS + 2
    found.tick(T0_MS + 4)
    assert found.known_until == T0_MS + 4


def test_a_commit_that_changes_who_waits_is_told() -> None:
    found, told = new(), []
    found.on_waiting = lambda: told.append(len(found.shard.waiting.entries))
    take(found, created(0))
    take(found, won(1))
    take(found, won(2, "of nobody"))
    assert told == [1, 0]


def test_a_start_with_other_settings_says_what_moved(caplog: pytest.LogCaptureFixture) -> None:
    changelog, before = Topic(), new()
    for batch in records(created(0), call("connected", 8)).values():
        before.apply(batch)
    write(changelog, before.flush())
    after = LeadState(0, structs.replace(FUNNEL, contact_outcomes=frozenset({"held"})), OUTLETS, lambda: T0_MS)
    for key, value in changelog.items():
        after.load(key, value)
    list(after.loaded())
    assert "all were made anew from 1 leads" in caplog.text
    assert "response kind=contact: 1 -> 0" in caplog.text


def test_how_late_a_breach_is_on_the_topic_is_told_once_it_is_committed() -> None:
    clock, late = [T0_MS], list[float]()
    found = LeadState(0, FUNNEL, OUTLETS, lambda: clock[0], 10**12)
    list(found.loaded())
    found.on_step = late.append
    take(found, created(0))
    clock[0] = T0_MS + 5 * MINUTE_MS + 2_000
    found.tick(clock[0] - 1_000)
    assert late == []
    list(found.flush())
    clock[0] += 500
    found.committed()
    assert late == [2.5], "the warning is yesterday's news, the breach was due after five minutes"
    list(found.flush())
    found.committed()
    assert late == [2.5]


def test_in_a_replay_nothing_is_late() -> None:
    late = list[float]()
    found = new(replay=True)
    found.on_step = late.append
    take(found, created(0), call("connected", 60, "M"))
    found.tick(10**15)
    take(found)
    assert late == []
