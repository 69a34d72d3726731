"""The app put together, as far as it can be looked at without a broker."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from faust.assignor.client_assignment import ClientAssignment
from faust.assignor.partition_assignor import PartitionAssignor

from streams.leadpulse import LeadpulseApp
from streams.settings import load
from streams.web.addresses import base_url


@pytest.fixture
def app(tmp_path: Path) -> LeadpulseApp:
    return LeadpulseApp(load(environ={}), datadir=str(tmp_path))


def test_before_kafka_answered_a_worker_is_alive_but_not_ready(app: LeadpulseApp) -> None:
    assert app.not_ready_because() == "waiting for Kafka"
    assert app.failed_because() is None
    assert app.lead_states == {}
    assert list(app.progress()) == []
    assert list(app.peers()) == []


def test_a_worker_without_an_assignment_is_not_ready(app: LeadpulseApp) -> None:
    app.partitions = 4
    assert app.not_ready_because() == "no partition is assigned"


def test_a_worker_that_ends_is_not_alive_and_says_no_more_than_the_kind_of_failure(app: LeadpulseApp) -> None:
    app.engine.failure = ValueError("with a secret")
    assert app.failed_because() == "failed: ValueError"
    app.partitions = 4
    assert app.not_ready_because() == "stopping"


def test_peers_are_the_other_workers_as_faust_distributes_their_urls(app: LeadpulseApp) -> None:
    """Pins what `peers` leans on: every member is told which URL owns which partitions of the topics."""
    assignor = cast(PartitionAssignor, app.assignor)
    own, other = str(app.conf.canonical_url), "http://10.0.0.2:9464"
    assert own == base_url(app.settings.web)
    assignor._member_urls = {"me": own, "you": other}
    assignments = {
        "me": ClientAssignment(actives={"leads.v1": [0, 1], "interactions.v1": [0, 1]}, standbys={}),
        "you": ClientAssignment(actives={"leads.v1": [2, 3], "interactions.v1": [2, 3]}, standbys={}),
    }
    told = assignor._protocol_assignments(assignments, {}, assignor._get_external_topic_distribution(assignments), {})
    assignor.on_assignment(told["me"])
    assert list(app.peers()) == [other]
    assert assignor.external_topic_distribution[other] == {"leads.v1": [2, 3], "interactions.v1": [2, 3]}


@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1"])
def test_the_view_in_redis_is_told_of_where_one_is_configured(url: str, tmp_path: Path) -> None:
    app = LeadpulseApp(load(environ={"LEADPULSE_REDIS__URL": url}), datadir=str(tmp_path))
    _, pieces = app.scraper.scrape(app.lead_states, "")
    assert (b"leadpulse_waiting_view_up 0.0" in b"".join(pieces)) == bool(url)
