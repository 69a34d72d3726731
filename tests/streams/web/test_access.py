"""Who is told what, over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings import Secret, load
from streams.web.access import OPEN, Access, Token, access_of
from streams.web.addresses import lead_url
from streams.web.server import WebServer
from tests.processors.events import created
from tests.streams.exposition.worker import FakeWorker, take

METRICS, API = "for-the-scraper-only", "for-those-who-may-see-leads"
BOTH = Access(metrics=Token(Secret(METRICS)), api=Token(Secret(API)))


class Asker:
    """Asks servers that it starts."""

    def __init__(self, client: aiohttp.ClientSession) -> None:
        self.client, self.servers = client, list[WebServer]()

    async def serve(self, worker: FakeWorker, access: Access) -> str:
        server = WebServer(worker, worker.scraper, "127.0.0.1", 0, access)
        self.servers.append(server)
        return f"http://127.0.0.1:{await server.start()}"

    async def ask(self, url: str, authorization: str | None = None) -> tuple[int, str]:
        """Status and challenge."""
        headers = {} if authorization is None else {"Authorization": authorization}
        async with self.client.get(url, headers=headers) as answer:
            assert METRICS not in await answer.text()
            assert API not in await answer.text()
            return answer.status, answer.headers.get("WWW-Authenticate", "")


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    async with aiohttp.ClientSession() as client:
        asker = Asker(client)
        yield asker
        for server in asker.servers:
            await server.stop()


def owner() -> FakeWorker:
    worker = FakeWorker()
    take(worker.state(), created(0))
    return worker


@pytest.mark.parametrize(
    ("path", "token", "other"), [("/metrics", METRICS, API), ("/leads/L", API, METRICS), ("/waiting", API, METRICS)]
)
async def test_each_door_opens_to_its_own_token_only(path: str, token: str, other: str, asker: Asker) -> None:
    url = await asker.serve(owner(), BOTH) + path
    assert await asker.ask(url) == (401, 'Bearer realm="leadpulse"')
    wrong = 401, 'Bearer realm="leadpulse", error="invalid_token"'
    for given_token in (other, token[:-1], f"{token}x", "", "ü", f"{token} {token}"):
        assert await asker.ask(url, f"Bearer {given_token}") == wrong
    assert await asker.ask(url, f"Basic {token}") == wrong
    assert await asker.ask(url, token) == wrong
    assert await asker.ask(url, f"Bearer {token}") == (200, "")
    assert await asker.ask(url, f"bearer  {token}") == (200, "")


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/"])
async def test_health_is_told_to_everybody(path: str, asker: Asker) -> None:
    assert await asker.ask(await asker.serve(owner(), BOTH) + path) == (200, "")


async def test_an_unknown_lead_is_not_even_denied_without_the_token(asker: Asker) -> None:
    assert (await asker.ask(await asker.serve(owner(), BOTH) + "/leads/nobody"))[0] == 401


async def test_without_tokens_everything_is_told(asker: Asker) -> None:
    base = await asker.serve(owner(), OPEN)
    assert {(await asker.ask(base + path))[0] for path in ("/metrics", "/leads/L", "/waiting")} == {200}


async def test_a_worker_shows_the_token_when_it_asks_another_one(asker: Asker) -> None:
    asked = FakeWorker()
    asked.others = [await asker.serve(owner(), BOTH)]
    base = await asker.serve(asked, BOTH)
    assert (await asker.ask(str(lead_url(base, "L")), f"Bearer {API}"))[0] == 200


async def test_who_waits_is_told_by_all_workers_against_the_token(asker: Asker) -> None:
    asked = FakeWorker()
    asked.others = [await asker.serve(owner(), BOTH)]
    headers = {"Authorization": f"Bearer {API}"}
    async with asker.client.get(f"{await asker.serve(asked, BOTH)}/waiting", headers=headers) as answer:
        assert [part["partition"] for part in (await answer.json())["partitions"]] == [0]


async def test_workers_with_different_tokens_do_not_say_that_a_lead_is_unknown(asker: Asker) -> None:
    asked = FakeWorker()
    asked.others = [await asker.serve(owner(), Access(api=Token(Secret("a-different-token"))))]
    base = await asker.serve(asked, BOTH)
    assert (await asker.ask(str(lead_url(base, "L")), f"Bearer {API}"))[0] == 503


async def test_a_token_file_that_changes_is_used_and_one_that_is_gone_shuts_the_door(
    asker: Asker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "token"
    file.write_text(f"{API}\n", encoding="utf-8")
    url = await asker.serve(owner(), Access(api=Token(file=file))) + "/leads/L"
    assert (await asker.ask(url, f"Bearer {API}"))[0] == 200
    file.write_text("the-next-token-please", encoding="utf-8")
    assert (await asker.ask(url, f"Bearer {API}"))[0] == 401
    assert (await asker.ask(url, "Bearer the-next-token-please"))[0] == 200
    file.unlink()
    assert (await asker.ask(url, "Bearer the-next-token-please"))[0] == 401
    assert (await asker.ask(url, "Bearer "))[0] == 401
    assert "cannot be read (FileNotFoundError)" in caplog.text
    assert Token(file=file).header() == {}


@given(st.text())
def test_no_header_but_the_right_one_carries_the_token(authorization: str) -> None:
    assert not Token(Secret(METRICS)).is_in(authorization)


def test_the_settings_say_what_is_asked_for(tmp_path: Path) -> None:
    assert access_of(load(environ={}).web) == OPEN
    file = tmp_path / "token"
    file.write_text(API, encoding="utf-8")
    environ = {"LEADPULSE_WEB__METRICS_TOKEN": METRICS, "LEADPULSE_WEB__API_TOKEN_FILE": str(file)}
    access = access_of(load(environ=environ).web)
    assert access == Access(metrics=Token(Secret(METRICS)), api=Token(file=file))
    assert access.api is not None
    assert access.api.header() == {"Authorization": f"Bearer {API}"}
    assert METRICS not in repr(access)
