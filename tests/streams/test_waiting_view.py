"""The view of who waits where there is no Redis; with one, see tests/integration."""

from __future__ import annotations

import asyncio
import logging

import pytest

from streams.agents import LeadState
from streams.settings import load
from streams.waiting_view import Owned, WaitingView
from tests.processors.events import FUNNEL, T0_MS, created
from tests.streams.exposition.worker import OUTLETS, take

NOWHERE = load(environ={"LEADPULSE_REDIS__URL": "redis://127.0.0.1:1"})


def new_state() -> LeadState:
    state = LeadState(0, FUNNEL, OUTLETS, lambda: T0_MS)
    state.loaded()
    return state


async def test_while_redis_is_away_events_go_on_nothing_is_kept_and_it_is_said_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    state = new_state()
    view = WaitingView(lambda: {0: Owned(state, 1)}, lambda: 1, NOWHERE)
    state.on_waiting = view.wake
    view.start()
    async with asyncio.timeout(10):
        while view.standing().errors["away"] < 2:
            take(state, created(0, f"lead {view.standing().errors['away']}"))
            await asyncio.sleep(0.01)
    standing = view.standing()
    await view.stop()
    assert (standing.up, standing.pending) == (False, 2)
    assert standing.lag > 0
    assert state.shard.waiting.changed is None
    warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
    assert [record.message.split(":")[0] for record in warnings] == ["the view of who waits is not kept"]


async def test_a_view_that_was_never_started_can_be_stopped() -> None:
    await WaitingView(dict, lambda: 0, NOWHERE).stop()
