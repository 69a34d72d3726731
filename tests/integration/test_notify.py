"""Alarms out, through real receivers that are killed: nothing is lost, nothing that is over is called out."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer

from schemas.alerts import LeadAlert
from schemas.codec import encode
from streams.producing import partition_of
from streams.services import KafkaService
from streams.topics import Role, TopicPlan, ensure_topics
from tests.integration.alertmanager import Alertmanager, Labels
from tests.integration.harness.alerts import answer, lead, write
from tests.integration.harness.leadpulse import LeadpulseRun, free_port
from tests.integration.harness.processes import Process
from tests.integration.hooks import SECRET, Hook
from tests.processors.alerts import Wait

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

PARTITIONS = 4
LEADS = 300
PACE = 0.03
"""Seconds between two leads, and so between two transactions."""
WARNED_BEFORE = 2
"""Seconds from a warning to the breach."""


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


async def _is(manager: Alertmanager, wanted: set[Labels]) -> bool:
    found = await manager.labels()
    return set(found) == wanted and len(found) == len(wanted)


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


async def test_nothing_is_lost_or_doubled_while_alertmanager_and_notifiers_are_killed_under_load(
    start_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url) as manager:
        desk = start_desk(ALERTMANAGER=manager.url)
        await desk.make_topic()
        notifiers = {label: desk.notifier(label) for label in ("N1", "N2")}
        for label in notifiers:
            await desk.wait_ready(label)
        floor = Floor(desk)
        async with desk.worker() as worker:
            load = asyncio.create_task(floor.run(worker, LEADS))
            for label in ("N1", "N2"):
                await asyncio.sleep(1)
                await manager.kill()
                await asyncio.sleep(1)
                await asyncio.to_thread(notifiers[label].kill)
                await manager.start()
                notifiers[label] = desk.notifier(label)
            await load
        wanted = {known for known, _ in floor.open.values()}
        assert len(wanted) > LEADS / 2
        await until(lambda: _is(manager, wanted), "not what is open", timeout=60)


async def test_a_webhook_that_comes_back_has_everything_and_nothing_that_was_over(
    start_desk: Callable[..., Desk],
) -> None:
    async with Hook() as hook:
        desk = start_desk(WEBHOOK=hook.url, WEBHOOK_SECRET=SECRET)
        await desk.make_topic()
        notifier = desk.notifier()
        await desk.wait_ready("N")
        floor = Floor(desk)
        async with desk.worker() as worker:
            load = asyncio.create_task(floor.run(worker, LEADS))
            await asyncio.sleep(1)
            await hook.stop()
            await asyncio.sleep(2)
            await asyncio.to_thread(notifier.kill)
            notifier = desk.notifier()
            await hook.start()
            await asyncio.sleep(2)
            hook.status = 503
            await asyncio.sleep(1)
            hook.status = 200
            await load

        async def complete() -> bool:
            told = hook.told
            return all(alert.alert_id in told for _, alert in floor.open.values()) and all(
                end.alert_id in told for steps, end in floor.over if any(step.alert_id in told for step in steps)
            )

        await until(complete, "something is missing", timeout=60)
        silent = sum(all(step.alert_id not in hook.told for step in steps) for steps, _ in floor.over)
        assert silent > 0  # over before the webhook came back: not called out
        known = {alert.alert_id for steps, end in floor.over for alert in (*steps, end)}
        known |= {wait.alert_id for _, alert in floor.open.values() for wait in _steps(alert)}
        assert set(hook.told) <= known
        assert max(hook.told.values()) <= 2  # once more after the kill, with the same id
        assert hook.forged == 0


def _steps(alert: LeadAlert) -> tuple[LeadAlert, ...]:
    wait = Wait(alert.lead_id)
    return wait.warned(), wait.breached()


async def test_what_began_and_ended_while_the_webhook_was_away_is_not_called_out(
    start_desk: Callable[..., Desk],
) -> None:
    hook = Hook()
    desk = start_desk(WEBHOOK=hook.url, WEBHOOK_SECRET=SECRET)
    await desk.make_topic()
    notifier = desk.notifier()
    await desk.wait_ready("N")
    over, open_, early = (wait_of(lead) for lead in ("over", "open", "early"))
    async with desk.worker() as worker:
        await worker.tell(over.warned(), open_.warned())
        await notifier.logs("does not take alarms")
        await worker.tell(over.breached(), open_.breached(), over.answered_late())
        await until(lambda: _waits(desk, 1), "the end was not read")
        async with hook:
            await until(lambda: _told(hook, open_.breached()), "the open one is missing")
            assert set(hook.told) == {open_.breached().alert_id}
            # The same for a notifier that was away itself.
            notifier.ask_to_end()
            assert await asyncio.to_thread(notifier.wait) == 0
            await worker.tell(early.breached(), open_.answered_late(), early.resolved("closed", 9))
            desk.notifier()
            await until(lambda: _told(hook, open_.answered_late()), "the end is missing")
            assert hook.told == {open_.breached().alert_id: 1, open_.answered_late().alert_id: 1}


async def _waits(desk: Desk, alarms: int) -> bool:
    return desk.metrics("N").total("leadpulse_notify_queue_alarms") == alarms


async def _told(hook: Hook, alert: LeadAlert) -> bool:
    return alert.alert_id in hook.told


async def test_twenty_waiting_leads_are_one_message_with_twenty_lines(
    start_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    async with Hook() as chat, Hook(signed=False) as pager, Alertmanager(tmp_path, pager.url) as manager:
        desk = start_desk(ALERTMANAGER=manager.url, WEBHOOK=chat.url, WEBHOOK_SECRET=SECRET)
        await desk.make_topic()
        desk.notifier()
        await desk.wait_ready("N")
        async with desk.worker() as worker:
            await worker.tell(*(wait_of(f"L-{number}").breached() for number in range(20)))
        await until(lambda: _came(chat), "no message")
        # Alertmanager waits for a group's company only while its first alert is young: these were due long ago, and the
        # first page may come before all of them are in the group. The next one tells the whole group.
        await until(lambda: _all_paged(pager, 20), "no page of all")
        (message,) = chat.messages
        assert len(message["text"].splitlines()) == 1 + 20
        assert message["text"].startswith("north, hot: 20 alarms\n")
        assert set(chat.told.values()) == {1}
        assert all(page["groupLabels"] == {"team": "north", "policy": "hot"} for page in pager.messages)


async def _all_paged(pager: Hook, alarms: int) -> bool:
    return bool(pager.messages) and len(pager.messages[-1]["alerts"]) == alarms


async def _came(hook: Hook) -> bool:
    return bool(hook.messages)


async def test_an_alarm_that_is_refused_for_good_goes_aside_and_others_go_on(start_desk: Callable[..., Desk]) -> None:
    async with Hook() as hook:
        hook.status = 400
        desk = start_desk(WEBHOOK=hook.url, WEBHOOK_SECRET=SECRET)
        await desk.make_topic()
        notifier = desk.notifier()
        await desk.wait_ready("N")
        bad, good = wait_of("bad").breached(), wait_of("good").breached()
        async with desk.worker() as worker:
            await worker.tell(bad)
            await notifier.logs(f"refuses alert {bad.alert_id} for good")
            hook.status = 200
            await worker.tell(good)
        await until(lambda: _told(hook, good), "the good one is stuck")
        assert set(hook.told) == {good.alert_id}
        assert desk.metrics("N").total("leadpulse_notify_alarms_total", outcome="refused") == 1
        assert bad.lead_id not in notifier.log_text()


async def test_an_alertmanager_that_was_away_learns_what_is_open_and_holds_up_no_other(
    start_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url, "one") as one:
        two = Alertmanager(tmp_path, hook.url, "two")
        desk = start_desk(ALERTMANAGER=f"{one.url},{two.url}")
        await desk.make_topic()
        desk.notifier()
        await desk.wait_ready("N")
        waits = [wait_of(f"L-{number}") for number in range(20)]
        async with desk.worker() as worker:
            await worker.tell(*(wait.breached() for wait in waits))
            await until(lambda: _many(one, 20), "held up")
            await worker.tell(*(wait.answered_late() for wait in waits[:5]))
            await until(lambda: _many(one, 15), "not over")
        async with two:
            await until(lambda: _many(two, 15), "nothing learnt")


async def test_a_notifier_that_was_frozen_does_not_bring_back_what_is_over(
    start_desk: Callable[..., Desk], tmp_path: Path
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url) as manager:
        desk = start_desk(ALERTMANAGER=manager.url)
        await desk.make_topic()
        frozen = desk.notifier("frozen")
        await desk.wait_ready("frozen")
        waits = [wait_of(f"L-{number}") for number in range(8)]
        async with desk.worker() as worker:
            await worker.tell(*(wait.breached() for wait in waits))
            await until(lambda: _many(manager, 8), "not open")
            frozen.freeze()
            desk.notifier("heir")
            await desk.wait_ready("heir")
            await worker.tell(*(wait.answered_late() for wait in waits))
            await until(lambda: _many(manager, 0), "not over")
            frozen.thaw()
            await desk.wait_ready("frozen")
            for _ in range(20):
                assert await manager.labels() == []
                await asyncio.sleep(0.1)


async def _many(manager: Alertmanager, number: int) -> bool:
    return len(await manager.labels()) == number


async def test_a_notifier_waits_for_the_topic_and_ends_in_order(start_desk: Callable[..., Desk]) -> None:
    desk = start_desk(ALERTMANAGER="http://127.0.0.1:9")
    notifier = desk.notifier()
    await notifier.logs("waiting for the topic")
    assert desk.get("/livez", "N")[0] == 200
    assert desk.get("/readyz", "N") == (503, f"the topic {desk.settings.topics.alerts} does not exist yet\n")
    await desk.make_topic()
    await desk.wait_ready("N")
    notifier.ask_to_end()
    assert await asyncio.to_thread(notifier.wait) == 0


async def test_open_alarms_stay_open_while_the_broker_is_away(kafka_service: KafkaService, tmp_path: Path) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url) as manager:
        settings = {"ALERTMANAGER": manager.url, "RESEND": "1s", "HOLD": "10s"}
        named = {f"NOTIFY__{key}": value for key, value in settings.items()}
        with Desk(kafka_service.bootstrap, tmp_path, partitions=PARTITIONS, settings=named) as desk:
            await desk.make_topic()
            desk.notifier()
            await desk.wait_ready("N")
            one, two = wait_of("L-1"), wait_of("L-2")
            async with desk.worker() as worker:
                await worker.tell(one.breached())
                await until(lambda: _many(manager, 1), "not open")
            await asyncio.to_thread(kafka_service.kill)
            away = time.monotonic()
            while time.monotonic() - away < 20:  # twice as long as Alertmanager remembers
                assert len(await manager.labels()) == 1
                await asyncio.sleep(0.2)
            await asyncio.to_thread(kafka_service.start)
            async with desk.worker() as worker:
                await worker.tell(two.breached())
                await until(lambda: _many(manager, 2), "the next is missing", timeout=60)


async def _nothing(_: Desk, __: Process) -> None:
    """Let the worker go on."""


async def _a_kill(desk: Desk, worker: Process) -> None:
    """Kill the worker, and start it again."""
    worker.kill()
    desk.start_worker("A")
    await desk.wait_ready("A")


async def _a_move(desk: Desk, worker: Process) -> None:
    """Let another worker have all partitions."""
    desk.start_worker("B")
    await desk.wait_ready("B")
    worker.ask_to_end()
    assert await asyncio.to_thread(worker.wait) == 0


@pytest.mark.parametrize(
    ("happens", "due", "teller"),
    [
        pytest.param(_nothing, 6, "A", id="undisturbed"),
        pytest.param(_a_kill, 20, "A", id="worker killed and started again"),
        pytest.param(_a_move, 20, "B", id="partition moved to another worker"),
    ],
)
async def test_a_lead_that_nobody_answers_reaches_alertmanager_within_a_second_on_a_silent_stream(
    happens: Callable[[Desk, Process], Awaitable[None]],
    due: int,
    teller: str,
    start_desk: Callable[..., Desk],
    tmp_path: Path,
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url) as manager:
        desk = start_desk(ALERTMANAGER=manager.url, RESEND="1m", HOLD="15m")
        worker = await _promising(desk, due)
        created = time.time()
        await write(desk, [lead(desk, "L-1", created)])
        await desk.settle()
        await happens(desk, worker)
        warned = due - WARNED_BEFORE
        assert time.time() < created + warned, "the worker is back before the warning, or this test shows nothing"
        assert await manager.labels() == []
        for name, seconds in (("LeadWaiting", warned), ("LeadBreached", due)):
            await until(lambda name=name: _is_named(manager, name), f"no {name}")  # type: ignore[misc]  # bound in time
            (alert,) = await manager.alerts()
            late = datetime.fromisoformat(alert["updatedAt"]).timestamp() - created - seconds
            assert -0.001 <= late <= 1  # times of events are whole milliseconds
            assert alert["generatorURL"] == f"http://127.0.0.1:{desk.ports[teller]}/leads/L-1"
        await write(desk, [answer(desk, "L-1", time.time())])
        await until(lambda: _many(manager, 0), "not over")


async def _promising(desk: Desk, due: int) -> Process:
    """Start a notifier, and a worker of a business that promises a contact within so many seconds."""
    policy = {"name": "hot", "clock": "wall", "first_contact": f"{due}s", "warn_before": f"{WARNED_BEFORE}s"}
    terms = ", ".join(f'{name} = "{value}"' for name, value in policy.items())
    desk.environment["LEADPULSE_SLA__POLICIES"] = f"[{{{terms}}}]"
    desk.notifier()
    worker = desk.start_worker("A")
    await desk.wait_ready("A")
    await desk.wait_ready("N")
    return worker


async def _is_named(manager: Alertmanager, name: str) -> bool:
    return [alert["labels"]["alertname"] for alert in await manager.alerts()] == [name]
