"""What the answer of a receiver means, from a real server."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from streams.notify.messages import Message, Outcome
from streams.notify.posting import Answer, Backoff, post
from tests.integration.harness.leadpulse import free_port

Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def server(handler: Handler) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/hook", handler)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    finally:
        await runner.cleanup()


async def answered(url: str, timeout: float = 5) -> Answer:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=timeout)) as client:
        return await post(client, url, Message(b"[1]", {"X-One": "1"}, ()))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (302, Outcome.AWAY),
        (400, Outcome.REFUSED),
        (401, Outcome.AWAY),
        (404, Outcome.AWAY),
        (413, Outcome.REFUSED),
        (422, Outcome.REFUSED),
        (429, Outcome.AWAY),
        (500, Outcome.UNSURE),
        (502, Outcome.UNSURE),
        (503, Outcome.AWAY),
    ],
)
async def test_a_status_says_what_became_of_the_message(status: int, outcome: Outcome) -> None:
    async def handle(request: web.Request) -> web.Response:
        assert (await request.read(), request.headers["X-One"]) == (b"[1]", "1")
        assert request.content_type == "application/json"
        return web.Response(status=status, headers={"Location": "http://elsewhere"} if status == 302 else {})

    async with server(handle) as url:
        answer = await answered(url)
    assert answer.outcome is outcome
    assert answer.reason == ("" if outcome is Outcome.DELIVERED else f"status {status}")


async def test_a_receiver_says_how_long_it_wants_to_be_left_alone() -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=429, headers={"Retry-After": "17"})

    async with server(handle) as url:
        assert (await answered(url)).pause == 17


async def test_a_receiver_that_is_not_there_surely_took_nothing_and_its_address_stays_secret() -> None:
    answer = await answered(f"http://127.0.0.1:{free_port()}/secret")
    assert answer.outcome is Outcome.AWAY
    assert "secret" not in answer.reason and "127" not in answer.reason


async def test_an_address_that_cannot_be_one_is_nobodys_and_raises_nothing() -> None:
    answer = await answered("http://a..secret:9093/hook")
    assert answer.outcome is Outcome.AWAY
    assert "secret" not in answer.reason


async def test_a_receiver_that_does_not_answer_may_have_taken_it() -> None:
    async def sleep(_: web.Request) -> web.Response:
        await asyncio.sleep(5)
        return web.Response()

    async def hang_up(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    for handler in (sleep, hang_up):
        async with server(handler) as url:
            assert (await answered(url, timeout=0.3)).outcome is Outcome.UNSURE


def test_the_wait_doubles_with_each_failure_and_is_never_quite_the_same() -> None:
    backoff = Backoff(1, 30, random.Random(1))
    waits = [backoff.failed() for _ in range(8)]
    for wait, longest in zip(waits, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert longest / 2 <= wait <= longest
    assert len(set(waits)) == len(waits)
    backoff.succeeded()
    assert backoff.failed() <= 1


def test_the_receiver_may_ask_for_a_pause_but_not_for_ever() -> None:
    backoff = Backoff(1, 30)
    assert backoff.failed(10) == 10
    assert backoff.failed(86_400) == 30
