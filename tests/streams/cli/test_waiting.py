from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from msgspec.json import encode
from rich.console import Console

from processors.waiting_card import WaitingCard
from streams.cli.main import run
from streams.cli.waiting import board, clock
from streams.web.waiting_answer import Told, WaitingAnswer
from tests.streams.cli.answering import Answer, serving

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def card(lead_id: str, seconds: float | None, band: str, **fields: Any) -> WaitingCard:
    """The card of a lead with so many seconds left."""
    deadline: dict[str, Any] = {} if seconds is None else {"deadline": NOW + timedelta(seconds=seconds)}
    facts: dict[str, Any] = {
        "team": "north",
        "source": "web",
        "stage": "new",
        "obligation": "first_contact",
        "partition": 0,
    }
    began = {"began_at": NOW - timedelta(minutes=6), "as_of": NOW}
    clocks = {"routing_seconds": 0.0, "human_seconds": 360.0, "closed_seconds": 0.0}
    return WaitingCard(**facts | began | clocks | deadline | {"lead_id": lead_id, "band": band} | fields)


CARDS = (
    card("L-1\x1b[31m", -65, "breached", owner="ann", policy="gold"),
    card("L-2", 30, "warned", obligation="next_response"),
    card("L-3", 3600, "on_time"),
    card("L-4", None, "unpromised"),
)


def answer(**fields: Any) -> WaitingAnswer:
    told = Told(partition=0, fence=1, waiting=4, known_until=NOW)
    whole: dict[str, Any] = {
        "now": NOW,
        "complete": True,
        "waiting": 4,
        "known_until": NOW,
        "partitions": (told,),
        "cards": CARDS,
    }
    return WaitingAnswer(**whole | fields)


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answer]]:
    class Fresh(Answer):
        body = encode(answer(known_until=datetime.now(UTC)))
        paths: ClassVar[list[str]] = []

    with serving(Fresh, monkeypatch):
        yield Fresh


def shown(told: WaitingAnswer, now: datetime = NOW) -> list[str]:
    console = Console(file=io.StringIO(), width=200)
    console.print(board(told, now))
    text: str = console.file.getvalue()  # type: ignore[attr-defined]  # the console of the test writes to a StringIO
    return [line.rstrip() for line in text.splitlines()]


def test_the_list_is_printed_once_where_nobody_looks(worker: type[Answer], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["waiting", "--team", "a&b"]) == 0
    heading, columns, *rows = capsys.readouterr().out.splitlines()
    assert heading == "4 waiting"
    assert columns.split()[:3] == ["left", "lead", "team"]
    assert [row.split()[1].split("\\")[0] for row in rows[:3]] == ["L-1", "L-2", "L-3"]
    (path,) = worker.paths
    assert parse_qs(urlsplit(path).query) == {"team": ["a&b"], "limit": ["100"]}


def test_the_worker_s_answer_can_be_had_as_it_is(worker: type[Answer], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["waiting", "--json", "--limit", "5"]) == 0
    assert capsys.readouterr().out.encode() == worker.body + b"\n"
    assert worker.paths == ["/waiting?limit=5"]


def test_each_lead_is_counted_down_and_no_control_character_gets_through() -> None:
    _, _, *rows = shown(answer())
    assert [row.split()[0] for row in rows[:3]] == ["-1:05", "0:30", "1:00:00"]
    assert rows[0].split()[2:] == ["north", "ann", "web", "new", "first", "contact", "6:00", "gold", "breached"]
    assert "\x1b" not in rows[0]
    assert rows[3].split()[0] == "L-4", "nothing was promised"


def test_what_is_left_out_missing_or_old_is_said() -> None:
    assert shown(answer(waiting=1504))[-1] == "… 1,500 more"
    assert "incomplete: 1 partition told" in shown(answer(complete=False))[0]
    assert "as of 0:10 ago" in shown(answer(), NOW + timedelta(seconds=10))[0]
    assert "ago" not in shown(answer(), NOW + timedelta(seconds=2))[0]


def test_a_worker_of_another_kind_is_said(worker: type[Answer], capsys: pytest.CaptureFixture[str]) -> None:
    worker.body = b"{}"
    assert run(["waiting"]) == 1
    assert capsys.readouterr().err.startswith("leadpulse: the answer does not say who waits")


def test_no_worker_at_all_is_out_of_reach(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["waiting", "--url", "http://127.0.0.1:1"]) == 69
    assert "no worker answers at http://127.0.0.1:1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0:00"), (59.9, "0:59"), (-0.5, "-0:01"), (3599, "59:59"), (3600, "1:00:00"), (97_200, "1d 03:00")],
)
def test_a_length_reads_as_on_a_clock(seconds: float, text: str) -> None:
    assert clock(timedelta(seconds=seconds)) == text
