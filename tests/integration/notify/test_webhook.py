"""Alarms to a webhook that goes away and refuses: it has everything in the end, and nothing that was over."""

from __future__ import annotations

import asyncio

import pytest

from schemas.alerts import LeadAlert
from tests.integration.harness.desk import LEADS, Desk, Floor, StartDesk, until, wait_of, was_told
from tests.integration.hooks import SECRET, Hook
from tests.processors.alerts import Wait

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]


async def test_a_webhook_that_comes_back_has_everything_and_nothing_that_was_over(
    start_desk: StartDesk,
) -> None:
    async with Hook() as hook:
        desk = start_desk(WEBHOOK=hook.url, WEBHOOK_SECRET=SECRET)
        notifier = await desk.open()
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
    start_desk: StartDesk,
) -> None:
    hook = Hook()
    desk = start_desk(WEBHOOK=hook.url, WEBHOOK_SECRET=SECRET)
    notifier = await desk.open()
    over, open_, early = (wait_of(lead) for lead in ("over", "open", "early"))
    async with desk.worker() as worker:
        await worker.tell(over.warned(), open_.warned())
        await notifier.logs("does not take alarms")
        await worker.tell(over.breached(), open_.breached(), over.answered_late())
        await until(lambda: _waits(desk, 1), "the end was not read")
        async with hook:
            await until(lambda: was_told(hook, open_.breached()), "the open one is missing")
            assert set(hook.told) == {open_.breached().alert_id}
            # The same for a notifier that was away itself.
            notifier.ask_to_end()
            assert await asyncio.to_thread(notifier.wait) == 0
            await worker.tell(early.breached(), open_.answered_late(), early.resolved("closed", 9))
            desk.notifier()
            await until(lambda: was_told(hook, open_.answered_late()), "the end is missing")
            assert hook.told == {open_.breached().alert_id: 1, open_.answered_late().alert_id: 1}


async def _waits(desk: Desk, alarms: int) -> bool:
    return desk.metrics("N").total("leadpulse_notify_queue_alarms") == alarms


async def test_an_alarm_that_is_refused_for_good_goes_aside_and_others_go_on(start_desk: StartDesk) -> None:
    async with Hook() as hook:
        hook.status = 400
        desk = start_desk(WEBHOOK=hook.url, WEBHOOK_SECRET=SECRET)
        notifier = await desk.open()
        bad, good = wait_of("bad").breached(), wait_of("good").breached()
        async with desk.worker() as worker:
            await worker.tell(bad)
            await notifier.logs(f"refuses alert {bad.alert_id} for good")
            hook.status = 200
            await worker.tell(good)
        await until(lambda: was_told(hook, good), "the good one is stuck")
        assert set(hook.told) == {good.alert_id}
        assert desk.metrics("N").total("leadpulse_notify_alarms_total", outcome="refused") == 1
        assert bad.lead_id not in notifier.log_text()
