"""`/waiting`: who waits for an answer, soonest deadline first, whichever worker has them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import NamedTuple, Protocol

from aiohttp import web
from msgspec import UNSET, UnsetType, json
from yarl import URL

from processors.rows import EPOCH
from processors.waiting_card import WaitingCard
from streams.agents import LeadState
from streams.web.addresses import LOCAL, waiting_url
from streams.web.waiting_answer import Told, WaitingAnswer, read_answer, urgency

DEFAULT_LIMIT = 100
MAX_LIMIT = 1000
_MAX_TEAM = 256
_MAX_DIGITS = 9

Ask = Callable[[str, Callable[[str], URL]], Awaitable[tuple[int, bytes]]]
"""Asks another worker, given its base URL and what makes the address from it; returns status and body."""


class Worker(Protocol):
    """What the page asks the worker that it stands for."""

    @property
    def lead_states(self) -> dict[int, LeadState]:
        """States by partition number."""

    @property
    def fences(self) -> Mapping[int, int]:
        """By partition number, what is larger for every later owner."""

    @property
    def partitions(self) -> int:
        """Partitions of the inputs; 0 while unknown."""

    def peers(self) -> Iterable[str]:
        """Return the base URLs of the other workers."""

    def wall_now(self) -> int:
        """Return the wall time in ms."""


class Question(NamedTuple):
    """What somebody wants to know: of which team (None for all), and how many leads."""

    team: str | None
    limit: int


class WaitingPage:
    """Answers `/waiting`.

    Args:
        worker: Whose leads.
        ask: How other workers are asked.
    """

    def __init__(self, worker: Worker, ask: Ask) -> None:
        self._worker, self._ask = worker, ask

    async def answer(self, request: web.Request) -> web.Response:
        """Answer a request; a wrong one with 400."""
        question = _question(request.query)
        if isinstance(question, str):
            return _json({"error": question}, HTTPStatus.BAD_REQUEST)
        answers = [self._own(question)]
        if LOCAL not in request.query:
            asked = await asyncio.gather(*(self._ask_peer(peer, question) for peer in self._worker.peers()))
            answers += [told for told in asked if told is not None]
        return _json(self._together(answers, question.limit))

    async def _ask_peer(self, peer: str, question: Question) -> WaitingAnswer | None:
        status, body = await self._ask(peer, partial(waiting_url, limit=question.limit, team=question.team, local=True))
        return read_answer(body) if status == HTTPStatus.OK else None

    def _own(self, question: Question) -> WaitingAnswer:
        worker = self._worker
        states, fences = worker.lead_states, worker.fences
        cards: list[WaitingCard] = []
        told = []
        for number, state in sorted(states.items()):
            waiting, now = state.shard.waiting, state.now()
            known = _time(state.known_until) if state.known_until else UNSET
            count = waiting.count(question.team)
            told.append(Told(partition=number, fence=fences.get(number, -1), waiting=count, known_until=known))
            soonest = waiting.soonest(question.limit, question.team)
            cards += [card for _, lead_id in soonest if (card := waiting.card(lead_id, number, now)) is not None]
        now = max((state.now() for state in states.values()), default=worker.wall_now())
        return WaitingAnswer(now=_time(now), complete=False, waiting=0, partitions=tuple(told), cards=tuple(cards))

    def _together(self, answers: list[WaitingAnswer], limit: int) -> WaitingAnswer:
        """Put the answers of the workers together; what a former owner still tells of a partition is left out."""
        latest: dict[int, tuple[Told, WaitingAnswer]] = {}
        for answer in answers:
            for told in answer.partitions:
                if told.partition not in latest or latest[told.partition][0].fence < told.fence:
                    latest[told.partition] = told, answer
        chosen = tuple(told for _, (told, _) in sorted(latest.items()))
        cards = [card for a in answers for card in a.cards if latest[card.partition][1] is a]
        known = [told.known_until for told in chosen]
        sure = [at for at in known if not isinstance(at, UnsetType)]
        return WaitingAnswer(
            now=max(answer.now for answer in answers),
            complete=len(chosen) == self._worker.partitions > 0,
            waiting=sum(told.waiting for told in chosen),
            known_until=min(sure) if sure and len(sure) == len(known) else UNSET,
            partitions=chosen,
            cards=tuple(sorted(cards, key=urgency)[:limit]),
        )


def _question(query: Mapping[str, str]) -> Question | str:
    """Return what is asked, or what is wrong with the question."""
    text = query.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS and 0 < int(text) <= MAX_LIMIT):
        return f"limit must be a number from 1 to {MAX_LIMIT}"
    team = query.get("team")
    if team is not None and len(team) > _MAX_TEAM:
        return f"team has at most {_MAX_TEAM} characters"
    return Question(team, int(text))


def _json(content: WaitingAnswer | dict[str, str], status: int = HTTPStatus.OK) -> web.Response:
    return web.Response(body=json.encode(content), status=status, content_type="application/json")


def _time(ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=ms)
