"""A real Prometheus that scrapes workers under test."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest

from tests.integration.harness.leadpulse import free_port
from tests.integration.harness.processes import Process

Points = dict[float, float]
"""Unix time -> value; a moment without one is a gap."""


class Prometheus:
    """A server of its own, which scrapes every second and keeps what it saw in a folder of the test.

    Args:
        targets: Label `instance` -> port on this machine.
        folder: For its configuration, its data and its log.
        rules: Files of rules, evaluated every second.
        alertmanager: Address of an Alertmanager that is told what fires, as host:port; empty for none.
    """

    def __init__(
        self, targets: Mapping[str, int], folder: Path, *, rules: Sequence[Path] = (), alertmanager: str = ""
    ) -> None:
        program = shutil.which("prometheus")
        if program is None:
            pytest.skip("Prometheus is not installed; on Debian it is the package prometheus")
        self._url = f"http://127.0.0.1:{free_port()}"
        scraped = [
            {"targets": [f"127.0.0.1:{port}"], "labels": {"instance": name}} for name, port in sorted(targets.items())
        ]
        config = folder / "prometheus.yml"
        config.write_text(
            json.dumps(  # every JSON text is YAML
                {
                    "global": {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(file) for file in rules],
                    "alerting": {
                        "alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}] * bool(alertmanager)
                    },
                    "scrape_configs": [{"job_name": "leadpulse", "static_configs": scraped}],
                }
            )
        )
        self._command = [
            program,
            f"--config.file={config}",
            f"--storage.tsdb.path={folder / 'prometheus-data'}",
            f"--web.listen-address={self._url.removeprefix('http://')}",
            "--log.level=warn",
        ]
        self._folder = folder
        self._process: Process | None = None

    async def __aenter__(self) -> Self:
        self._process = Process("prometheus", self._command, self._folder)
        try:
            async with asyncio.timeout(30):
                while not await self._is_ready():  # noqa: ASYNC110  # another process
                    await asyncio.sleep(0.1)
        except BaseException:
            self._process.kill()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process is not None
        await asyncio.to_thread(self._process.kill)

    async def _is_ready(self) -> bool:
        try:
            async with aiohttp.ClientSession() as client, client.get(f"{self._url}/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def values(self, query: str, start: float, end: float) -> dict[frozenset[tuple[str, str]], Points]:
        """Evaluate a query for every second of a span of Unix time; give its series by their labels."""
        data = await self.ask("query_range", query=query, start=str(start), end=str(end), step="1")
        return {
            frozenset(series["metric"].items()): {float(at): float(value) for at, value in series["values"]}
            for series in data["result"]
        }

    async def label_values(self, label: str, selector: str) -> list[str]:
        """Return the values that a label has in some series."""
        found: list[str] = await self.ask(f"label/{label}/values", **{"match[]": selector})
        return found

    async def ask(self, path: str, **parameters: str) -> Any:
        """Ask its API for data; AssertionError when it refuses."""
        async with (
            aiohttp.ClientSession() as client,
            client.get(f"{self._url}/api/v1/{path}", params=parameters) as answer,
        ):
            content: dict[str, Any] = await answer.json()
        assert content["status"] == "success", (path, parameters, content)
        return content["data"]
