"""From a lead that nobody answers to Alertmanager, on a silent stream, through worker and notifier."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.integration.alertmanager import Alertmanager
from tests.integration.harness.alerts import answer, lead, write
from tests.integration.harness.desk import Desk, StartDesk, holds_many, until
from tests.integration.harness.processes import Process
from tests.integration.hooks import Hook

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

WARNED_BEFORE = 2
"""Seconds from a warning to the breach."""


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
    start_desk: StartDesk,
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
        await until(lambda: holds_many(manager, 0), "not over")


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
