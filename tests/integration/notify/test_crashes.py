"""Notifiers, Alertmanagers and brokers that are killed, frozen and away: no alarm is lost, doubled or brought back."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from streams.services import KafkaService
from tests.integration.alertmanager import Alertmanager
from tests.integration.harness.desk import LEADS, PARTITIONS, Desk, Floor, StartDesk, holds, holds_many, until, wait_of
from tests.integration.hooks import Hook

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


async def test_nothing_is_lost_or_doubled_while_alertmanager_and_notifiers_are_killed_under_load(
    start_desk: StartDesk, tmp_path: Path
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
        await until(lambda: holds(manager, wanted), "not what is open", timeout=60)


async def test_a_notifier_that_was_frozen_does_not_bring_back_what_is_over(
    start_desk: StartDesk, tmp_path: Path
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url) as manager:
        desk = start_desk(ALERTMANAGER=manager.url)
        frozen = await desk.open("frozen")
        waits = [wait_of(f"L-{number}") for number in range(8)]
        async with desk.worker() as worker:
            await worker.tell(*(wait.breached() for wait in waits))
            await until(lambda: holds_many(manager, 8), "not open")
            frozen.freeze()
            desk.notifier("heir")
            await desk.wait_ready("heir")
            await worker.tell(*(wait.answered_late() for wait in waits))
            await until(lambda: holds_many(manager, 0), "not over")
            frozen.thaw()
            await desk.wait_ready("frozen")
            for _ in range(20):
                assert await manager.labels() == []
                await asyncio.sleep(0.1)


async def test_open_alarms_stay_open_while_the_broker_is_away(kafka_service: KafkaService, tmp_path: Path) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url) as manager:
        settings = {"ALERTMANAGER": manager.url, "RESEND": "1s", "HOLD": "10s"}
        named = {f"NOTIFY__{key}": value for key, value in settings.items()}
        with Desk(kafka_service.bootstrap, tmp_path, partitions=PARTITIONS, settings=named) as desk:
            await desk.open()
            one, two = wait_of("L-1"), wait_of("L-2")
            async with desk.worker() as worker:
                await worker.tell(one.breached())
                await until(lambda: holds_many(manager, 1), "not open")
            await asyncio.to_thread(kafka_service.kill)
            away = time.monotonic()
            while time.monotonic() - away < 20:  # twice as long as Alertmanager remembers
                assert len(await manager.labels()) == 1
                await asyncio.sleep(0.2)
            await asyncio.to_thread(kafka_service.start)
            async with desk.worker() as worker:
                await worker.tell(two.breached())
                await until(lambda: holds_many(manager, 2), "the next is missing", timeout=60)
