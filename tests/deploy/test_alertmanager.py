"""Alertmanager's configuration: who is told of what, what is silenced by what, and how it reads on a phone."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml

from processors.alarms import Wording, alarm_of
from schemas.alerts import Alert
from streams.settings import Settings
from tests.processors.alerts import BEGAN, Wait, silent

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/alertmanager"
CONFIG = yaml.safe_load((FOLDER / "alertmanager.yaml").read_text(encoding="utf-8"))
Amtool = Callable[..., str]
_SEVERITIES = Settings().notify
WORDING = Wording(
    "leadpulse",
    {
        "warned": _SEVERITIES.severity_warned,
        "breached": _SEVERITIES.severity_breached,
        "escalated": _SEVERITIES.severity_escalated,
        "source_silent": _SEVERITIES.severity_silent,
    },
    UTC,
)


@pytest.fixture
def amtool() -> Amtool:
    """Alertmanager's own tool; CI has one, see `.ci/run`."""
    program = shutil.which("amtool")
    if program is None:
        pytest.skip("amtool is not installed; on Debian it is in the package prometheus-alertmanager")

    def run(*arguments: str) -> str:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False, cwd=FOLDER)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    return run


def test_alertmanager_takes_the_configuration(amtool: Amtool) -> None:
    assert "SUCCESS" in amtool("check-config", "alertmanager.yaml")


@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        (["alertname=LeadpulseResponseBurnFast", "kind=business", "severity=critical"], "sales-floor"),
        (["alertname=LeadpulseSourceSilent", "kind=business", "severity=warning"], "sales-floor"),
        (["alertname=LeadpulseDown", "kind=service", "severity=critical"], "on-call"),
        (["alertname=LeadpulseLabelsFull", "kind=service", "severity=info"], "on-call"),
        (["alertname=SomethingElse"], "on-call"),
    ],
)
def test_an_alarm_goes_to_who_can_do_something(amtool: Amtool, labels: list[str], receiver: str) -> None:
    assert _receiver(amtool, labels) == receiver


def _receiver(amtool: Amtool, labels: list[str]) -> str:
    return amtool("config", "routes", "test", "--config.file=alertmanager.yaml", *labels)


@pytest.mark.parametrize(
    "alert", [Wait().warned(), Wait().breached(), Wait().escalated(), silent()], ids=lambda alert: type(alert).__name__
)
def test_what_the_notifier_tells_goes_to_the_sales_floor(amtool: Amtool, alert: Alert) -> None:
    labels = alarm_of(alert, WORDING).labels
    assert _receiver(amtool, [f"{name}={value}" for name, value in labels.items()]) == "sales-floor"


def test_one_silence_is_told_once_by_the_notifier_where_there_is_one() -> None:
    (rule,) = [rule for rule in CONFIG["inhibit_rules"] if 'alertname="SourceSilent"' in rule["source_matchers"]]
    assert rule["target_matchers"] == ['alertname="LeadpulseSourceSilent"']
    assert rule["equal"] == ["source"]


def test_waiting_leads_come_as_one_message_for_a_team_and_a_policy() -> None:
    leads = next(route for route in CONFIG["route"]["routes"] if route["matchers"] == ['lead!=""'])
    assert leads["group_by"] == ["team", "policy"]


def test_a_warning_about_a_lead_calls_nobody_at_night_and_a_breach_does() -> None:
    leads = next(route for route in CONFIG["route"]["routes"] if route["matchers"] == ['lead!=""'])
    (quiet,) = leads["routes"]
    assert quiet["matchers"] == ['severity="warning"']
    assert quiet["mute_time_intervals"] == ["nights", "weekends"]
    assert "mute_time_intervals" not in leads


def _alert(status: str, summary: str, **labels: str) -> dict[str, Any]:
    return {
        "status": status,
        "labels": labels,
        "annotations": {"summary": summary, "owner": "ann"},
        "generatorURL": "https://crm/L",
        "startsAt": "2026-03-02T09:00:00Z",
        "endsAt": "0001-01-01T00:00:00Z" if status == "firing" else "2026-03-02T09:10:00Z",
    }


def _rendered(amtool: Amtool, tmp_path: Path, template: str, alerts: list[dict[str, Any]]) -> str:
    common = dict(set.intersection(*(set(alert["labels"].items()) for alert in alerts)))
    data = {"receiver": "r", "status": "firing", "alerts": alerts, "groupLabels": {}, "commonLabels": common}
    file = tmp_path / "data.json"
    file.write_text(json.dumps(data), encoding="utf-8")
    text = f'{{{{ template "{template}" . }}}}'
    return amtool(
        "template",
        "render",
        "--template.glob=templates/*.tmpl",
        f"--template.text={text}",
        f"--template.data={file}",
    )


def test_twenty_waiting_leads_are_twenty_lines(amtool: Amtool, tmp_path: Path) -> None:
    common = {"alertname": "LeadBreached", "team": "north", "policy": "hot"}
    alerts = [_alert("firing", f"L-{n} waits too long", lead=f"L-{n}", **common) for n in range(20)]
    lines = _rendered(amtool, tmp_path, "leadpulse.text", alerts).splitlines()
    assert lines == [f"L-{n} waits too long · ann · https://crm/L" for n in range(20)]
    assert _rendered(amtool, tmp_path, "leadpulse.title", alerts) == "20 LeadBreached, north (hot)"


def test_the_readme_shows_an_alarm_as_it_reads(amtool: Amtool, tmp_path: Path) -> None:
    crm = "https://crm.example/leads"
    waits = [
        Wait("L-2041", link=f"{crm}/L-2041"),
        Wait("L-2057", at=BEGAN + timedelta(minutes=2), owner="", link=f"{crm}/L-2057"),
    ]
    alarms = [alarm_of(wait.breached(), WORDING) for wait in waits]
    alerts = [
        _alert("firing", alarm.summary, **alarm.labels)
        | {"annotations": {"summary": alarm.summary, **alarm.notes}, "generatorURL": alarm.link}
        for alarm in alarms
    ]
    told = [_rendered(amtool, tmp_path, f"leadpulse.{part}", alerts) for part in ("title", "text")]
    assert "```\n" + "\n".join(told) + "\n```" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_more_than_twenty_are_cut_and_say_so(amtool: Amtool, tmp_path: Path) -> None:
    alerts = [_alert("firing", f"L-{n}", alertname="LeadBreached", lead=f"L-{n}") for n in range(23)]
    lines = _rendered(amtool, tmp_path, "leadpulse.text", alerts).splitlines()
    assert len(lines) == 21
    assert lines[-1] == "… and more: see the board."


def test_an_alarm_of_prometheus_leads_to_board_and_runbook_and_not_to_its_query(amtool: Amtool, tmp_path: Path) -> None:
    alert = _alert("firing", "Numbers are old", alertname="LeadpulseLag", job="leadpulse")
    alert["annotations"] = {
        "summary": "Numbers are old",
        "dashboard_url": "https://boards/d/x",
        "runbook_url": "https://rb",
    }
    line = _rendered(amtool, tmp_path, "leadpulse.text", [alert])
    assert line == "Numbers are old · https://boards/d/x · https://rb"


def test_what_is_over_says_so(amtool: Amtool, tmp_path: Path) -> None:
    alerts = [_alert("resolved", "L-1 waits too long", alertname="LeadBreached", lead="L-1", team="north")]
    assert _rendered(amtool, tmp_path, "leadpulse.text", alerts) == "over: L-1 waits too long · ann · https://crm/L"
    assert _rendered(amtool, tmp_path, "leadpulse.title", alerts).startswith("Over: lead LeadBreached")
