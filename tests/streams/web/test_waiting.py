"""`/waiting`, asked over a real socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from datetime import timedelta
from typing import Any

import aiohttp
import pytest
from msgspec import UNSET, json

from streams.web.addresses import waiting_url
from streams.web.waiting import MAX_LIMIT
from streams.web.waiting_answer import WaitingAnswer, read_answer
from tests.processors.events import T0_MS, assigned, at, call, created
from tests.streams.exposition.worker import FakeWorker, take
from tests.streams.web.site import Site


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with AsyncExitStack() as stack:
        yield Site(stack, await stack.enter_async_context(aiohttp.ClientSession()))


async def get(site: Site, base: str, **query: str) -> tuple[int, Any]:
    async with site.client.get(f"{base}/waiting", params=query) as answer:
        return answer.status, json.decode(await answer.read())


async def ask(site: Site, base: str, limit: int = 100, team: str | None = None) -> WaitingAnswer:
    async with site.client.get(waiting_url(base, limit, team)) as answer:
        assert answer.status == 200
        told = read_answer(await answer.read())
        assert told is not None
        return told


def worker(partitions: int, *numbers: int) -> FakeWorker:
    """A worker with some of the partitions."""
    made = FakeWorker(now=T0_MS + 600_000)
    made.partitions = partitions
    for number in numbers:
        made.state(number)
        made.fences[number] = 1
    return made


def ids(answer: WaitingAnswer) -> list[str]:
    return [card.lead_id for card in answer.cards]


async def test_the_soonest_deadline_comes_first_over_all_partitions(site: Site) -> None:
    one = worker(2, 0, 1)
    take(one.lead_states[0], created(3, "late"), created(1, "soon"))
    take(one.lead_states[1], created(2, "between"), created(0, "answered"), call("connected", 1, "answered"))
    answer = await ask(site, await site.serve(one))
    assert ids(answer) == ["soon", "between", "late"]
    assert (answer.complete, answer.waiting, answer.now) == (True, 3, at(10))
    assert [told.partition for told in answer.partitions] == [0, 1]
    assert answer.cards[0].deadline == at(6)


async def test_a_limit_takes_the_first_and_says_how_many_there_are(site: Site) -> None:
    one = worker(2, 0, 1)
    take(one.lead_states[0], *(created(n, f"even {n}") for n in range(0, 10, 2)))
    take(one.lead_states[1], *(created(n, f"odd {n}") for n in range(1, 10, 2)))
    answer = await ask(site, await site.serve(one), limit=3)
    assert (ids(answer), answer.waiting) == (["even 0", "odd 1", "even 2"], 10)


async def test_a_team_is_asked_for_by_name_and_those_of_none_as_unassigned(site: Site) -> None:
    one = worker(1, 0)
    take(one.lead_states[0], created(0, "A"), created(1, "B", team="south & co"), created(2, "C", team=""))
    take(one.lead_states[0], assigned("south & co", 3, "A"))
    base = await site.serve(one)
    assert ids(await ask(site, base, team="south & co")) == ["A", "B"]
    assert ids(await ask(site, base, team="unassigned")) == ["C"]
    assert (await ask(site, base, team="north")).waiting == 0


async def test_other_workers_are_asked_for_theirs_and_one_that_is_gone_is_said(site: Site) -> None:
    one, two = worker(2, 0), worker(2, 1)
    take(one.lead_states[0], created(1, "mine"))
    take(two.lead_states[1], created(0, "theirs"))
    one.others = [await site.serve(two)]
    base = await site.serve(one)
    answer = await ask(site, base)
    assert (ids(answer), answer.complete, answer.waiting) == (["theirs", "mine"], True, 2)
    one.others = ["http://127.0.0.1:1", "http://[no"]
    answer = await ask(site, base)
    assert (ids(answer), answer.complete, answer.waiting) == (["mine"], False, 1)


async def test_workers_do_not_pass_the_question_on_in_circles(site: Site) -> None:
    one, two = worker(2, 0), worker(2, 1)
    one.others, two.others = [await site.serve(two)], [await site.serve(one)]
    assert (await ask(site, one.others[0])).complete


async def test_of_two_workers_that_tell_a_partition_the_later_owner_is_believed(site: Site) -> None:
    former, later = worker(1, 0), worker(1, 0)
    later.fences[0] = 2
    take(former.lead_states[0], created(0, "A"), created(0, "B"))
    take(later.lead_states[0], created(0, "A"), created(0, "B"), call("connected", 1, "A"))
    former.others, later.others = [await site.serve(later)], [await site.serve(former)]
    for base in (*former.others, *later.others):
        answer = await ask(site, base)
        assert (ids(answer), answer.waiting) == (["B"], 1)


async def test_it_is_said_up_to_when_everything_is_known(site: Site) -> None:
    one = worker(2, 0, 1)
    base = await site.serve(one)
    assert (await ask(site, base)).known_until is UNSET
    one.lead_states[0].tick(T0_MS + 1000)
    assert (await ask(site, base)).known_until is UNSET, "of the other one nothing is known"
    one.lead_states[1].tick(T0_MS + 2000)
    assert (await ask(site, base)).known_until == at(0) + timedelta(seconds=1)


async def test_before_kafka_answered_nobody_waits_and_nothing_is_complete(site: Site) -> None:
    answer = await ask(site, await site.serve(worker(0)))
    assert (answer.complete, answer.waiting, answer.cards) == (False, 0, ())


@pytest.mark.parametrize("limit", ["0", "-1", "x", "1.5", str(MAX_LIMIT + 1), "9" * 5000, "0" * 8 + "19999", "\u0663"])
async def test_a_limit_that_is_none_is_refused(limit: str, site: Site) -> None:
    status, told = await get(site, await site.serve(worker(1, 0)), limit=limit)
    assert (status, told) == (400, {"error": "limit must be a number from 1 to 1000"})


async def test_a_team_longer_than_any_is_refused(site: Site) -> None:
    assert (await get(site, await site.serve(worker(1, 0)), team="x" * 257))[0] == 400


def test_what_another_version_answers_is_no_answer() -> None:
    assert read_answer(b'{"now": 1}') is None
    assert read_answer(b"<html>") is None
