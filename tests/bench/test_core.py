"""The benchmark of the core: it runs, and measures what the worker does."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime

import pytest

from bench import core
from bench.events import EVENTS_A_LEAD, FUNNEL, Live, floor
from processors.shard import Shard
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER


def test_a_lead_has_seventeen_events_in_the_order_of_their_arrival() -> None:
    events = floor(20)
    assert len(events) == 20 * EVENTS_A_LEAD
    assert len({event.key for event in events}) == 20
    assert events == sorted(events)
    assert events == floor(20), "the same seed, the same events"


def test_no_event_of_a_backlog_lies_in_the_future() -> None:
    end = datetime.now(UTC)
    events = floor(50, end=end)
    assert 0 < len(events) < 50 * EVENTS_A_LEAD
    for event in events:
        decoder = INTERACTION_DECODER if event.interaction else LEAD_DECODER
        assert decoder.decode(event.value).occurred_at < end


def test_every_event_of_the_stream_is_taken() -> None:
    shard = Shard(FUNNEL)
    for event in [*floor(20), *itertools.islice(Live(), 200)]:
        decoder = INTERACTION_DECODER if event.interaction else LEAD_DECODER
        assert decoder.decode(event.value).lead_id.encode() == event.key
        assert type(shard.apply(decoder.decode(event.value))).__name__ == "Accepted"


@pytest.mark.thorough
def test_the_core_is_measured_part_by_part() -> None:
    report = core.run(quick=True, say=lambda _: None)
    best = report.figures["best"]
    assert set(best) == {"bare", *core.PARTS}
    assert all(microseconds > 0 for microseconds in best.values())
    assert report.figures["events"] == report.figures["leads"] * EVENTS_A_LEAD
    assert report.figures["changelog"]["l"]["records"] <= 1
