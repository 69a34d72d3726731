"""Negotiation, and the answer to a scrape."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from streams.web import metrics
from streams.web.metrics import OPENMETRICS_TYPE, PROMETHEUS_TYPE, wants_openmetrics
from tests.processors.events import created
from tests.streams.exposition.worker import LEADS, FakeWorker, records, samples, take

PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;"
    "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)


@pytest.mark.parametrize(
    ("accept", "openmetrics"),
    [
        (PROMETHEUS_2, True),
        (PROMETHEUS_3, True),
        ("application/openmetrics-text", True),
        ("Application/OpenMetrics-Text; Version=1.0.0", True),
        ("application/openmetrics-text; version=0.0.1", False),
        ("application/openmetrics-text; q=0.3, text/plain; q=0.7", False),
        ("application/openmetrics-text; q=0", False),
        ("application/openmetrics-text; q=much", False),
        ("application/openmetrics-text; q=nan", False),
        ("text/plain", False),
        ("text/html,application/xhtml+xml,*/*;q=0.8", False),
        ("", False),
        (";;,,=;q", False),
    ],
)
def test_openmetrics_is_for_those_who_prefer_it(accept: str, openmetrics: bool) -> None:
    assert wants_openmetrics(accept) is openmetrics


def test_the_content_type_says_which_format_came() -> None:
    worker = FakeWorker()
    assert worker.scraper.scrape({}, PROMETHEUS_3)[0] == OPENMETRICS_TYPE
    assert worker.scraper.scrape({}, "*/*")[0] == PROMETHEUS_TYPE


def test_a_scrape_counts_itself_in_the_next_one() -> None:
    worker = FakeWorker()
    counts = [samples(worker.scrape())["leadpulse_scrape_duration_seconds_count", frozenset()] for _ in range(3)]
    assert counts == [0, 1, 2]


def created_leads(text: str) -> float:
    return sum(
        value
        for (name, labels), value in samples(text).items()
        if name == "leadpulse_created_leads" and ("window", "all") in labels
    )


def test_a_scrape_tells_what_was_applied_before_it() -> None:
    worker = FakeWorker()
    state = take(worker.state(), created(0, "A"))
    assert created_leads(worker.scrape()) == 1
    state.apply(records(created(0, "B"))[LEADS])
    assert created_leads(worker.scrape()) == 2


def test_partitions_of_a_worker_are_added_up_and_leave_when_they_are_lost() -> None:
    worker = FakeWorker()
    for partition in (0, 1):
        take(worker.state(partition), created(0, f"lead {partition}"))
    assert created_leads(worker.scrape()) == 2
    del worker.lead_states[1]
    assert created_leads(worker.scrape()) == 1
    take(worker.state(0), created(0, "another"), created(0, "one"), created(0, "two"))
    assert created_leads(worker.scrape()) == 3


async def _kept(worker: FakeWorker, seconds: float) -> None:
    keeping = asyncio.create_task(worker.scraper.keep_fresh(lambda: worker.lead_states))
    await asyncio.sleep(seconds)
    keeping.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await keeping


async def test_the_board_is_kept_fresh_between_scrapes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "REFRESH_PAUSE", 0.001)
    worker = FakeWorker()
    for partition in (0, 1):
        take(worker.state(partition), created(0, f"lead {partition}"))
    await _kept(worker, 0.05)
    (told,) = worker.scraper.board._sets[1].values()
    assert list(told.values["all"]) == [2]
    assert told.partitions == {0, 1}


async def test_refreshing_takes_a_small_share_of_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "REFRESH_PAUSE", 0.0)
    worker = FakeWorker()
    worker.state()
    pauses: list[float] = []
    slept = asyncio.sleep

    async def note(seconds: float) -> None:
        pauses.append(seconds)
        await slept(0.001)

    clock = iter(range(1_000_000))
    monkeypatch.setattr("streams.web.metrics.time.perf_counter", lambda: next(clock) / 100)  # each look takes 10 ms
    monkeypatch.setattr("streams.web.metrics.asyncio.sleep", note)
    keeping = asyncio.create_task(worker.scraper.keep_fresh(lambda: worker.lead_states))
    while len(pauses) < 4:
        await slept(0.001)
    keeping.cancel()
    assert [round(pause, 6) for pause in pauses[:4]] == [0, 0.5, 0, 0.5]
