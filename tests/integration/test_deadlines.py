"""Deadlines on the real worker: on a silent stream, through kills and moves, and after an outage."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from schemas.alerts import AnsweredLate, Breached, Warned
from tests.integration.harness.alerts import Listener, answer, lead, listening, write
from tests.integration.harness.leadpulse import LeadpulseRun

pytestmark = pytest.mark.integration

IN_TIME = 1.0
"""Seconds from a warning's or breach's time to a reader of the alerts topic."""


@contextmanager
def promising(
    kafka: str, folder: Path, target: float, warn_at: float = 0.8, partitions: int = 4
) -> Iterator[LeadpulseRun]:
    policy = f'[{{name = "quick", clock = "wall", first_contact = "{int(target)}s", warn_at = {warn_at}}}]'
    with LeadpulseRun(kafka, folder, partitions=partitions, settings={"SLA__POLICIES": policy}) as run:
        yield run


async def start(run: LeadpulseRun, *labels: str) -> None:
    for label in labels:
        run.start_worker(label)
    for label in labels:
        await run.wait_ready(label)


def check_all_were_told_in_time(listener: Listener, leads: set[str]) -> None:
    for kind in (Warned, Breached):
        heard = listener.of(kind)
        assert Counter(one.alert.lead_id for one in heard) == dict.fromkeys(leads, 1)
        for one in heard:
            assert 0 <= one.late <= IN_TIME, f"{type(one.alert).__name__} {one.late:.2f} s after its time"


async def test_on_a_silent_stream_a_warning_and_a_breach_come_within_a_second_of_their_time(
    kafka: str, tmp_path: Path
) -> None:
    with promising(kafka, tmp_path, target=4, warn_at=0.5) as run:
        await start(run, "A")
        async with listening(run) as listener:
            await write(run, [lead(run, "last", time.time())])
            await listener.until(lambda: bool(listener.of(Breached)), timeout=10)
            check_all_were_told_in_time(listener, {"last"})


async def test_a_worker_killed_between_lead_and_deadline_still_tells_in_time(kafka: str, tmp_path: Path) -> None:
    with promising(kafka, tmp_path, target=27, warn_at=0.9) as run:
        worker = run.start_worker("A")
        await run.wait_ready("A")
        leads = {f"L{n}" for n in range(12)}
        async with listening(run) as listener:
            await write(run, [lead(run, name, time.time()) for name in leads])
            await run.settle()
            worker.kill()
            await start(run, "A")
            assert not listener.heard, "the worker is back before the first deadline, or this test shows nothing"
            await listener.until(lambda: len(listener.of(Breached)) == len(leads), timeout=40)
            check_all_were_told_in_time(listener, leads)


async def test_deadlines_move_with_their_partitions_to_another_worker(kafka: str, tmp_path: Path) -> None:
    with promising(kafka, tmp_path, target=27, warn_at=0.9) as run:
        going = run.start_worker("A")
        await start(run, "B")
        await run.wait_ready("A")
        leads = {f"L{n}" for n in range(12)}
        async with listening(run) as listener:
            await write(run, [lead(run, name, time.time()) for name in leads])
            await run.settle()
            going.kill()
            await listener.until(lambda: len(listener.of(Breached)) == len(leads), timeout=50)
            check_all_were_told_in_time(listener, leads)


async def test_after_an_outage_nobody_is_alarmed_whose_answer_was_in_the_backlog(kafka: str, tmp_path: Path) -> None:
    with promising(kafka, tmp_path, target=12) as run:
        worker = run.start_worker("A")
        await run.wait_ready("A")
        names = [f"L{n}" for n in range(1000)]
        answered = set(random.Random(4).sample(names, 600))
        async with listening(run) as listener:
            began = time.time()
            await write(run, [lead(run, name, began) for name in names])
            await run.settle()
            worker.kill()
            assert time.time() < began + 9, "the worker is gone before the first warning, or this test shows nothing"
            await write(run, [answer(run, name, min(time.time(), began + 11)) for name in sorted(answered)])
            await asyncio.sleep(max(0.0, began + 13 - time.time()))
            assert not listener.heard
            await start(run, "A")
            await listener.until(lambda: len(listener.of(Breached)) >= 400, timeout=30)
            await asyncio.sleep(1)
            assert Counter(one.alert.lead_id for one in listener.of(Breached)) == dict.fromkeys(
                set(names) - answered, 1
            )
            assert not listener.of(Warned, AnsweredLate), "a warning after the breach would be no news"
            for one in listener.of(Breached):
                assert isinstance(one.alert, Breached)
                assert one.alert.delayed_seconds >= 0.9, "it says that it comes late"


KILLS, LEADS, SECONDS, TARGET = 10, 1500, 45.0, 4


async def test_ten_kills_double_no_alarm_and_lose_none(kafka: str, tmp_path: Path) -> None:
    dice = random.Random(11)
    with promising(kafka, tmp_path, target=TARGET) as run:
        workers = {label: run.start_worker(label) for label in "AB"}
        for label in workers:
            await run.wait_ready(label)
        async with listening(run) as listener:
            began = time.time()
            kinds = {f"L{n}": dice.choice(("in time", "late", "never")) for n in range(LEADS)}
            messages = []
            for name, kind in kinds.items():
                due = dice.uniform(0.1, SECONDS)
                messages.append(lead(run, name, began + due, due))
                if kind != "never":
                    due += 0.3 if kind == "in time" else TARGET + 2
                    messages.append(answer(run, name, began + due, due))
            load = asyncio.create_task(write(run, sorted(messages, key=lambda message: message.due)))
            for _ in range(KILLS):
                await asyncio.sleep(dice.uniform(0.5, SECONDS / KILLS))
                label = dice.choice("AB")
                workers[label].kill()
                workers[label] = run.start_worker(label)
            await load
            for label in workers:
                await run.wait_ready(label)
            await run.settle()
            await asyncio.sleep(TARGET + 1)
            late = Counter(one.alert.lead_id for one in listener.of(AnsweredLate))
            assert late == {name: 1 for name, kind in kinds.items() if kind == "late"}
            breached = Counter(one.alert.lead_id for one in listener.of(Breached))
            assert max(breached.values()) == 1
            assert {name for name, kind in kinds.items() if kind == "never"} <= breached.keys()
            assert not breached.keys() & {name for name, kind in kinds.items() if kind == "in time"}
        verdict = await run.verify()
        assert verdict.is_exact, verdict.wrong[:5]
