"""The watch on the ends of the inputs."""

import asyncio
from typing import Any

import pytest
from faust.types import TP

from streams.engine.observer import EngineObserver
from streams.engine.watch import OffsetWatch
from tests.streams.engine.builders import OPTIONS


@pytest.mark.parametrize("turns", range(5))
async def test_it_ends_when_it_is_told_to_in_the_instant_of_an_answer(
    turns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whichever turn of the event loop the cancellation comes in: Python 3.11's `wait_for` swallows some."""
    watch, answer = OffsetWatch(OPTIONS, EngineObserver()), asyncio.get_running_loop().create_future()

    async def ask(_: Any) -> dict[TP, int]:
        return dict(await answer)

    monkeypatch.setattr(watch, "_ask", ask)
    watching = asyncio.create_task(watch.run(list))
    await asyncio.sleep(0.01)
    answer.set_result({})
    for _ in range(turns):
        await asyncio.sleep(0)
    watching.cancel()
    await asyncio.wait([watching], timeout=1)
    ended = watching.cancelled()
    watching.cancel()
    assert ended
