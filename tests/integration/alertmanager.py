"""A real Alertmanager, to be killed and started again."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest

from tests.integration.harness.leadpulse import free_port
from tests.integration.harness.processes import Process

Labels = frozenset[tuple[str, str]]


def _telling(webhook: str) -> dict[str, Any]:
    route = {"receiver": "hook", "group_by": ["team", "policy"], "group_wait": "1s", "group_interval": "1s"}
    hook = {"url": webhook, "send_resolved": True}
    return {"route": route, "receivers": [{"name": "hook", "webhook_configs": [hook]}]}


class Alertmanager:
    """A server of its own, that groups by team and policy and tells a webhook.

    Args:
        folder: For its configuration, its data and its log.
        webhook: Whom it tells.
        name: Of its log and data, when there are several.
        config: Its configuration, in place of that.
    """

    def __init__(
        self, folder: Path, webhook: str, name: str = "alertmanager", *, config: Mapping[str, Any] | None = None
    ) -> None:
        program = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
        if program is None:
            pytest.skip("Alertmanager is not installed; on Debian it is the package prometheus-alertmanager")
        self.url = f"http://127.0.0.1:{free_port()}"
        file = folder / f"{name}.yml"
        file.write_text(json.dumps(config or _telling(webhook)))  # every JSON text is YAML
        self._command = [
            program,
            f"--config.file={file}",
            f"--storage.path={folder / f'{name}-data'}",
            f"--web.listen-address={self.url.removeprefix('http://')}",
            "--cluster.listen-address=",
            "--log.level=warn",
        ]
        self._name, self._folder = name, folder
        self._process: Process | None = None

    async def start(self) -> None:
        """Start it, and wait until it answers."""
        self._process = Process(self._name, self._command, self._folder)
        async with asyncio.timeout(30):
            while not await self._is_ready():  # noqa: ASYNC110  # another process
                await asyncio.sleep(0.1)

    async def kill(self) -> None:
        """End it as a power cut would: what it had in memory is gone."""
        if self._process is not None:
            await asyncio.to_thread(self._process.kill)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def _is_ready(self) -> bool:
        try:
            async with aiohttp.ClientSession() as client, client.get(f"{self.url}/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def alerts(self) -> list[dict[str, Any]]:
        """Return the alerts that are active."""
        async with aiohttp.ClientSession() as client, client.get(f"{self.url}/api/v2/alerts") as answer:
            assert answer.status == 200, await answer.text()
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def labels(self) -> list[Labels]:
        """Return the labels of the alerts that are active."""
        return [frozenset(alert["labels"].items()) for alert in await self.alerts()]
