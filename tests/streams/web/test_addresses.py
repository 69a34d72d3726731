"""The address of a lead whatever its id is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings.promises import Sla
from streams.settings.sections import Settings, Web
from streams.web.addresses import base_url, lead_link, lead_url


@pytest.mark.parametrize("base", ["http://h:9464", "http://h:9464/"])
def test_a_lead_lies_below_its_worker(base: str) -> None:
    assert str(lead_url(base, "42")) == "http://h:9464/leads/42"


def test_a_worker_behind_a_proxy_may_have_a_path() -> None:
    assert str(lead_url("https://proxy/worker-1", "42", local=True)) == "https://proxy/worker-1/leads/42?local=1"


@pytest.mark.parametrize(
    ("lead_id", "name"),
    [("a/b", "a%2Fb"), ("..", "%2E%2E"), ("a?b#c%", "a%3Fb%23c%25"), ("é", "%C3%A9"), (" ", "%20"), ("\n", "%0A")],
)
def test_nothing_in_an_id_means_anything_in_the_address(lead_id: str, name: str) -> None:
    assert str(lead_url("http://h", lead_id)) == f"http://h/leads/{name}"


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=30))
def test_different_ids_have_different_addresses_on_one_level(lead_id: str) -> None:
    url = lead_url("http://h", lead_id)
    assert url.raw_path.count("/") == 2
    assert url.path.removeprefix("/leads/") == lead_id


@pytest.mark.parametrize(
    ("web", "url"),
    [
        (Web(), "http://127.0.0.1:9464"),
        (Web(host="0.0.0.0", port=1234), "http://127.0.0.1:1234"),  # noqa: S104  # nothing listens there
        (Web(host="::"), "http://127.0.0.1:9464"),
        (Web(host="::1"), "http://[::1]:9464"),
        (Web(advertised_url="https://proxy/worker-1"), "https://proxy/worker-1"),
    ],
)
def test_a_worker_is_reached_where_it_listens_or_where_it_says(web: Web, url: str) -> None:
    assert base_url(web) == url


def test_an_alert_links_to_the_leads_history_at_the_worker() -> None:
    settings = Settings(web=Web(port=9999))
    assert lead_link(settings, "a/b") == "http://127.0.0.1:9999/leads/a%2Fb"


def test_an_alert_links_to_where_the_settings_say() -> None:
    settings = Settings(sla=Sla(lead_link="https://crm.example/open?lead={lead_id}&tab=calls"))
    assert lead_link(settings, "Ä 1") == "https://crm.example/open?lead=%C3%84%201&tab=calls"
