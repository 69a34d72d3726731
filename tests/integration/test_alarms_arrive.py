"""From a lead nobody answers, and from a worker that is killed, to Alertmanager as it is deployed; and back."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.alertmanager import Alertmanager
from tests.integration.floor import floor
from tests.integration.harness.alerts import answer, lead, write
from tests.integration.harness.leadpulse import ROOT
from tests.integration.hooks import Hook
from tests.integration.impatience import impatient_rules
from tests.integration.prometheus import Prometheus

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PATIENCE = "3s"
"""What the rules of this test wait instead of minutes."""


def deployed(webhook: str) -> dict[str, Any]:
    """Alertmanager's configuration as deployed, but for whom it tells."""
    config: dict[str, Any] = yaml.safe_load((ROOT / "deploy/alertmanager/alertmanager.yaml").read_text("utf-8"))
    config["templates"] = [str(ROOT / "deploy/alertmanager/templates/*.tmpl")]
    config["receivers"] = [
        {"name": receiver["name"], "webhook_configs": [{"url": webhook}]} for receiver in config["receivers"]
    ]
    return config


class Seen:
    """What Alertmanager shows."""

    def __init__(self, alertmanager: Alertmanager) -> None:
        self._alertmanager = alertmanager

    async def states(self) -> dict[str, str]:
        """Name of each alarm -> active or suppressed."""
        return {alert["labels"]["alertname"]: alert["status"]["state"] for alert in await self._alertmanager.alerts()}

    async def until(self, right: Callable[[dict[str, str]], bool], timeout: float = 60) -> dict[str, str]:
        """Wait until it shows what is right."""
        deadline = time.monotonic() + timeout
        while not right(states := await self.states()):
            assert time.monotonic() < deadline, states
            await asyncio.sleep(0.3)
        return states

    async def alert(self, name: str) -> dict[str, Any]:
        """The alarm of a name."""
        return next(alert for alert in await self._alertmanager.alerts() if alert["labels"]["alertname"] == name)


async def has_seen_the_worker(prometheus: Prometheus) -> None:
    """Wait until it has; for its first seconds it knows no target, and takes that for nobody being there."""
    async with asyncio.timeout(60):
        seen = 'up{job="leadpulse"} == 1 unless on() ALERTS{alertname="LeadpulseDown"}'
        while not (await prometheus.ask("query", query=seen))["result"]:  # noqa: ASYNC110  # another process
            await asyncio.sleep(0.3)


async def test_a_lead_nobody_answers_and_a_killed_worker_arrive_as_alarms_and_resolve(
    kafka: str, tmp_path: Path
) -> None:
    async with Hook(signed=False) as hook, Alertmanager(tmp_path, hook.url, config=deployed(hook.url)) as alertmanager:
        seen = Seen(alertmanager)
        settings = {"RESPONSE__TARGET": "2s", "NOTIFY__ALERTMANAGER": alertmanager.url}
        async with floor(kafka, tmp_path, settings) as run:
            address = alertmanager.url.removeprefix("http://")
            workers = {"A": run.ports["A"]}  # as deployed: the notifier is a job of its own
            rules = [impatient_rules(tmp_path, PATIENCE)]
            async with Prometheus(workers, tmp_path, rules=rules, alertmanager=address) as prometheus:
                await has_seen_the_worker(prometheus)
                await write(run, [lead(run, "L-1", time.time())])
                await seen.until(lambda states: states.get("LeadBreached") == "active")
                breached = await seen.alert("LeadBreached")
                told = {"lead": "L-1", "team": "north", "severity": "critical"}
                assert breached["labels"].items() >= told.items()
                assert "waits too long" in breached["annotations"]["summary"]
                assert (await seen.states()).get("LeadWaiting") in (None, "suppressed"), "one alarm a lead"
                await write(run, [answer(run, "L-1", time.time())])
                await seen.until(lambda states: "LeadBreached" not in states)

                run.processes[0].kill()
                states = await seen.until(lambda states: states.get("LeadpulseDown") == "active")
                assert states.get("LeadpulseWorkerDown") in (None, "suppressed"), "what follows from it is silenced"
                down = await seen.alert("LeadpulseDown")
                assert down["labels"]["severity"] == "critical"
                assert down["annotations"]["runbook_url"].endswith("#leadpulsedown")
                run.start_worker("A")
                await run.wait_ready("A")
                await seen.until(lambda states: "LeadpulseDown" not in states)
