"""TLS, passwords and permissions: every program of leadpulse against a broker that insists on them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.cli.errors import ExitCode
from tests.integration.harness.leadpulse import LeadpulseRun
from tests.integration.harness.secured import Secured, secured_kafka

pytestmark = pytest.mark.integration

PARTITIONS = 2
NAMES = {
    "APP__ID": "leadpulse",
    "TOPICS__LEADS": "leads.v1",
    "TOPICS__INTERACTIONS": "interactions.v1",
    "TOPICS__ALERTS": "leadpulse.alerts.v1",
}


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured_kafka(tmp_path_factory.mktemp("secured")) as secured:
        yield secured


@pytest.fixture
def run(broker: Secured, tmp_path: Path) -> Iterator[LeadpulseRun]:
    """Workers who are the user `worker`; the model reads the log as the broker's administrator."""
    settings = NAMES | broker.settings("worker")
    with LeadpulseRun(broker.inside, tmp_path, partitions=PARTITIONS, settings=settings) as run:
        yield run


async def say(run: LeadpulseRun, *arguments: str, code: int = 0, **settings: str) -> str:
    command = run.command(*arguments, **{f"LEADPULSE_{name}": value for name, value in settings.items()})
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


async def test_every_program_works_with_the_permissions_of_the_guide(run: LeadpulseRun, broker: Secured) -> None:
    open_door = {"KAFKA__BROKERS": broker.inside, "KAFKA__SECURITY_PROTOCOL": "PLAINTEXT", "KAFKA__SSL_CAFILE": ""}
    await say(run, "topics", "create", **open_door, KAFKA__SASL_USERNAME="", KAFKA__SASL_PASSWORD="")
    run.start_worker("A")
    await run.wait_ready("A")
    simulate = ("simulate", "--as-fast-as-possible", "--leads", "300", "--days", "2", "--seed", "5")
    await say(run, *simulate, **broker.settings("simulator", "PLAIN"))
    killed = run.start_worker("B")
    await run.wait_ready("B")
    killed.kill()
    run.start_worker("B")
    await run.wait_ready("B")
    await run.settle()
    verdict = await run.verify()
    assert verdict.is_exact, verdict.wrong
    assert verdict.records > 100
    assert verdict.dead_letters > 0
    dlq = broker.settings("dlq")
    assert "dead letter" in await say(run, "dlq", "list", **dlq)
    await say(run, "dlq", "replay", "--force", **dlq)
    await run.settle()
    assert (await run.verify()).is_exact


async def test_a_wrong_password_a_wrong_authority_and_a_missing_permission_are_each_said(
    run: LeadpulseRun, broker: Secured, tmp_path: Path
) -> None:
    wrong = await say(run, "topics", "list", code=ExitCode.UNAVAILABLE, KAFKA__SASL_PASSWORD="guessed")
    print(wrong)
    text = await say(run, "topics", "list", code=ExitCode.UNAVAILABLE, KAFKA__SSL_CAFILE="")
    print(text)
    print(await say(run, "topics", "list", code=ExitCode.CONFIGURATION, **broker.settings("dlq")))
    assert 0
