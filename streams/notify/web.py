"""What a notifier answers over HTTP: `/metrics`, `/livez`, `/readyz`."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from streams.web.access import Token, guarded
from streams.web.metrics import OPENMETRICS_TYPE, PROMETHEUS_TYPE, wants_openmetrics
from streams.web.runner import runner_of

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "leadpulse"}


@asynccontextmanager
async def serving(
    host: str,
    port: int,
    registry: CollectorRegistry,
    not_ready_because: Callable[[], str | None],
    token: Token | None = None,
) -> AsyncIterator[int]:
    """Serve, and give the port.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        registry: What `/metrics` tells.
        not_ready_because: Why the notifier is not ready; None when it is.
        token: What readers of `/metrics` must show; None: nothing.

    Raises:
        OSError: The address is not free.
    """

    async def metrics(request: web.Request) -> web.StreamResponse:
        openmetrics = wants_openmetrics(request.headers.get("Accept", ""))
        body = (generate_openmetrics if openmetrics else generate_latest)(registry)
        return web.Response(body=body, headers={"Content-Type": OPENMETRICS_TYPE if openmetrics else PROMETHEUS_TYPE})

    async def readyz(_: web.Request) -> web.Response:
        trouble = not_ready_because()
        return web.Response(text=f"{trouble or 'ok'}\n", status=503 if trouble else 200)

    app = web.Application(client_max_size=1 << 16)
    app.add_routes([web.get("/", _index), web.get("/metrics", guarded(metrics, token)), web.get("/livez", _livez)])
    app.add_routes([web.get("/readyz", readyz)])
    app.on_response_prepare.append(_add_headers)
    runner = runner_of(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
        yield int(runner.addresses[0][1])
    finally:
        await runner.cleanup()


async def _index(_: web.Request) -> web.Response:
    return web.Response(text="leadpulse notify\n\n/metrics\n/livez\n/readyz\n")


async def _livez(_: web.Request) -> web.Response:
    return web.Response(text="ok\n")  # whoever serves this lives: a notifier that fails ends


async def _add_headers(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(_HEADERS)
