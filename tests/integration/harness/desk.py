"""Notifiers, the alerts that they are to tell, and what has come of those."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer

from schemas.alerts import LeadAlert
from schemas.codec import encode
from streams.producing import partition_of
from streams.topics import Role, TopicPlan, ensure_topics
from tests.integration.alertmanager import Alertmanager, Labels
from tests.integration.harness.leadpulse import LeadpulseRun, free_port
from tests.integration.harness.processes import Process
from tests.integration.hooks import Hook
from tests.processors.alerts import Wait

PARTITIONS = 4
LEADS = 300
"""Leads of the load of a test that kills."""
PACE = 0.03
"""Seconds between two leads, and so between two transactions."""
StartDesk = Callable[..., "Desk"]
"""Gives a desk with settings of its own, by the name of the setting in `[notify]`."""


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

    async def open(self, label: str = "N") -> Process:
        """Make the topic, and start a notifier that is ready."""
        await self.make_topic()
        notifier = self.notifier(label)
        await self.wait_ready(label)
        return notifier

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

    async def tell(self, *alerts: LeadAlert, abort: bool = False) -> None:
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


class Floor:
    """Leads that wait, are breached, and for the half answered: the load of the tests that kill.

    Attributes:
        open: Lead -> its latest step, as labels and as alert.
        over: What each answered lead was told of before, and its end.
    """

    def __init__(self, desk: Desk) -> None:
        self.open: dict[str, tuple[Labels, LeadAlert]] = {}
        self.over: list[tuple[list[LeadAlert], LeadAlert]] = []
        self._desk = desk
        self._waits: list[Wait] = []

    async def run(self, worker: Worker, leads: int) -> None:
        for number in range(leads):
            self._waits.append(wait_of(f"L-{number}"))
            await worker.tell(*self._turn(number))
            await asyncio.sleep(PACE)

    def _turn(self, number: int) -> Iterator[LeadAlert]:
        yield self._step(self._waits[number].warned(), "LeadWaiting", "warning")
        if number >= 5:
            yield self._step(self._waits[number - 5].breached(), "LeadBreached", "critical")
        if number >= 10 and number % 2:
            wait = self._waits[number - 10]
            del self.open[wait.lead]
            self.over.append(([wait.warned(), wait.breached()], wait.answered_late()))
            yield wait.answered_late()

    def _step(self, alert: LeadAlert, name: str, severity: str) -> LeadAlert:
        self.open[alert.lead_id] = labels(alert, self._desk, name, severity), alert
        return alert


def labels(alert: LeadAlert, desk: Desk, name: str, severity: str) -> Labels:
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


async def holds(manager: Alertmanager, wanted: set[Labels]) -> bool:
    found = await manager.labels()
    return set(found) == wanted and len(found) == len(wanted)


async def holds_many(manager: Alertmanager, number: int) -> bool:
    return len(await manager.labels()) == number


async def was_told(hook: Hook, alert: LeadAlert) -> bool:
    return alert.alert_id in hook.told
