"""The real worker as a target of the chaos: a sales floor that never stops, and every key compared at the end."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from tests.integration.harness.leadpulse import LeadpulseRun, Verdict
from tests.integration.harness.log import topics_exist

RATE = 800
LOOKS, PAUSE = 200, 0.3


class LeadpulseTarget:
    """`leadpulse worker` under `leadpulse simulate`.

    Args:
        broker: Address of Kafka.
        folder: Where logs go.
        seed: Of the sales floor.
    """

    session_timeout = 6.0

    def __init__(self, broker: str, folder: Path, seed: int) -> None:
        self._seed = seed
        settings = {
            "RESPONSE__THRESHOLDS": "5s,1m",
            "RESPONSE__TARGET": "5s",
            "WORKER__TRANSACTION_TIMEOUT": "10s",
        }
        self._run = LeadpulseRun(broker, folder, settings=settings)

    def worker_command(self, label: str) -> Sequence[str]:
        return self._run.worker_command(label)

    def load_command(self) -> Sequence[str]:
        return self._run.command("simulate", f"--rate={RATE}", f"--seed={self._seed}", "--since=1m")

    async def wait_for_topics(self) -> None:
        for _ in range(LOOKS):
            if await topics_exist(self._run.broker, self._run.inputs):
                return
            await asyncio.sleep(PAUSE)
        raise AssertionError("no worker made the topics")

    async def settle(self) -> None:
        await self._run.settle(timeout=180)

    async def verify(self) -> Verdict:
        return await self._run.verify()
