"""A whole sales floor at work: Kafka, Redis, a worker, a notifier and whom it tells."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from streams.services import RedisService
from tests.integration.harness.leadpulse import LeadpulseRun, free_port
from tests.integration.hooks import SECRET, Hook


@asynccontextmanager
async def floor(kafka: str, folder: Path, settings: Mapping[str, str] | None = None) -> AsyncIterator[LeadpulseRun]:
    """Run a worker "A" and a notifier "N" until the end; what they serve is at `run.ports`.

    Args:
        kafka: Address of a broker.
        folder: For logs and data.
        settings: Environment overlay, without the prefix.
    """
    async with Hook() as hook:
        with RedisService(folder / "redis") as redis:
            given = {"REDIS__URL": redis.url, "NOTIFY__WEBHOOK": hook.url, "NOTIFY__WEBHOOK_SECRET": SECRET}
            given |= settings or {}
            with LeadpulseRun(kafka, folder, settings=given) as run:
                run.start_worker("A")
                await run.wait_ready("A")
                run.ports["N"] = free_port()
                run.start("N", "notify", "--port", str(run.ports["N"]))
                await run.wait_ready("N")
                yield run
