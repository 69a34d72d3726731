"""What a worker answers over HTTP, asked over a real socket."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, suppress
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from streams.web import server as server_module
from streams.web.addresses import arrivals_url
from streams.web.server import MAX_LEAD_ID, WebServer
from tests.processors.events import T0_MS, call, created, stage
from tests.streams.exposition.worker import FakeWorker, samples, take
from tests.streams.web.site import Site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        yield Site(stack, await stack.enter_async_context(aiohttp.ClientSession()))


async def get(site: Site, url: str | URL, **options: Any) -> tuple[int, str]:
    async with site.client.get(url, **options) as answer:
        return answer.status, await answer.text()


async def test_metrics_are_told_in_the_format_that_was_asked_for(site: Site) -> None:
    worker = FakeWorker()
    take(worker.state(), created(0))
    base = await site.serve(worker)
    async with site.client.get(f"{base}/metrics") as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert samples(await answer.text())
    headers = {"Accept": "application/openmetrics-text;version=1.0.0"}
    async with site.client.get(f"{base}/metrics", headers=headers) as answer:
        assert answer.headers["Content-Type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        assert samples(await answer.text(), openmetrics=True)


async def test_liveness_does_not_depend_on_readiness(site: Site) -> None:
    worker = FakeWorker()
    worker.trouble = "waiting for Kafka"
    base = await site.serve(worker)
    assert await get(site, f"{base}/livez") == (200, "ok\n")
    worker.failure = "failed: InputTruncated"
    assert await get(site, f"{base}/livez") == (503, "failed: InputTruncated\n")


async def test_readiness_says_why_not(site: Site) -> None:
    worker = FakeWorker()
    base = await site.serve(worker)
    assert await get(site, f"{base}/readyz") == (200, "ok\n")
    worker.trouble = "partitions 1, 2 are being recovered"
    assert await get(site, f"{base}/readyz") == (503, "partitions 1, 2 are being recovered\n")


@pytest.mark.parametrize("path", ["/", "/metrics", "/livez", "/readyz", "/leads/L", "/leads/none", "/nowhere"])
async def test_no_answer_is_cached_or_guessed_at(path: str, site: Site) -> None:
    worker = FakeWorker()
    take(worker.state(), created(0))
    base = await site.serve(worker)
    async with site.client.get(f"{base}{path}") as answer:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Server"] == "leadpulse", "not which version of what"


@pytest.mark.parametrize("path", ["/", "/metrics", "/livez", "/readyz", "/leads/L"])
async def test_every_page_can_be_asked_for_its_head_and_none_be_written(path: str, site: Site) -> None:
    worker = FakeWorker()
    take(worker.state(), created(0))
    base = await site.serve(worker)
    async with site.client.head(f"{base}{path}") as answer:
        assert (answer.status, await answer.read()) == (200, b"")
        assert int(answer.headers["Content-Length"]) > 0
    for method in ("POST", "PUT", "DELETE"):
        async with site.client.request(method, f"{base}{path}") as answer:
            assert answer.status == 405


@pytest.mark.parametrize("path", ["/leads/", "/leads", "/etc/passwd", "/..", "/metrics/x"])
async def test_there_is_nothing_else(path: str, site: Site) -> None:
    base = await site.serve(FakeWorker())
    assert (await get(site, URL(base + path, encoded=True)))[0] == 404


async def test_a_lead_of_this_worker_is_told_as_json(site: Site) -> None:
    worker = FakeWorker()
    take(worker.state(), created(0), stage("contacted", 5))
    status, lead = await site.lead(await site.serve(worker), "L")
    assert status == 200
    assert (lead["lead_id"], lead["status"], lead["stage"]) == ("L", "open", "contacted")
    assert [event["type"] for event in lead["events"]] == ["stage_changed"]


@given(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
    | st.sampled_from(["..", ".", "a/../b", "//", "%2F", "?", "%"])
)
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_lead_is_found_here_and_at_a_peer_whatever_its_id_is(lead_id: str) -> None:
    async def ask() -> None:
        async with AsyncExitStack() as stack:
            site = Site(stack, await stack.enter_async_context(aiohttp.ClientSession()))
            owner, other = FakeWorker(), FakeWorker()
            take(owner.state(), created(0, lead_id))
            base = await site.serve(owner)
            other.others = [base]
            for url in (base, await site.serve(other)):
                status, lead = await site.lead(url, lead_id)
                assert (status, lead["lead_id"]) == (200, lead_id)

    asyncio.run(ask())


async def test_a_lead_of_another_worker_is_fetched_from_it(site: Site) -> None:
    owner, empty, asked = FakeWorker(), FakeWorker(), FakeWorker()
    take(owner.state(), created(0))
    asked.others = [await site.serve(empty), await site.serve(owner)]
    base = await site.serve(asked)
    assert (await site.lead(base, "L"))[0] == 200
    assert (await site.lead(base, "M"))[0] == 404


async def test_workers_do_not_pass_a_question_on_in_circles(site: Site) -> None:
    one, two = FakeWorker(), FakeWorker()
    one.others, two.others = [await site.serve(two)], [await site.serve(one)]
    assert (await site.lead(one.others[0], "L"))[0] == 404
    owner = FakeWorker()
    take(owner.state(), created(0))
    one.others = [await site.serve(owner)]
    assert (await site.lead(two.others[0], "L", local=True))[0] == 404


async def test_a_lead_that_cannot_be_looked_for_everywhere_is_not_said_to_be_missing(site: Site) -> None:
    worker, peer = FakeWorker(), FakeWorker()
    worker.others = [await site.serve(peer)]
    base = await site.serve(worker)
    peer.trouble = "no partition is assigned"
    assert (await site.lead(base, "L"))[0] == 503
    peer.trouble = None
    assert (await site.lead(base, "L"))[0] == 404
    worker.trouble = "the consumer group is rebalancing"
    assert (await site.lead(base, "L"))[0] == 503


async def test_a_worker_that_is_gone_costs_a_line_and_no_id(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    worker = FakeWorker()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        gone = f"http://127.0.0.1:{taken.getsockname()[1]}"
    worker.others = [gone, "http://[no"]
    assert (await site.lead(await site.serve(worker), "secret"))[0] == 503
    assert gone in caplog.text
    assert "secret" not in caplog.text


async def test_a_worker_that_hangs_is_waited_for_a_limited_time(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_module, "PEER_TIMEOUT", aiohttp.ClientTimeout(total=0.2))
    worker = FakeWorker()
    with socket.create_server(("127.0.0.1", 0)) as silent:
        worker.others = [f"http://127.0.0.1:{silent.getsockname()[1]}"]
        assert (await site.lead(await site.serve(worker), "L"))[0] == 503


async def test_a_long_answer_an_endless_one_and_a_redirect_of_a_peer_are_not_taken(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_module, "MAX_ANSWER", 1000)

    async def answer(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("far"):
            raise web.HTTPFound("/metrics")
        if request.path.endswith("long"):
            return web.Response(text="x" * 1001)
        endless = web.StreamResponse()  # it does not say how long it is
        await endless.prepare(request)
        with suppress(ConnectionError):
            while True:
                await endless.write(b"x" * 1000)
        return endless

    app = web.Application()
    app.add_routes([web.get("/leads/{id}", answer)])
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        worker = FakeWorker()
        worker.others = [f"http://127.0.0.1:{runner.addresses[0][1]}"]
        base = await site.serve(worker)
        assert (await site.lead(base, "long"))[0] == 503
        async with asyncio.timeout(2):  # it does not run into `PEER_TIMEOUT`
            assert (await site.lead(base, "endless"))[0] == 503
        assert (await site.lead(base, "far"))[0] == 503
    finally:
        await runner.cleanup()


async def test_an_id_longer_than_any_is_refused(site: Site) -> None:
    base = await site.serve(FakeWorker())
    assert (await site.lead(base, "😀" * MAX_LEAD_ID))[0] == 404
    assert (await site.lead(base, "x" * (MAX_LEAD_ID + 1)))[0] == 400


async def test_bytes_that_are_no_text_are_just_not_found(site: Site) -> None:
    base = await site.serve(FakeWorker())
    assert (await get(site, URL(f"{base}/leads/%FF%fe", encoded=True)))[0] == 404


async def test_a_taken_port_is_said_and_nothing_is_left_open() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        worker = FakeWorker()
        server = WebServer(worker, worker.scraper, "127.0.0.1", taken.getsockname()[1])
        with pytest.raises(OSError, match="address already in use"):
            await server.start()
        await server.stop()


async def test_a_large_answer_arrives_whole(site: Site) -> None:
    worker = FakeWorker(now=T0_MS + 600_000)
    leads = [f"lead {number}" for number in range(45)]
    state = take(worker.state(), *(created(0, lead, source=f"source of {lead}") for lead in leads))
    take(state, *(call("connected", 1, lead) for lead in leads))
    status, text = await get(site, f"{await site.serve(worker)}/metrics")
    assert status == 200
    assert len(text) > 1 << 20
    assert samples(text)


async def test_a_board_that_cannot_be_kept_fresh_is_complained_about(
    site: Site, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: Any) -> None:
        raise ZeroDivisionError("a defect")

    worker = FakeWorker()
    monkeypatch.setattr(worker.scraper, "keep_fresh", fail)
    base = await site.serve(worker)
    assert (await get(site, f"{base}/metrics"))[0] == 200
    assert "no longer kept fresh" in caplog.text


async def test_a_worker_tells_the_others_what_it_heard_of_the_sources(site: Site) -> None:
    worker = FakeWorker()
    take(worker.state(3), created(0), created(0, "M", source="ads"))
    worker.state(4)
    worker.lead_states[3].tick(T0_MS)  # partition 4 has not caught up
    async with site.client.get(arrivals_url(await site.serve(worker), counts=True)) as answer:
        assert (await answer.json()) == {
            "grain": 3_600_000,
            "reached": {"3": T0_MS},
            "sources": {source: [T0_MS, T0_MS, T0_MS // 3_600_000, [1]] for source in ("web", "ads")},
        }


async def test_workers_that_do_not_answer_or_not_so_are_left_out(site: Site) -> None:
    one, two, odd = FakeWorker(), FakeWorker(), web.Application()
    two.state(1).tick(T0_MS)
    odd.add_routes([web.get("/arrivals", _nonsense)])
    runner = web.AppRunner(odd)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    one.others = [
        await site.serve(two),
        f"http://127.0.0.1:{runner.addresses[0][1]}",
        "http://127.0.0.1:9",  # nobody listens there
        "http://[not an address",
    ]
    server = WebServer(one, one.scraper, "127.0.0.1", 0)
    await server.start()
    try:
        assert await server.reports(counts=False) == [two.arrivals(counts=False)]
    finally:
        await server.stop()
        await runner.cleanup()


async def _nonsense(_: web.Request) -> web.Response:
    return web.Response(body=b'{"grain": "none"}')
