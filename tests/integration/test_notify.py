"""Alarms out, through real receivers that are killed: nothing is lost, nothing that is over is called out."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from schemas.alerts import Alert
from schemas.codec import encode
from streams.producing import partition_of
from streams.topics import Role, TopicPlan, ensure_topics
from tests.integration.alertmanager import Alertmanager, Labels
from tests.integration.harness.leadpulse import LeadpulseRun, free_port
from tests.integration.harness.processes import Process
from tests.integration.hooks import SECRET, Hook
from tests.processors.alerts import Wait

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

PARTITIONS = 4


class Desk(LeadpulseRun):
    """Notifiers of one application, and the alerts that they are to tell."""

    def notifier(self, label: str = "N") -> Process:
        """Start a notifier; the same label keeps its port."""
        port = self.ports.setdefault(label, free_port())
        return self.start(label, "notify", "--port", str(port))

    async def make_topic(self) -> None:
        """Make the alerts topic, as a worker would."""
        plan = TopicPlan(self.settings.topics.alerts, Role.OUTPUT)
        await ensure_topics([plan], client_arguments={"bootstrap_servers": self.broker}, partitions=PARTITIONS)

    @asynccontextmanager
    async def worker(self) -> AsyncIterator[Worker]:
        """Stand where a worker is."""
        producer = AIOKafkaProducer(bootstrap_servers=self.broker, transactional_id=f"t-{uuid.uuid4().hex}")
        await producer.start()
        try:
            yield Worker(producer, self.settings.topics.alerts)
        finally:
            await producer.stop()


class Worker:
    """Writes alerts in transactions."""

    def __init__(self, producer: AIOKafkaProducer, topic: str) -> None:
        self._producer, self._topic = producer, topic

    async def tell(self, *alerts: Alert, abort: bool = False) -> None:
        await self._producer.begin_transaction()
        for alert in alerts:
            key = alert.lead_id.encode()
            place = partition_of(key, PARTITIONS)
            await self._producer.send(self._topic, encode(alert), key=key, partition=place)
        await (self._producer.abort_transaction() if abort else self._producer.commit_transaction())


def wait_of(lead: str) -> Wait:
    return Wait(lead, at=datetime.now(UTC) - timedelta(minutes=10))


async def until(condition: Callable[[], Awaitable[bool]], what: str, timeout: float = 30) -> None:
    deadline = time.monotonic() + timeout
    while not await condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.1)


@pytest.fixture
def start_desk(kafka: str, tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    desks: list[Desk] = []

    def start(**settings: str) -> Desk:
        usual = {"RESEND": "1s", "HOLD": "20s", "RETRY_MOST": "1s", "RETRY_FIRST": "100ms", "DIGEST_WAIT": "300ms"}
        named = {f"NOTIFY__{key}": value for key, value in (usual | settings).items()}
        desks.append(Desk(kafka, tmp_path, partitions=PARTITIONS, settings=named))
        return desks[-1]

    yield start
    for desk in desks:
        desk.__exit__()


def labels(alert: Alert, desk: Desk, name: str, severity: str) -> Labels:
    return frozenset(
        {
            "alertname": name,
            "severity": severity,
            "app": desk.settings.app.id,
            "team": alert.team,
            "policy": "hot",
            "obligation": "first_contact",
            "source": "web",
            "lead": alert.lead_id,
        }.items()
    )


async def test_alarms_are_in_alertmanager_within_a_second_and_go_when_they_are_over(
    start_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url) as manager:
        desk = start_desk(ALERTMANAGER=manager.url)
        await desk.make_topic()
        desk.notifier()
        await desk.wait_ready("N")
        one = wait_of("L-1")
        async with desk.worker() as worker:
            await worker.tell(wait_of("L-9").breached(), abort=True)
            await worker.tell(one.warned())
            told = time.monotonic()
            await until(lambda: _is(manager, {labels(one.warned(), desk, "LeadWaiting", "warning")}), "no warning")
            assert time.monotonic() - told < 1
            await worker.tell(one.breached())
            await until(lambda: _is(manager, {labels(one.breached(), desk, "LeadBreached", "critical")}), "no breach")
            (alert,) = await manager.alerts()
            assert alert["annotations"]["summary"].startswith("L-1 waits too long: first contact was due")
            assert alert["generatorURL"] == "http://127.0.0.1:9464/leads/L-1"
            await worker.tell(one.answered_late(9))
            await until(lambda: _is(manager, set()), "not over")
        assert desk.metrics("N").total("leadpulse_notify_alarms_total", outcome="delivered") == 3


async def _is(manager: Alertmanager, wanted: set[Labels]) -> bool:
    found = await manager.labels()
    return set(found) == wanted and len(found) == len(wanted)
