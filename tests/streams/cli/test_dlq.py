"""`leadpulse dlq` without a broker: options, tables and accounts. The round trip is in tests/integration."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from msgspec import json, structs

from schemas.dead_letters import DeadLetter
from schemas.refusals import Reason
from streams.cli import dlq, letters, putting_back
from streams.cli.main import run
from streams.dead_letters import Selection, Stored
from streams.producing import partition_of
from streams.putting_back import Returning
from streams.settings import Settings
from streams.topics import FoundTopic

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
GOOD = {"type": "created", "event_id": "1", "lead_id": "L1", "occurred_at": "2026-03-01T09:00:00Z"}
HOME = partition_of(b"L1", 4)


def letter(number: int = 0, value: bytes | None = None, **changes: Any) -> Stored:
    made = DeadLetter(
        topic="leads.v1",
        partition=HOME,
        offset=100 + number,
        key=b"L1",
        value=json.encode(GOOD) if value is None else value,
        headers=(),
        reason=Reason.INVALID,
        field="stage",
        message="is \x1b[31mwrong",
    )
    at = int(NOW.timestamp() * 1000) + number * 1000
    return Stored("leads.v1.dlq", HOME, number, at, structs.replace(made, **changes))


class Broker:
    """Stands where Kafka is: dead letters to be read, and records put back."""

    def __init__(self) -> None:
        self.stored: list[Stored] = []
        self.asked: list[tuple[Sequence[str], Selection, bool]] = []
        self.back: list[Returning] = []
        self.missing: list[str] = []
        self.foreign = self.total = self.passed = 0
        self.seen = False

    async def letters(self) -> AsyncIterator[Stored]:
        for stored in self.stored:
            yield stored

    async def mark_seen(self) -> None:
        self.seen = True

    async def put(self, record: Returning) -> None:
        self.back.append(record)

    @asynccontextmanager
    async def reading(
        self, _: object, topics: Sequence[str], selection: Selection, *, group: str, new_only: bool
    ) -> AsyncIterator[Broker]:
        assert group == "leadpulse-dlq-replay"
        self.asked.append((topics, selection, new_only))
        yield self

    @asynccontextmanager
    async def returner(self, _: object) -> AsyncIterator[Broker]:
        yield self

    async def read_topics(self, names: Sequence[str], _: object) -> dict[str, FoundTopic]:
        return {name: FoundTopic(4, "delete") for name in names}


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    made = Broker()
    monkeypatch.setattr(letters, "reading", made.reading)
    monkeypatch.setattr(putting_back, "returner", made.returner)
    monkeypatch.setattr(putting_back, "read_topics", made.read_topics)
    return made


# -- options ----------------------------------------------------------------------------------------------------------


def test_the_options_say_which_ones(broker: Broker) -> None:
    options = (
        "--topic leads.v1 --partition 3 --offset 7 --reason invalid --reason future --since 2026-03-02T10:00:00+01:00"
    )
    assert run(["dlq", "list", *options.split()]) == 0
    ((topics, selection, new_only),) = broker.asked
    assert topics == ("leads.v1.dlq",)
    assert selection == Selection(
        partition=3,
        offset=7,
        reasons=frozenset({Reason.INVALID, Reason.FUTURE}),
        since=int(NOW.timestamp() * 1000),
    )
    assert not new_only


@pytest.mark.parametrize("named", ["interactions.v1", "interactions.v1.dlq"])
def test_a_topic_may_be_named_by_the_input_or_by_its_dead_letters(named: str, broker: Broker) -> None:
    assert run(["dlq", "replay", "--topic", named, "--new"]) == 0
    assert broker.asked == [(("interactions.v1.dlq",), Selection(), True)]


def test_a_span_means_so_long_ago() -> None:
    assert dlq._moment("1h30m", NOW.timestamp()) == int(NOW.timestamp() * 1000) - 5_400_000


@pytest.mark.parametrize(
    ("arguments", "wrong"),
    [
        (["list", "--topic", "zzz"], "'zzz' is none of leads.v1, interactions.v1, leads.v1.dlq, interactions.v1.dlq"),
        (["list", "--since", "yesterday"], "'yesterday' is no time such as"),
        (["list", "--since", "2026-03-02T10:00:00"], "has no zone"),
        (["list", "--reason", "bad"], "'bad' is not one of"),
        (["show", "leads.v2", "0", "0"], "'leads.v2' is none of"),
        (["replay", "--from", "x.jsonl", "--new"], "--from takes all lines"),
        (["replay", "--from", "x.jsonl", "--reason", "future"], "--from takes all lines"),
        (["replay", "--from", "x.jsonl", "--topic", "leads.v1"], "--from takes all lines"),
    ],
)
def test_wrong_options_are_said_before_kafka_is_asked(
    arguments: list[str], wrong: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["dlq", *arguments]) == 2
    assert wrong in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [["list"], ["show", "leads.v1", "0", "0"], ["replay", "--dry-run"]])
def test_a_broker_out_of_reach_is_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dlq", *arguments, "--set", "kafka.brokers=127.0.0.1:1"]) == 69
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("leadpulse: cannot reach Kafka at 127.0.0.1:1: ")


def test_topics_that_do_not_exist_are_said(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    broker.missing = ["leads.v1.dlq", "interactions.v1.dlq"]
    assert run(["dlq", "list"]) == 1
    assert "there is no topic leads.v1.dlq or interactions.v1.dlq" in capsys.readouterr().err


# -- list and show -----------------------------------------------------------------------------------------------------


def test_the_newest_are_listed_and_all_are_counted(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    broker.stored = [letter(n, reason=Reason.FUTURE if n % 3 == 0 else Reason.INVALID) for n in (4, 0, 3, 1, 2)]
    broker.foreign = 2
    assert run(["dlq", "list", "--limit", "2", "--set", "funnel.zone=Europe/Berlin"]) == 0
    head, *rows, sums, foreign = capsys.readouterr().out.splitlines()
    assert re.split(r"  +", head.strip()) == [
        *("dead since", "topic", "partition", "offset", "reason", "field", "key", "message")
    ]
    assert [re.split(r"  +", row.strip()) for row in rows] == [
        ["2026-03-02 10:00:03", "leads.v1", str(HOME), "103", "future", "stage", "L1", "is \\x1b[31mwrong"],
        ["2026-03-02 10:00:04", "leads.v1", str(HOME), "104", "invalid", "stage", "L1", "is \\x1b[31mwrong"],
    ]
    assert sums == "5 dead letters, the newest 2 are shown: invalid 3, future 2"
    assert foreign == "2 records beside them were not written by leadpulse"


@pytest.mark.usefixtures("broker")
def test_nothing_is_said_to_be_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["dlq", "list"]) == 0
    assert capsys.readouterr().out == "no dead letters\n"


async def test_the_table_keeps_no_values(broker: Broker) -> None:
    broker.stored = [letter(n, value=b"x" * 1000, stacktrace="deep") for n in range(3)]
    wanted = letters.Letters(Settings(), ("leads.v1.dlq",), Selection())
    seen = await letters.overview(wanted, 10)
    assert [(kept.letter.value, kept.letter.stacktrace) for kept in seen.newest] == [(None, "")] * 3


def test_as_json_all_are_written_whole(broker: Broker, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    broker.stored = [letter(n) for n in range(60)]
    assert run(["dlq", "list", "--json"]) == 0
    lines = [json.decode(line) for line in capsysbinary.readouterr().out.splitlines()]
    assert [line["offset"] for line in lines] == list(range(100, 160))
    assert lines[0]["value"] == GOOD


def test_one_letter_is_shown_whole(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    broker.stored = [
        letter(
            5,
            value=b'{"a":"\\u001b[31m","b":[1]}',
            headers=(("trace", b"\xff1"), ("none", None)),
            exception="ZeroDivisionError",
            stacktrace="Traceback:\n  File x\x1b[0m",
        )
    ]
    assert run(["dlq", "show", "leads.v1", str(HOME), "105"]) == 0
    out = [line.rstrip() for line in capsys.readouterr().out.splitlines()]
    assert out[:9] == [
        f"record       leads.v1[{HOME}] offset 105",
        f"dead letter  leads.v1.dlq[{HOME}] offset 5, 2026-03-02 09:00:05",
        "reason       invalid",
        "field        stage",
        "message      is \\x1b[31mwrong",
        "exception    ZeroDivisionError",
        "key          L1",
        "header       trace: \\xff1",
        "header       none: (none)",
    ]
    assert out[9:] == [
        *("", "value", "{", '  "a": "\\u001b[31m",', '  "b": [', "    1", "  ]", "}"),
        *("", "stack trace", "Traceback:", "  File x\\x1b[0m"),
    ]


def test_the_place_is_the_record_s_or_the_letter_s_own(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    broker.stored = [letter(1, key=b"one"), letter(2, key=None, value=b"")]
    assert run(["dlq", "show", "leads.v1.dlq", str(HOME), "1"]) == 0
    assert "key          one" in capsys.readouterr().out
    assert broker.asked[0][1] == Selection(partition=HOME)
    assert run(["dlq", "show", "leads.v1", str(HOME), "102"]) == 0
    assert broker.asked[1][1] == Selection(partition=HOME, offset=102)
    broker.stored = []
    assert run(["dlq", "show", "leads.v1", "0", "9"]) == 1
    assert capsys.readouterr().err == "leadpulse: no dead letter was read from leads.v1[0] offset 9\n"


# -- replay ------------------------------------------------------------------------------------------------------------


def test_what_is_acceptable_now_goes_back_and_the_rest_stays(
    broker: Broker, capsys: pytest.CaptureFixture[str]
) -> None:
    broker.stored = [letter(1), letter(2, value=b"{"), letter(3)]
    assert run(["dlq", "replay"]) == 1
    places = [(record.topic, record.partition, record.key) for record in broker.back]
    assert places == [("leads.v1", HOME, b"L1")] * 2
    said = capsys.readouterr()
    assert said.out == "2 put back, leads.v1 2\n"
    assert said.err.splitlines() == [
        "1 would fail again and stay: malformed 1",
        f"  leads.v1[{HOME}] offset 102: malformed: no JSON: Input data was truncated",
    ]
    assert broker.seen


def test_a_dry_run_puts_nothing_back(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    broker.stored = [letter(1)]
    assert run(["dlq", "replay", "--dry-run"]) == 0
    assert capsys.readouterr().out == "1 would be put back, leads.v1 1\n"
    assert not broker.back
    assert not broker.seen


def test_a_selection_does_not_count_as_all(broker: Broker) -> None:
    assert run(["dlq", "replay", "--reason", "future"]) == 0
    assert not broker.seen


def test_force_puts_back_what_will_fail_again_and_says_so(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    broker.stored = [letter(1), letter(2, value=b"{"), letter(3, partition=9)]
    assert run(["dlq", "replay", "--force"]) == 1
    said = capsys.readouterr()
    assert said.out == "2 put back, leads.v1 2\n1 of them will fail again\n"
    assert "leads.v1 has 4 partitions, 9 is none" in said.err  # no force can do that


def test_a_wrong_key_is_mended_when_asked_for(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    broker.stored = [letter(1, key=b"L2", partition=(HOME + 1) % 4)]
    assert run(["dlq", "replay"]) == 1
    assert "--rekey puts a record under its lead id" in capsys.readouterr().err
    assert run(["dlq", "replay", "--rekey"]) == 0
    assert [(record.key, record.partition) for record in broker.back] == [(b"L1", HOME)]


def test_only_the_first_refusals_are_told_one_by_one(broker: Broker, capsys: pytest.CaptureFixture[str]) -> None:
    broker.stored = [letter(n, value=b"{") for n in range(25)]
    assert run(["dlq", "replay"]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  and 5 more"


def test_mended_lines_go_back(broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "letters.jsonl"
    good = {"topic": "leads.v1", "partition": HOME, "key": "L1", "value": GOOD}
    strayed = good | {"partition": (HOME + 1) % 4}
    file.write_bytes(json.encode(good) + b"\n" + json.encode(strayed) + b"\n")
    assert run(["dlq", "replay", "--from", str(file)]) == 1
    assert f"{file}:2: key_mismatch, field key: its key belongs to partition {HOME}" in capsys.readouterr().err
    assert len(broker.back) == 1
    assert run(["dlq", "replay", "--from", str(file), "--rekey"]) == 0
    assert [record.partition for record in broker.back] == [HOME] * 3


def test_a_file_that_cannot_be_read_is_named(
    broker: Broker, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["dlq", "replay", "--from", str(tmp_path / "none")]) == 1
    assert capsys.readouterr().err == f"leadpulse: {tmp_path / 'none'}: No such file or directory\n"
    assert not broker.back
