"""What is logged of requests, asked over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from streams.web.runner import runner_of


async def _fail(_: web.Request) -> web.Response:
    raise ZeroDivisionError("a defect of ours")


@pytest.fixture
async def port() -> AsyncIterator[int]:
    app = web.Application()
    app.add_routes([web.get("/", _fail)])
    runner = runner_of(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield int(runner.addresses[0][1])
    await runner.cleanup()


async def said(port: int, request: bytes) -> bytes:
    """The first line of the answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await asyncio.wait_for(reader.readline(), 5)
    writer.close()
    return answer


@pytest.mark.parametrize(
    "request_",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer secret" + b"t" * 9000 + b"\r\n\r\n",
        b"GET /" + b"t" * 9000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\x16\x03\x01\x02 secret\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost x secret\r\n\r\n",
    ],
    ids=["a long header", "a long path", "TLS", "a header without a colon"],
)
async def test_a_request_that_is_no_http_is_refused_and_nothing_of_it_is_logged(
    port: int, request_: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    assert b" 400 " in await said(port, request_)
    assert not caplog.records


async def test_a_defect_of_ours_is_logged(port: int, caplog: pytest.LogCaptureFixture) -> None:
    assert b" 500 " in await said(port, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert "a defect of ours" in caplog.text
