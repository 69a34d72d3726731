"""What a person is shown of one lead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, json

from processors.changelog import Changelog, restore
from processors.history import MAX_ROWS
from processors.shard import Shard
from processors.timeline import Timeline, timeline
from tests.examples import examples
from tests.processors.events import (
    FUNNEL,
    STREAMS,
    amount_changed,
    assigned,
    at,
    automatic_mail,
    call,
    created,
    disqualified,
    inbound,
    lost,
    merged,
    reopened,
    scored,
    stage,
    won,
)
from tests.processors.looks import Log, feed


def told(*events: Any, lead: str = "L") -> Timeline:
    found = timeline(feed(Shard(FUNNEL), events), lead)
    assert found is not None
    return found


def test_nothing_is_told_of_a_lead_that_nobody_mentioned() -> None:
    assert timeline(feed(Shard(FUNNEL), [created()]), "M") is None


def test_a_lead_is_told_as_it_stands() -> None:
    found = told(
        created(0, campaign="spring", region="nl", amount=500, currency="EUR"),
        automatic_mail(1),
        assigned("south", 2, owner="ann"),
        call("no_answer", 3),
        call("connected", 5),
        stage("contacted", 6),
    )
    assert (found.lead_id, found.status, found.stage, found.stage_entered_at) == ("L", "open", "contacted", at(6))
    assert (found.team, found.owner) == ("south", "ann")
    assert (found.first_automated_at, found.first_attempt_at, found.first_contact_at) == (at(1), at(3), at(5))
    assert (found.created_at, found.closed_at) == (at(0), UNSET)
    origin = {"source": "web", "campaign": "spring", "region": "nl", "team": "north", "currency": "EUR", "amount": 500}
    assert found.origin == origin


def test_a_new_lead_is_in_the_stage_called_new_since_its_creation() -> None:
    found = told(created(3))
    assert (found.stage, found.stage_entered_at, found.first_contact_at) == ("new", at(3), UNSET)


@pytest.mark.parametrize(
    ("closing", "status", "reason"),
    [(won(9), "won", ""), (lost(9, "price"), "lost", "price"), (disqualified(9, "spam"), "disqualified", "spam")],
    ids=["won", "lost", "disqualified"],
)
def test_a_closed_lead_says_how_and_when(closing: Any, status: str, reason: str) -> None:
    found = told(created(0), closing)
    assert (found.status, found.closed_at, found.reason) == (status, at(9), reason)


def test_a_reopened_lead_is_open_and_was_never_closed() -> None:
    found = told(created(0), lost(5, "price"), reopened(6))
    assert (found.status, found.closed_at, found.reason) == ("open", UNSET, "")
    assert [event["type"] for event in found.events] == ["lost", "reopened"]


def test_a_lead_without_creation_shows_its_events_and_no_more() -> None:
    found = told(stage("contacted", 5), call("connected", 6))
    assert (found.status, found.stage, found.created_at, found.origin) == ("uncreated", "", UNSET, {})
    assert [event["type"] for event in found.events] == ["stage_changed", "interaction"]


def test_a_merged_lead_says_into_which() -> None:
    found = told(created(0), stage("contacted", 1), merged("M", 5))
    assert (found.status, found.merged_into) == ("merged", "M")
    assert found.events[-1] == {"occurred_at": at(5), "type": "merged", "value": "M"}


def test_each_event_is_told_with_what_is_kept_of_it() -> None:
    found = told(
        created(0),
        stage("contacted", 1),
        assigned("south", 2, owner="ann"),
        assigned("south", 3),
        call("connected", 4, actor="ann"),
        inbound(5),
        amount_changed(900, 6, currency="EUR"),
        scored(0.5, 7),
        lost(8, "price", competitor="acme"),
    )
    assert [event["occurred_at"] for event in found.events] == [at(n) for n in range(1, 9)]
    kept = [{k: v for k, v in event.items() if k != "occurred_at"} for event in found.events]
    assert kept[:3] == [
        {"type": "stage_changed", "stage": "contacted"},
        {"type": "assigned", "team": "south", "owner": "ann"},
        {"type": "assigned", "team": "south"},
    ]
    assert {"direction": "out", "channel": "call", "outcome": "connected", "actor": "ann"}.items() <= kept[3].items()
    assert {"direction": "in", "channel": "email", "outcome": "replied"}.items() <= kept[4].items()
    assert "actor" not in kept[4]
    assert kept[5] == {"type": "amount_changed", "value": "900 EUR"}
    assert kept[6] == {"type": "scored", "value": 0.5}
    assert kept[7] == {"type": "lost", "reason": "price", "competitor": "acme"}


def test_events_are_told_in_the_order_they_occurred_whatever_order_they_came_in() -> None:
    events = [created(0), stage("contacted", 5), call("connected", 2), stage("qualified", 9)]
    assert told(*events) == told(*reversed(events))
    assert [event["occurred_at"] for event in told(*reversed(events)).events] == [at(2), at(5), at(9)]


def test_a_very_long_history_says_that_it_was_shortened() -> None:
    calls = [call("no_answer", minute) for minute in range(MAX_ROWS + 10)]
    assert not told(created(0), *calls[:100]).shortened
    found = told(created(0), *calls)
    assert found.shortened
    assert len(found.events) <= MAX_ROWS
    assert found.first_attempt_at == at(0)


def test_what_is_unknown_is_left_out_of_the_json() -> None:
    content = json.decode(json.encode(told(created(0, source="web", team=""))))
    assert set(content) == {"lead_id", "status", "created_at", "origin", "stage", "stage_entered_at"}
    assert content["created_at"] == "2026-03-20T22:00:00Z"


def test_names_beyond_the_cap_are_told_as_other() -> None:
    shard = feed(Shard(FUNNEL), (created(0, f"L{n}", source=f"source {n}") for n in range(150)))
    found = timeline(shard, "L149")
    assert found is not None
    assert found.origin["source"] == "other"


def test_looking_at_a_lead_changes_nothing() -> None:
    shard = feed(Shard(FUNNEL), [created(0), stage("contacted", 3)])
    before = timeline(shard, "L")
    shard.apply(stage("qualified", 4))
    assert before is not None
    assert before.stage == "contacted"
    assert timeline(shard, "L") == timeline(shard, "L")


@given(STREAMS)
@examples(60)
def test_every_lead_of_any_stream_is_told_the_same_after_a_recovery(events: list[Any]) -> None:
    shard, log, back = feed(Shard(FUNNEL), events), Log(), Shard(FUNNEL)
    before = {lead: timeline(shard, lead) for lead, _ in shard.leads()}
    log.commit(Changelog(shard))
    restore(back, log.records.items())
    assert {lead: timeline(back, lead) for lead, _ in back.leads()} == before
    for found in before.values():
        assert found is not None
        times = [event["occurred_at"] for event in found.events]
        assert times == sorted(times)
        assert json.encode(found)


@given(st.floats(0, 1e6))
def test_times_are_told_to_the_millisecond(seconds: float) -> None:
    moment = at(0) + timedelta(seconds=seconds)
    event = created(0)
    kept = told(type(event)(event_id="e", lead_id="L", occurred_at=moment)).created_at
    assert isinstance(kept, datetime)
    assert timedelta(0) <= moment - kept < timedelta(milliseconds=1)
