"""The benchmarks run, and the worker in them does all the work: how fast is not judged here."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import json

from bench import firing, latency, million, pipeline
from bench.report import Report

pytestmark = pytest.mark.integration


def silent(_: str) -> None:
    """Take what a benchmark says of its progress."""


def written(report: Report, folder: Path) -> dict[str, object]:
    content = json.decode(report.write(folder).read_bytes())
    assert set(content["machine"]) >= {"cores", "python"}
    figures: dict[str, object] = content["figures"]
    return figures


def test_the_backlog_is_worked_off_by_all_that_are_compared(tmp_path: Path) -> None:
    figures = written(pipeline.run(quick=True, say=silent), tmp_path)
    rates = figures["rates"]
    assert isinstance(rates, dict)
    assert set(rates) == {
        *("bare", "leadpulse", "the first numbers alone", "all, as plain Python"),
        *("faust, hopping", "faust, tumbling"),
    }
    assert all(rate > 0 for rate in rates.values())


def test_probes_are_seen_while_events_flow(tmp_path: Path) -> None:
    figures = written(latency.run(quick=True, say=silent), tmp_path)
    seen = figures["seen"]
    assert isinstance(seen, dict)
    assert 0 < seen["p50"] <= seen["p99"] <= seen["max"]


def test_a_state_made_without_kafka_is_recovered_and_recomputed(tmp_path: Path) -> None:
    figures = written(million.run(quick=True, say=silent), tmp_path)
    recovered, recomputed = figures["recovered"], figures["recomputed"]
    assert isinstance(recovered, dict)
    assert isinstance(recomputed, dict)
    assert recovered["leads"] == figures["leads"]
    assert recomputed["leads"] > recovered["leads"], "the load brought new ones"


def test_steps_of_waiting_leads_arrive_with_a_reader_with_and_without_events(tmp_path: Path) -> None:
    figures = written(firing.run(quick=True, say=silent), tmp_path)
    for part in (figures["flowing"], figures["silent"]):
        assert isinstance(part, dict)
        assert part["n"] > firing.STEPS_A_SECOND
        assert 0 < part["p50"] <= part["p99"] <= part["max"]
