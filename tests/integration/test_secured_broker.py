"""TLS, passwords and permissions: every program of leadpulse against a broker that insists on them."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from streams.cli.errors import ExitCode
from streams.services.ports import free_ports
from tests.integration.harness.leadpulse import LeadpulseRun
from tests.integration.harness.secured import Secured, missing, permissions, secured_kafka

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


async def say(run: LeadpulseRun, settings: Mapping[str, str], *arguments: str, code: int = 0) -> str:
    """Run `leadpulse`, which must end with the code; return what it prints."""
    command = run.command(*arguments, **{f"LEADPULSE_{name}": value for name, value in settings.items()})
    done = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stdout + done.stderr
    return done.stdout + done.stderr


def administrator(broker: Secured) -> dict[str, str]:
    """The settings of who may do everything, without TLS or a name."""
    nothing = dict.fromkeys(("KAFKA__SSL_CAFILE", "KAFKA__SASL_USERNAME", "KAFKA__SASL_PASSWORD"), "")
    return {"KAFKA__BROKERS": broker.inside, "KAFKA__SECURITY_PROTOCOL": "PLAINTEXT", **nothing}


async def test_every_program_works_with_the_permissions_of_the_guide(run: LeadpulseRun, broker: Secured) -> None:
    await say(run, administrator(broker), "topics", "create")
    run.start_worker("A")
    await run.wait_ready("A")
    simulate = ("simulate", "--as-fast-as-possible", "--leads", "300", "--days", "2", "--seed", "5")
    await say(run, broker.settings("simulator", "PLAIN"), *simulate)
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
    await tell(run, broker)
    dlq = broker.settings("dlq")
    assert "dead letter" in await say(run, dlq, "dlq", "list")
    await say(run, dlq, "dlq", "replay", "--force")
    await run.settle()
    assert (await run.verify()).is_exact


async def tell(run: LeadpulseRun, broker: Secured) -> None:
    """Start a notifier, which is ready when it has joined its group and read the alerts."""
    port, nobody = free_ports(2)
    settings = broker.settings("notifier") | {"NOTIFY__ALERTMANAGER": f"http://127.0.0.1:{nobody}"}
    settings |= {"NOTIFY__PORT": str(port)}
    run.ports["notifier"] = port
    notifier = run.start("notifier", "notify", **{f"LEADPULSE_{name}": value for name, value in settings.items()})
    await run.wait_ready("notifier")
    assert run.metrics("notifier").total("leadpulse_notify_ready") == 1
    notifier.kill()


async def test_a_wrong_password_and_a_broker_that_nobody_vouches_for_are_each_said(
    run: LeadpulseRun, broker: Secured
) -> None:
    async def refused(settings: dict[str, str]) -> str:
        return await say(run, settings, "topics", "list", code=ExitCode.UNAVAILABLE)

    said = await refused({"KAFKA__SASL_PASSWORD": "guessed"})
    assert "invalid credentials with SASL mechanism SCRAM-SHA-512" in said
    assert "guessed" not in said
    assert "certificate verify failed" in await refused({"KAFKA__SSL_CAFILE": ""})
    other_name = broker.address.replace("localhost", "127.0.0.1")
    assert "certificate is not valid for '127.0.0.1'" in await refused({"KAFKA__BROKERS": other_name})


MISSING = {
    "leads.v1": (ExitCode.CONFIGURATION, "leads.v1"),
    "leads.v1.dlq": (ExitCode.CONFIGURATION, "leads.v1.dlq"),
    "leadpulse-": (ExitCode.DEFECT, "TransactionalIdAuthorizationFailed"),
    "leadpulse": (ExitCode.DEFECT, "not allowed to read the consumer group leadpulse"),
}


@pytest.mark.parametrize("name", MISSING)
async def test_a_worker_ends_when_a_permission_is_missing_and_says_which(
    name: str, run: LeadpulseRun, broker: Secured
) -> None:
    await say(run, administrator(broker), "topics", "create")
    (permission,) = (p for p in permissions() if p.user == "worker" and p.name == name)
    code, text = MISSING[name]
    with missing(broker, permission):
        worker = run.start_worker()
        assert worker.wait(60) == code
    assert text in worker.log_text()
