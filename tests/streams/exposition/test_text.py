"""The two formats of the business signals, as strict parsers and Prometheus' own tool see them."""

from __future__ import annotations

import pytest

from schemas.signals import BUSINESS
from streams.exposition.board import Board
from tests.processors.events import FUNNEL
from tests.streams.exposition.exposed import exposed
from tests.streams.exposition.story import told_worker
from tests.streams.exposition.worker import FakeWorker, families, samples


def test_a_family_is_told_with_help_and_type_before_anything_happened() -> None:
    text = exposed(Board(FUNNEL), {}, openmetrics=True)
    for signal in BUSINESS:
        assert f"# HELP {signal.name} {signal.help}\n# TYPE {signal.name} gauge" in text


def test_openmetrics_knows_gauge_histograms_and_units() -> None:
    found = {family.name: family for family in families(told_worker().scrape(openmetrics=True), openmetrics=True)}
    response = found["leadpulse_response_seconds"]
    assert (response.type, response.unit) == ("gaugehistogram", "seconds")
    assert found["leadpulse_created_leads"].type == "gauge"


def test_the_prometheus_format_tells_a_gauge_histogram_as_three_families() -> None:
    found = {family.name: family.type for family in families(told_worker().scrape())}
    assert found["leadpulse_response_seconds"] == "histogram"
    assert found["leadpulse_response_seconds_gcount"] == found["leadpulse_response_seconds_gsum"] == "gauge"


def test_both_formats_tell_the_same_samples() -> None:
    worker = told_worker()
    plain, strict = samples(worker.scrape()), samples(worker.scrape(openmetrics=True), openmetrics=True)
    changing = ("leadpulse_scrape_duration_seconds", "process_")
    assert {k: v for k, v in plain.items() if not k[0].startswith(changing)} == {
        k: v for k, v in strict.items() if not k[0].startswith(changing)
    }


@pytest.mark.parametrize("openmetrics", [False, True])
def test_lines_of_one_family_stand_together(openmetrics: bool) -> None:
    names = [line.split()[2] for line in told_worker().scrape(openmetrics=openmetrics).split("\n") if "# TYPE" in line]
    assert len(names) == len(set(names))


def test_openmetrics_ends_once_and_the_prometheus_format_not_at_all() -> None:
    worker = told_worker()
    text = worker.scrape(openmetrics=True)
    assert text.endswith("\n# EOF\n")
    assert text.count("# EOF") == 1
    assert "# EOF" not in worker.scrape()


@pytest.mark.parametrize("openmetrics", [False, True])
def test_nothing_tells_when_a_series_was_created(openmetrics: bool) -> None:
    assert not [
        name
        for name, _ in samples(told_worker().scrape(openmetrics=openmetrics), openmetrics=openmetrics)
        if name.endswith("_created")
    ]


@pytest.mark.parametrize("worker", [FakeWorker, told_worker], ids=["empty", "full"])
@pytest.mark.parametrize("openmetrics", [False, True])
def test_strict_parsers_read_every_line(worker: type[FakeWorker], openmetrics: bool) -> None:
    text = worker().scrape(openmetrics=openmetrics)
    told = sum(not line.startswith("#") for line in text.split("\n") if line)
    assert len(samples(text, openmetrics=openmetrics)) == told
