"""What Prometheus' own tool says to the metrics and to the queries of the signal table."""

from __future__ import annotations

import pytest

from schemas.signals import READY, SIGNALS, with_values
from tests.streams.exposition.promtool import Promtool
from tests.streams.exposition.story import told_worker
from tests.streams.exposition.worker import FakeWorker


@pytest.mark.parametrize("worker", [FakeWorker, told_worker], ids=["empty", "full"])
def test_promtool_has_nothing_to_say_about_the_metrics(worker: type[FakeWorker], promtool: Promtool) -> None:
    assert promtool.complaints(worker().scrape()) == ""


def test_promtool_would_say_something_about_a_badly_named_counter(promtool: Promtool) -> None:
    assert "_total" in promtool.complaints("# HELP x_seconds X\n# TYPE x_seconds counter\nx_seconds 1\n")


def test_every_query_is_promql(promtool: Promtool) -> None:
    assert promtool.parses(*(with_values(s.query, window="all", rate_interval="1m") for s in SIGNALS)) == ""
    assert promtool.parses("sum by (") != ""


Told = dict[tuple[str, int], int]
"""(worker, partition) -> whether it has caught up."""

BOTH: Told = {("a", 0): 1, ("a", 1): 1, ("b", 2): 1}


@pytest.mark.parametrize(
    ("told", "whole"),
    [
        (BOTH, True),
        ({("a", 0): 1, ("a", 1): 1}, False),
        (BOTH | {("b", 1): 1}, False),
        ({("a", 0): 1, ("a", 1): 1, ("b", 1): 1}, False),
        (BOTH | {("b", 2): 0}, False),
        (BOTH | {("b", 1): 0}, False),
        ({}, False),
    ],
    ids=[
        "each partition once",
        "one by nobody",
        "one twice",
        "one twice and one by nobody",
        "one catching up",
        "one told before by a worker and catching up in another",
        "none",
    ],
)
def test_sums_over_workers_are_shown_when_every_partition_is_told_once(
    told: Told, whole: bool, promtool: Promtool
) -> None:
    series: dict[str, float | None] = {
        f'leadpulse_partition_ready{{instance="{worker}", partition="{partition}"}}': ready
        for (worker, partition), ready in told.items()
    }
    for worker in "ab":
        series[f'leadpulse_partitions{{instance="{worker}"}}'] = 3
        series[f'x{{instance="{worker}"}}'] = 4
    difference = promtool.gives(f"sum(x) and on() {READY}", series, [("{}", 8)] if whole else [])
    assert difference == ""


def test_the_lag_is_shown_while_a_partition_catches_up(promtool: Promtool) -> None:
    query = next(signal.query for signal in SIGNALS if signal.name == "leadpulse_consumer_lag_records")
    lags: dict[str, float | None] = {
        f'leadpulse_consumer_lag_records{{instance="{w}", partition="{p}", topic="t"}}': lag
        for w, p, lag in (("a", 0, 5), ("a", 1, 7), ("b", 1, 6))
    }
    partitions = {"leadpulse_partitions": 2.0, 'leadpulse_partition_ready{partition="0"}': 0.0}
    assert promtool.gives(query, lags | partitions, [('{topic="t"}', 12)]) == ""
    assert promtool.gives(query, lags | partitions | {"leadpulse_partitions": 3.0}, []) == ""
