"""The HTTP server of a worker: numbers, health, single leads, and who waits."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Protocol

import aiohttp
from aiohttp import web
from msgspec import DecodeError, json
from yarl import URL

from processors.timeline import Timeline, timeline
from streams.agents import LeadState
from streams.silence import Report
from streams.web.access import OPEN, Access, guarded
from streams.web.addresses import COUNTS, LOCAL, arrivals_url, lead_url
from streams.web.metrics import Scraper
from streams.web.runner import runner_of
from streams.web.waiting import WaitingPage

logger = logging.getLogger(__name__)

PEER_TIMEOUT = aiohttp.ClientTimeout(total=5, connect=2)
MAX_LEAD_ID = 256
MAX_ANSWER = 1 << 22
"""Longest answer about a lead taken from another worker, in bytes; a lead's history has an end far below."""
MAX_REPORT = 1 << 25
"""The same of an answer about the sources; a hundred of them over twelve weeks are half a million bytes."""

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Server": "leadpulse"}
_FOUND, _NOT_FOUND, _UNAVAILABLE = 200, 404, 503
_PART_BYTES = 256 * 1024


class Worker(Protocol):
    """What the server asks the worker that it stands for."""

    @property
    def lead_states(self) -> dict[int, LeadState]:
        """States by partition number."""

    def not_ready_because(self) -> str | None:
        """Return why the worker is not ready, None when it is."""

    def failed_because(self) -> str | None:
        """Return why the worker will not recover by itself, None while it may."""

    @property
    def fences(self) -> Mapping[int, int]:
        """By partition number, what is larger for every later owner."""

    @property
    def partitions(self) -> int:
        """Partitions of the inputs; 0 while unknown."""

    def wall_now(self) -> int:
        """Return the wall time in ms."""

    def peers(self) -> Iterable[str]:
        """Return the base URLs of the other workers."""

    def arrivals(self, *, counts: bool) -> Report:
        """Return what was heard of the sources, with the arrivals of each slot or without."""


class WebServer:
    """Serves `/metrics`, `/livez`, `/readyz`, `/leads/{id}`, `/waiting` and, for other workers, `/arrivals`.

    Args:
        worker: Whom to ask.
        scraper: Makes the answer to a scrape.
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        access: Who may read; health is told to everybody.
    """

    def __init__(self, worker: Worker, scraper: Scraper, host: str, port: int, access: Access = OPEN) -> None:
        self._worker, self._scraper = worker, scraper
        self._host, self._port, self._access = host, port, access
        self._waiting = WaitingPage(worker, self._ask)
        self._runner: web.AppRunner | None = None
        self._client: aiohttp.ClientSession | None = None
        self._keeping_fresh: asyncio.Task[None] | None = None

    async def start(self) -> int:
        """Listen, and return the port.

        Raises:
            OSError: The address is not free.
        """
        app = web.Application(client_max_size=1 << 16)
        app.add_routes(
            [
                web.get("/", self._index),
                web.get("/metrics", guarded(self._metrics, self._access.metrics)),
                web.get("/livez", self._livez),
                web.get("/readyz", self._readyz),
                web.get("/waiting", guarded(self._waiting.answer, self._access.api)),
                web.get("/arrivals", guarded(self._arrivals, self._access.api)),
                web.get(r"/leads/{lead_id:[\s\S]+}", guarded(self._lead, self._access.api)),
            ]
        )
        app.on_response_prepare.append(_add_headers)
        self._client = aiohttp.ClientSession(timeout=PEER_TIMEOUT)
        self._runner = runner_of(app)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, self._host, self._port).start()
        except OSError:
            await self.stop()
            raise
        self._keeping_fresh = asyncio.create_task(self._scraper.keep_fresh(lambda: self._worker.lead_states))
        self._keeping_fresh.add_done_callback(complain_of("the board is no longer kept fresh, scrapes take longer"))
        port: int = self._runner.addresses[0][1]
        return port

    async def stop(self) -> None:
        """Stop listening; questions under way are answered."""
        if self._keeping_fresh:
            self._keeping_fresh.cancel()
        if self._runner:
            await self._runner.cleanup()
        if self._client:
            await self._client.close()

    # -- answers -------------------------------------------------------------------------------------------------

    async def _index(self, _: web.Request) -> web.Response:
        pages = ("/metrics", "/livez", "/readyz", "/leads/{id}", "/waiting?team=&limit=", "/arrivals")
        return web.Response(text="\n".join(("leadpulse", "", *pages, "")))

    async def _metrics(self, request: web.Request) -> web.Response:
        kind, pieces = self._scraper.scrape(self._worker.lead_states, request.headers.get("Accept", ""))
        length = str(sum(map(len, pieces)))
        return web.Response(body=_parts(pieces), headers={"Content-Type": kind, "Content-Length": length})

    async def _livez(self, _: web.Request) -> web.Response:
        return _health(self._worker.failed_because())

    async def _readyz(self, _: web.Request) -> web.Response:
        return _health(self._worker.not_ready_because())

    async def _lead(self, request: web.Request) -> web.Response:
        lead_id = request.match_info["lead_id"]
        if len(lead_id) > MAX_LEAD_ID:
            return _json({"error": f"a lead id has at most {MAX_LEAD_ID} characters"}, 400)
        for state in self._worker.lead_states.values():
            if found := timeline(state.shard, lead_id):
                return _json(found)
        unsure = self._worker.not_ready_because() is not None
        if LOCAL not in request.query:
            page = partial(lead_url, lead_id=lead_id, local=True)
            answers = await asyncio.gather(*(self._ask(peer, page) for peer in self._worker.peers()))
            for status, body in answers:
                if status == _FOUND:
                    return web.Response(body=body, content_type="application/json")
                unsure |= status != _NOT_FOUND
        if unsure:
            return _json({"error": "not all partitions can be asked now, try again"}, _UNAVAILABLE)
        return _json({"error": "no event of this lead has been seen"}, _NOT_FOUND)

    async def _arrivals(self, request: web.Request) -> web.Response:
        told = self._worker.arrivals(counts=COUNTS in request.query)
        return web.Response(body=json.encode(told), content_type="application/json")

    # -- questions to the other workers --------------------------------------------------------------------------

    async def reports(self, counts: bool) -> list[Report]:
        """Ask the other workers what they heard of the sources; who does not answer is left out."""
        page = partial(arrivals_url, counts=counts)
        answers = await asyncio.gather(*(self._get(peer, page, MAX_REPORT) for peer in self._worker.peers()))
        return [found for status, body in answers if status == _FOUND and (found := _report(body))]

    async def _ask(self, peer: str, page: Callable[[str], URL]) -> tuple[int, bytes]:
        return await self._get(peer, page, MAX_ANSWER)

    async def _get(self, peer: str, page: Callable[[str], URL], most: int) -> tuple[int, bytes]:
        if self._client is None:
            return _UNAVAILABLE, b""
        # The token that this worker asks for is the one it shows: it is the same for all of an application.
        shown = self._access.api.header() if self._access.api else {}
        try:
            async with self._client.get(page(peer), headers=shown, allow_redirects=False) as answer:
                await answer.content.readexactly(most + 1)
                return _UNAVAILABLE, b""  # longer than any answer of ours
        except asyncio.IncompleteReadError as whole:
            return answer.status, whole.partial
        except (aiohttp.ClientError, TimeoutError, ValueError) as error:
            # Not the text of the error, which may hold the lead's id.
            logger.warning("worker %s does not answer: %s", peer, type(error).__name__)
            return _UNAVAILABLE, b""


def _report(body: bytes) -> Report | None:
    try:
        return json.decode(body, type=Report)
    except DecodeError:  # of another version, or not of leadpulse
        logger.warning("a worker's answer about the sources cannot be read")
        return None


async def _add_headers(_: web.Request, answer: web.StreamResponse) -> None:
    answer.headers.update(_HEADERS)


def complain_of(trouble: str) -> Callable[[asyncio.Task[None]], None]:
    """Return what logs that a task in the background has failed, and what that means."""

    def complain(task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()):
            logger.error(trouble, exc_info=error)

    return complain


async def _parts(pieces: Iterable[bytes]) -> AsyncIterator[bytes]:
    """Join small pieces to parts that are sent one after the other: never all of a large answer at once."""
    part, size = list[bytes](), 0
    for piece in pieces:
        part.append(piece)
        size += len(piece)
        if size >= _PART_BYTES:
            yield b"".join(part)
            part, size = [], 0
    yield b"".join(part)


def _health(trouble: str | None) -> web.Response:
    return web.Response(
        text="ok\n" if trouble is None else f"{trouble}\n", status=_FOUND if trouble is None else _UNAVAILABLE
    )


def _json(content: Timeline | dict[str, Any], status: int = _FOUND) -> web.Response:
    return web.Response(body=json.encode(content), status=status, content_type="application/json")
