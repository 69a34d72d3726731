"""A notifier before Kafka comes in: its receivers, and what it serves."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from schemas.signals import NOTIFIER
from streams.notify.messages import Outcome
from streams.notify.numbers import Numbers, ReceiverNumbers, Standing, StandingCollector
from streams.notify.service import Notifier, group_of, receivers
from streams.notify.web import serving
from streams.services.ports import free_ports
from streams.settings import load
from tests.streams.exposition.promtool import Promtool
from tests.streams.exposition.worker import OPENMETRICS, samples

METRICS = "token-for-metrics"
_TYPES = {"counter": "counter", "gauge": "gauge", "histogram": "histogram"}


class Stood:
    """A receiver as it stands."""

    name, waiting, oldest, behind, open = "webhook", 3, 990_000, 7, 2


def told() -> CollectorRegistry:
    registry = CollectorRegistry()
    numbers = ReceiverNumbers(Numbers(registry), "webhook")
    numbers.requested(Outcome.DELIVERED, 0.02)
    numbers.told(Outcome.DELIVERED, 20)
    receivers_: list[Standing] = [Stood()]
    registry.register(StandingCollector(receivers_, lambda: True, clock=lambda: 1000.0))
    return registry


async def answers(
    registry: CollectorRegistry, trouble: str | None, accept: str = "text/plain"
) -> dict[str, tuple[int, str]]:
    found = {}
    async with (
        serving("127.0.0.1", 0, registry, lambda: trouble) as port,
        aiohttp.ClientSession(headers={"Accept": accept}) as client,
    ):
        for path in ("/", "/metrics", "/livez", "/readyz", "/else"):
            async with client.get(f"http://127.0.0.1:{port}{path}") as answer:
                found[path] = answer.status, await answer.text()
    return found


async def connected(client: aiohttp.ClientSession) -> None:
    async with asyncio.timeout(10):
        while True:
            try:
                await statuses(client, "")
                return
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.01)


async def statuses(client: aiohttp.ClientSession, token: str) -> list[int]:
    found, headers = [], {"Authorization": f"Bearer {token}"} if token else {}
    for path in ("/metrics", "/livez", "/readyz"):
        async with client.get(path, headers=headers) as answer:
            found.append(answer.status)
    return found


async def test_metrics_and_health_are_served() -> None:
    found = await answers(told(), None)
    assert [status for status, _ in found.values()] == [200, 200, 200, 200, 404]
    assert found["/readyz"][1] == "ok\n"
    found = await answers(told(), "the topic x does not exist yet")
    assert found["/readyz"] == (503, "the topic x does not exist yet\n")
    assert found["/livez"] == (200, "ok\n")


async def test_metrics_are_told_against_the_token_of_the_workers_and_health_to_everybody() -> None:
    notify_port, kafka_port = free_ports(2)
    environ = {
        "LEADPULSE_WEB__METRICS_TOKEN": METRICS,
        "LEADPULSE_WEB__API_TOKEN": "for-single-leads-only",
        "LEADPULSE_NOTIFY__ALERTMANAGER": "http://a:9093",
        "LEADPULSE_NOTIFY__PORT": str(notify_port),
        "LEADPULSE_KAFKA__BROKERS": f"127.0.0.1:{kafka_port}",
    }
    settings, stop = load(environ=environ), asyncio.Event()
    running = asyncio.create_task(Notifier(settings).run(stop))
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{settings.notify.port}") as client:
            await connected(client)
            found = {token: await statuses(client, token) for token in ("", "for-single-leads-only", METRICS)}
    finally:
        stop.set()
        await running
    assert found == {"": [401, 200, 503], "for-single-leads-only": [401, 200, 503], METRICS: [200, 200, 503]}


async def test_every_signal_of_the_table_is_told_and_promtool_agrees(promtool: Promtool) -> None:
    text = (await answers(told(), None))["/metrics"][1]
    families = {f.name: f for f in text_string_to_metric_families(text) if f.name.startswith("leadpulse_")}
    assert {name: (f.type, f.documentation) for name, f in families.items()} == {
        s.name: (_TYPES[s.kind], s.help) for s in NOTIFIER
    }
    for signal in NOTIFIER:
        assert {frozenset(s.labels) - {"le"} for s in families[signal.name].samples} == {frozenset(signal.labels)}
    assert promtool.complaints(text) == ""


@pytest.mark.parametrize(("accept", "openmetrics"), [("text/plain", False), (OPENMETRICS, True)])
async def test_nothing_tells_when_a_series_was_created(accept: str, openmetrics: bool) -> None:
    text = (await answers(told(), None, accept))["/metrics"][1]
    assert text.endswith("# EOF\n") is openmetrics
    names = {name for name, _ in samples(text, openmetrics=openmetrics)}
    assert "leadpulse_notify_alarms_total" in names  # a counter, which is what has such a time
    assert not [name for name in names if name.endswith("_created")]


def test_the_age_of_the_oldest_alarm_is_in_seconds() -> None:
    registry = told()
    value = registry.get_sample_value("leadpulse_notify_oldest_undelivered_seconds", {"receiver": "webhook"})
    assert value == 10.0
    assert registry.get_sample_value("leadpulse_notify_queue_alarms", {"receiver": "webhook"}) == 3


def test_every_receiver_has_a_group_of_its_own() -> None:
    settings = load(
        environ={
            "LEADPULSE_APP__ID": "north",
            "LEADPULSE_NOTIFY__ALERTMANAGER": "http://a:9093,https://b/am/",
            "LEADPULSE_NOTIFY__WEBHOOK": "https://hooks.example.com/token",
            "LEADPULSE_NOTIFY__WEBHOOK_SECRET": "key",
        }
    )
    found = receivers(settings)
    assert [receiver.name for receiver in found] == ["alertmanager/a:9093", "alertmanager/b/am", "webhook"]
    assert [receiver.url for receiver in found] == [
        "http://a:9093/api/v2/alerts",
        "https://b/am/api/v2/alerts",
        "https://hooks.example.com/token",
    ]
    groups = [group_of(settings, receiver.name) for receiver in found]
    assert groups == [
        "north-notify-alertmanager-a-9093",
        "north-notify-alertmanager-b-am",
        "north-notify-webhook",
    ]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_there_before_it_happens(outcome: Outcome) -> None:
    registry = CollectorRegistry()
    ReceiverNumbers(Numbers(registry), "webhook")
    labels = {"receiver": "webhook", "outcome": outcome.value}
    assert registry.get_sample_value("leadpulse_notify_requests_total", labels) == 0
