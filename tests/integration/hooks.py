"""A real webhook receiver on this machine, that can go away, refuse, and come back."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, Self

from aiohttp import web

from streams.notify.webhook import KEY, SIGNATURE, TIMESTAMP, signature
from tests.integration.harness.leadpulse import free_port

SECRET = "the key of the tests"  # noqa: S105  # as it says


class Hook:
    """What came, request by request.

    Attributes:
        url: Where to send.
        messages: The bodies of the requests that were taken.
        keys: Their idempotency keys.
        forged: Requests whose signature did not fit.
        status: What is answered.
    """

    def __init__(self, *, signed: bool = True) -> None:
        self.messages: list[dict[str, Any]] = []
        self.keys: list[str] = []
        self.forged = 0
        self.status = 200
        self._port, self._signed = free_port(), signed
        self.url = f"http://127.0.0.1:{self._port}/hook"
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen."""
        app = web.Application(client_max_size=1 << 24)
        app.router.add_post("/hook", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self._port).start()

    async def stop(self) -> None:
        """Listen no more: connections are refused."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    @property
    def told(self) -> Counter[str]:
        """Alert id -> how often it came."""
        blocks = (block for message in self.messages for block in message["blocks"])
        return Counter(block["block_id"] for block in blocks if "block_id" in block)

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if self._signed and request.headers[SIGNATURE] != signature(SECRET, request.headers[TIMESTAMP], body):
            self.forged += 1
            return web.Response(status=401)
        if self.status == 200:
            self.messages.append(json.loads(body))
            self.keys.append(request.headers.get(KEY, ""))
        return web.Response(status=self.status)
