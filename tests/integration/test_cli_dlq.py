"""`leadpulse dlq` and `leadpulse lead` with a worker: what was refused is found, mended, put back and applied."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from msgspec import json

from schemas.dead_letters import DeadLetter, headers_of
from schemas.refusals import Reason
from streams.producing import partition_of
from tests.integration.harness.leadpulse import LeadpulseRun

pytestmark = pytest.mark.integration

BEGAN = datetime.now(UTC) - timedelta(hours=1)
PARTITIONS = 2


class Desk:
    """A worker, somebody who writes events, and somebody at the command line."""

    def __init__(self, run: LeadpulseRun, producer: AIOKafkaProducer) -> None:
        self.run, self.producer = run, producer
        self.number = 0

    async def send(self, lead_id: str, kind: str, *, key: bytes | None = None, **fields: Any) -> None:
        """Write an event of a lead."""
        self.number += 1
        at = BEGAN + timedelta(seconds=self.number)
        event = {"type": kind, "event_id": f"e{self.number}", "lead_id": lead_id, "occurred_at": at, **fields}
        await self.put(key or lead_id.encode(), json.encode(event))

    async def put(self, key: bytes, value: bytes, *headers: tuple[str, bytes]) -> None:
        """Write a record of leads."""
        await self.producer.send_and_wait(self.run.inputs[0], value, key=key, headers=list(headers))

    async def say(self, *arguments: str, code: int = 0, **settings: str) -> str:
        """Run `leadpulse`, which must end with the code; return what it prints."""
        command = self.run.command(*arguments, LEADPULSE_WEB__PORT=str(self.run.ports["A"]), **settings)
        done = await asyncio.to_thread(
            subprocess.run, command, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == code, done.stderr + done.stdout
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    async def letters(self, *options: str) -> list[dict[str, Any]]:
        """Return the dead letters, in the order of their partitions."""
        return [json.decode(line) for line in (await self.say("dlq", "list", "--json", *options)).splitlines()]

    async def lead(self, lead_id: str) -> dict[str, Any]:
        """Return what the worker tells of a lead."""
        status, body = await asyncio.to_thread(self.run.get, f"/leads/{lead_id}")
        assert status == 200, body
        told: dict[str, Any] = json.decode(body)
        return told


@pytest.fixture
async def desk(kafka: str, tmp_path: Path) -> AsyncIterator[Desk]:
    with LeadpulseRun(kafka, tmp_path, partitions=PARTITIONS) as run:
        worker = run.start_worker()
        await run.wait_ready()
        async with AIOKafkaProducer(bootstrap_servers=kafka) as producer:
            yield Desk(run, producer)
        worker.ask_to_end()
        assert await asyncio.to_thread(worker.wait) == 0


async def test_what_was_refused_is_mended_put_back_and_applied(desk: Desk, tmp_path: Path) -> None:
    leads = desk.run.inputs[0]
    await desk.send("L1", "created", source="web")
    await desk.send("L1", "stage_changed", stage="demo")
    await desk.send("L2", "created", key=b"another")
    await desk.put(b"L3", b'{"type": "created", ', ("trace", b"\x00\xff"))
    await desk.run.settle()

    letters = {letter["reason"]: letter for letter in await desk.letters()}
    assert letters.keys() == {"invalid", "key_mismatch", "malformed"}
    invalid = letters["invalid"]
    assert (invalid["topic"], invalid["partition"]) == (leads, partition_of(b"L1", PARTITIONS))
    shown = await desk.say("dlq", "show", leads, str(invalid["partition"]), str(invalid["offset"]))
    assert '"stage": "demo"' in shown
    itself = invalid["dead_letter"]
    assert shown == await desk.say("dlq", "show", itself["topic"], str(itself["partition"]), str(itself["offset"]))

    assert "0 would be put back" in await desk.say("dlq", "replay", "--dry-run", code=1)
    assert "0 put back" in await desk.say("dlq", "replay", code=1)

    assert "1 put back" in await desk.say("dlq", "replay", "--rekey", "--reason", "key_mismatch")
    file = tmp_path / "letters.jsonl"
    invalid["value"]["stage"] = "contacted"
    text = letters["malformed"].pop("value_text")
    letters["malformed"]["value_text"] = (
        text + '"event_id": "m", "lead_id": "L3", "occurred_at": "2026-03-01T00:00:00Z"}'
    )
    file.write_bytes(json.encode(invalid) + b"\n" + json.encode(letters["malformed"]) + b"\n")
    assert "2 put back" in await desk.say("dlq", "replay", "--from", str(file))
    await desk.run.settle()

    assert (await desk.lead("L1"))["stage"] == "contacted"
    assert (await desk.lead("L2"))["status"] == "open"
    assert (await desk.lead("L3"))["created_at"] == "2026-03-01T00:00:00Z"
    assert len(await desk.letters()) == 3
    assert (await desk.run.verify()).is_exact


async def test_new_rules_make_dead_letters_acceptable_and_twice_is_harmless(desk: Desk) -> None:
    await desk.send("L1", "created")
    await desk.send("L1", "stage_changed", stage="demo")
    await desk.run.settle()
    stages = '[{name = "contacted"}, {name = "demo"}]'
    assert "1 would be put back" in await desk.say("dlq", "replay", "--dry-run", LEADPULSE_FUNNEL__STAGES=stages)

    desk.run.processes[0].ask_to_end()
    await asyncio.to_thread(desk.run.processes[0].wait)
    desk.run.environment["LEADPULSE_FUNNEL__STAGES"] = stages
    desk.run.start_worker()
    await desk.run.wait_ready()
    for _ in range(2):
        assert "1 put back" in await desk.say("dlq", "replay")
        await desk.run.settle()
        lead = await desk.lead("L1")
        assert lead["stage"] == "demo"
        assert [event["stage"] for event in lead["events"] if event["type"] != "deadline"] == ["demo"]
    assert desk.run.metrics().total("leadpulse_events_total", outcome="duplicate") == 1

    assert "0 put back" in await desk.say("dlq", "replay", "--new")
    await desk.send("L1", "stage_changed", stage="never")
    await desk.run.settle()
    assert "never" in await desk.say("dlq", "replay", "--new", code=1)


async def test_many_letters_are_read_once_each_whatever_lies_between_them(desk: Desk, kafka: str) -> None:
    dead = desk.run.settings.topics.dead_letters(desk.run.inputs[0])
    for number in range(1500):
        await desk.producer.send(desk.run.inputs[0], b"{%d" % number, key=b"L%d" % number)
    await desk.producer.flush()
    await desk.run.settle()
    await _write_in_a_transaction(kafka, dead, commit=False)
    await _write_in_a_transaction(kafka, dead, commit=True)
    await desk.producer.send_and_wait(dead, b"not ours", partition=0)
    letters = await desk.letters()
    assert sorted(letter["value_text"] for letter in letters) == sorted([*(f"{{{n}" for n in range(1500)), "committed"])
    keys = [(letter["dead_letter"]["partition"], letter["dead_letter"]["offset"]) for letter in letters]
    assert keys == sorted(keys)

    table = await desk.say("dlq", "list", "--limit", "3")
    assert "1,501 dead letters, the newest 3 are shown: malformed 1,501" in table
    assert "1 records beside them were not written by leadpulse" in table
    halves = [len(await desk.letters("--partition", str(n))) for n in range(PARTITIONS)]
    assert sum(halves) == 1501
    assert min(halves) > 500
    assert await desk.letters("--since", "1h") == letters
    assert await desk.letters("--since", (datetime.now(UTC) + timedelta(hours=1)).isoformat()) == []


async def _write_in_a_transaction(kafka: str, topic: str, *, commit: bool) -> None:
    letter = DeadLetter("x", 0, 0, b"k", b"", (), Reason.MALFORMED, "", "")
    name = f"tests-{os.getpid()}-{commit}"
    async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id=name) as producer:
        await producer.begin_transaction()
        value = b"committed" if commit else b"aborted"
        await producer.send_and_wait(topic, value, key=b"k", partition=0, headers=headers_of(letter))
        await (producer.commit_transaction() if commit else producer.abort_transaction())


async def test_a_lead_nobody_knows_is_said_to_be_unknown(desk: Desk) -> None:
    assert await desk.say("lead", "nobody", code=1) == "leadpulse: lead nobody: no event of this lead has been seen\n"
    await desk.send("L 9/ä", "created", source="web")
    await desk.run.settle()
    assert "source web" in await desk.say("lead", "L 9/ä")
