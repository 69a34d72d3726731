"""Alarms in a real Alertmanager: there within a second, and gone when they are over."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from tests.integration.alertmanager import Alertmanager
from tests.integration.harness.desk import StartDesk, holds, holds_many, labels, until, wait_of
from tests.integration.hooks import SECRET, Hook

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


async def test_alarms_are_in_alertmanager_within_a_second_and_go_when_they_are_over(
    start_desk: StartDesk, tmp_path: Path
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url) as manager:
        desk = start_desk(ALERTMANAGER=manager.url)
        await desk.open()
        one = wait_of("L-1")
        async with desk.worker() as worker:
            await worker.tell(wait_of("L-9").breached(), abort=True)
            await worker.tell(one.warned())
            told = time.monotonic()
            await until(lambda: holds(manager, {labels(one.warned(), desk, "LeadWaiting", "warning")}), "no warning")
            assert time.monotonic() - told < 1
            await worker.tell(one.breached())
            await until(lambda: holds(manager, {labels(one.breached(), desk, "LeadBreached", "critical")}), "no breach")
            (alert,) = await manager.alerts()
            assert alert["annotations"]["summary"].startswith("L-1 waits too long: first contact was due")
            assert alert["generatorURL"] == "http://127.0.0.1:9464/leads/L-1"
            await worker.tell(one.answered_late(9))
            await until(lambda: holds(manager, set()), "not over")
        assert desk.metrics("N").total("leadpulse_notify_alarms_total", outcome="delivered") == 3


async def test_twenty_waiting_leads_are_one_message_with_twenty_lines(start_desk: StartDesk, tmp_path: Path) -> None:
    async with Hook() as chat, Hook(signed=False) as pager, Alertmanager(tmp_path, pager.url) as manager:
        desk = start_desk(ALERTMANAGER=manager.url, WEBHOOK=chat.url, WEBHOOK_SECRET=SECRET)
        await desk.open()
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


async def test_an_alertmanager_that_was_away_learns_what_is_open_and_holds_up_no_other(
    start_desk: StartDesk, tmp_path: Path
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url, "one") as one:
        two = Alertmanager(tmp_path, hook.url, "two")
        desk = start_desk(ALERTMANAGER=f"{one.url},{two.url}")
        await desk.open()
        waits = [wait_of(f"L-{number}") for number in range(20)]
        async with desk.worker() as worker:
            await worker.tell(*(wait.breached() for wait in waits))
            await until(lambda: holds_many(one, 20), "held up")
            await worker.tell(*(wait.answered_late() for wait in waits[:5]))
            await until(lambda: holds_many(one, 15), "not over")
        async with two:
            await until(lambda: holds_many(two, 15), "nothing learnt")


async def test_a_notifier_waits_for_the_topic_and_ends_in_order(start_desk: StartDesk) -> None:
    desk = start_desk(ALERTMANAGER="http://127.0.0.1:9")
    notifier = desk.notifier()
    await notifier.logs("waiting for the topic")
    assert desk.get("/livez", "N")[0] == 200
    assert desk.get("/readyz", "N") == (503, f"the topic {desk.settings.topics.alerts} does not exist yet\n")
    await desk.make_topic()
    await desk.wait_ready("N")
    notifier.ask_to_end()
    assert await asyncio.to_thread(notifier.wait) == 0
