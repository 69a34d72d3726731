from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

import pytest
from msgspec.json import encode

from streams.cli import workers
from streams.cli.main import run
from tests.streams.cli.answering import Answer, serving

TOLD = {
    "lead_id": "A.é/1",
    "status": "lost",
    "reason": "price\x1b[31m",
    "created_at": "2026-03-01T23:00:00Z",
    "origin": {"source": "web", "amount": 5},
    "stage": "contacted",
    "stage_entered_at": "2026-03-01T23:30:00Z",
    "owner": "ann",
    "first_contact_at": "2026-03-01T23:02:05Z",
    "closed_at": "2026-03-04T03:00:00Z",
    "events": [
        {"occurred_at": "2026-03-01T22:59:30Z", "type": "scored", "value": 0.5},
        {"occurred_at": "2026-03-01T23:02:05Z", "type": "interaction", "direction": "out", "actor": "ann"},
        {"occurred_at": "2026-03-04T03:00:00Z", "type": "lost", "reason": "price\x1b[31m"},
    ],
}


@pytest.fixture
def worker(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answer]]:
    """A worker at the place that the settings name."""

    class Fresh(Answer):
        body = encode(TOLD)
        paths: ClassVar[list[str]] = []
        tokens: ClassVar[list[str | None]] = []

    with serving(Fresh, monkeypatch):
        yield Fresh


@pytest.mark.usefixtures("worker")
def test_a_lead_is_shown_as_a_timeline_in_the_zone_of_the_funnel(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lead", "A.é/1", "--set", "funnel.zone=Europe/Berlin"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines == [
        ["A.é/1", "lost:", "price\\x1b[31m"],
        ["created", "2026-03-02", "00:00:00"],
        ["origin", "source", "web,", "amount", "5"],
        ["stage", "contacted,", "since", "2026-03-02", "00:30:00"],
        ["owner", "ann"],
        ["first", "contact", "2026-03-02", "00:02:05,", "2m", "5s", "after", "it", "was", "created"],
        ["closed", "2026-03-04", "04:00:00,", "2d", "4h", "after", "it", "was", "created"],
        [],
        ["at", "after", "event"],
        ["2026-03-01", "23:59:30", "-30s", "scored", "value", "0.5"],
        ["2026-03-02", "00:02:05", "2m", "35s", "interaction", "direction", "out,", "actor", "ann"],
        ["2026-03-04", "04:00:00", "2d", "3h", "lost", "reason", "price\\x1b[31m"],
    ]


def test_the_id_is_sent_as_one_part_of_the_path(worker: type[Answer]) -> None:
    assert run(["lead", "../A ?#%é"]) == 0
    assert worker.paths == ["/leads/%2E%2E%2FA%20%3F%23%25%C3%A9"]


def test_the_token_of_the_settings_is_shown_and_no_token_is_none(
    worker: type[Answer], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run(["lead", "x"]) == 0
    monkeypatch.setenv("LEADPULSE_WEB__API_TOKEN", "a-long-enough-token")
    assert run(["lead", "x"]) == 0
    assert worker.tokens == [None, "Bearer a-long-enough-token"]


def test_a_worker_that_wants_another_token_is_a_matter_of_settings(
    worker: type[Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    worker.status = 401
    assert run(["lead", "x"]) == 78
    assert capsys.readouterr().err.endswith(" asks for its token: set [web] api_token_file or api_token\n")


@pytest.mark.usefixtures("worker")
def test_json_is_the_answer_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lead", "x", "--json"]) == 0
    assert capsys.readouterr().out.encode() == encode(TOLD) + b"\n"


@pytest.mark.parametrize(
    ("told", "head"),
    [
        ({"lead_id": "x", "status": "merged", "merged_into": "y"}, "x  merged into y"),
        (
            {"lead_id": "x", "status": "uncreated"},
            "x  not created: there are events of it, but no `created` among them",
        ),
        ({"lead_id": "x", "status": "open"}, "x  open"),
    ],
)
def test_where_a_lead_stands_is_in_the_first_line(
    told: dict[str, str], head: str, worker: type[Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    worker.body = encode(told)
    assert run(["lead", "x"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == head


def test_a_shortened_history_is_said_to_be_so(worker: type[Answer], capsys: pytest.CaptureFixture[str]) -> None:
    worker.body = encode({**TOLD, "shortened": True})
    assert run(["lead", "x"]) == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("older events were dropped")


@pytest.mark.parametrize(
    ("status", "body", "code", "line"),
    [
        (404, b'{"error":"no event of this lead has been seen"}', 1, "lead x: no event of this lead has been seen"),
        (503, b'{"error":"try again"}', 69, "lead x: try again"),
        (400, b'{"error":"too long"}', 2, "lead x: too long"),
        (500, b"<html>", 69, "lead x: status 500 from something that is no worker"),
        (302, b"", 69, "lead x: status 302 from something that is no worker"),
    ],
)
def test_what_a_worker_cannot_tell_is_one_line(  # noqa: PLR0913, PLR0917  # a case and its fixtures
    status: int, body: bytes, code: int, line: str, worker: type[Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    worker.status, worker.body = status, body
    assert run(["lead", "x"]) == code
    assert capsys.readouterr().err == f"leadpulse: {line}\n"


@pytest.mark.parametrize("body", [b"{}", b"<html>"])
def test_an_answer_that_is_no_lead_is_an_error(
    body: bytes, worker: type[Answer], capsys: pytest.CaptureFixture[str]
) -> None:
    worker.body = body
    assert run(["lead", "x"]) == 1
    assert capsys.readouterr().err.startswith("leadpulse: the answer is no lead: ")


def test_an_endless_answer_is_cut_off(
    worker: type[Answer], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(workers, "MAX_ANSWER", 10)
    assert run(["lead", "x"]) == 1
    assert capsys.readouterr().err.endswith(" is longer than 10 bytes\n")
    assert worker.paths == ["/leads/x"]


def test_nor_is_a_worker_where_no_name_can_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lead", "x", "--url", "http://a..b:1"]) == 69
    assert "no worker answers at http://a..b:1" in capsys.readouterr().err


def test_no_worker_at_all_is_out_of_reach(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lead", "x", "--url", "http://127.0.0.1:1"]) == 69
    assert capsys.readouterr().err == (
        "leadpulse: no worker answers at http://127.0.0.1:1: connection refused; "
        "--url and the settings [web] host and port say where one is\n"
    )


@pytest.mark.parametrize("url", ["localhost:9464", "file:///etc/passwd", "http://", "http://a:b"])
def test_an_address_that_is_none_is_wrong_usage(url: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["lead", "x", "--url", url]) == 2
    assert repr(url) in capsys.readouterr().err
