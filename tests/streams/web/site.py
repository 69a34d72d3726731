"""Web servers of workers without Kafka."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import Any

import aiohttp

from streams.web.addresses import lead_url
from streams.web.server import WebServer
from tests.streams.exposition.worker import FakeWorker


class Site:
    """Web servers of workers, and a client."""

    def __init__(self, stack: AsyncExitStack, client: aiohttp.ClientSession) -> None:
        self._stack, self.client = stack, client

    async def serve(self, worker: FakeWorker) -> str:
        """The base URL of a new server for a worker."""
        server = WebServer(worker, worker.scraper, "127.0.0.1", 0)
        port = await server.start()
        self._stack.push_async_callback(server.stop)
        return f"http://127.0.0.1:{port}"

    async def lead(self, base: str, lead_id: str, *, local: bool = False) -> tuple[int, Any]:
        async with self.client.get(lead_url(base, lead_id, local=local)) as answer:
            return answer.status, await answer.json()
