"""The rules of Prometheus: each alert just before and at the end of its patience, its words, and its runbook entry."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec import structs

from deploy.generated import rule_terms_of
from deploy.rules.__main__ import main
from deploy.rules.business import business_alerts
from deploy.rules.documents import FILE, rule_groups
from deploy.rules.recording import RECORDINGS
from deploy.rules.service import service_alerts
from deploy.rules.terms import Alert, Places, Terms
from processors.alarms import BEGINNINGS
from streams.settings import Settings
from streams.settings.durations import Duration
from streams.settings.promises import Promise, Sla
from tests.deploy.rule_cases import CASES, OTHER_CASES, Case
from tests.streams.exposition.promtool import Promtool

ROOT = Path(__file__).parents[2]
TERMS = rule_terms_of(Settings())
ALERTS = {alert.name: alert for alert in (*business_alerts(TERMS), *service_alerts(TERMS))}


def _minutes(lasts: str) -> int:
    return int(lasts.removesuffix("m").replace("h", "")) * (60 if lasts.endswith("h") else 1)


def _expected(alert: Alert, case: Case) -> dict[str, Any]:
    places = TERMS.places
    return {
        "exp_labels": {**case.labels, "severity": alert.severity, "kind": alert.kind},
        "exp_annotations": {
            "summary": case.summary,
            "description": case.description,
            "runbook_url": f"{places.runbook}#{alert.name.lower()}",
            "dashboard_url": f"{places.grafana}/d/leadpulse-{alert.board}",
        },
    }


def _tested(alert: Alert, case: Case, promtool: Promtool) -> str:
    """Return what promtool has to complain about an alert's case; empty for nothing."""
    fires = case.holds_at + _minutes(alert.lasts)
    times = {f"{fires - 1}m": [], f"{fires}m": [_expected(alert, case)]}
    checks = [{"alertname": alert.name, "eval_time": at, "exp_alerts": alerts} for at, alerts in times.items()]
    inputs = [{"series": name, "values": values} for name, values in case.series.items()]
    test = {
        "rule_files": [str(ROOT / FILE)],
        "evaluation_interval": f"{case.step}m",
        "group_eval_order": ["leadpulse.rules", "leadpulse.business", "leadpulse.service"],
        "tests": [{"interval": f"{case.step}m", "input_series": inputs, "alert_rule_test": checks}],
    }
    return promtool.disagrees(test)


@pytest.mark.thorough
@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_is_silent_just_before_its_patience_ends_and_then_says_what_is_wrong(
    name: str, promtool: Promtool
) -> None:
    assert _tested(ALERTS[name], CASES[name], promtool) == ""


@pytest.mark.thorough
@pytest.mark.parametrize("name", OTHER_CASES)
def test_it_is_so_under_other_circumstances(name: str, promtool: Promtool) -> None:
    assert _tested(ALERTS[name.partition(":")[0]], OTHER_CASES[name], promtool) == ""


def test_a_partition_that_comes_back_has_not_had_its_dead_letters_twice(promtool: Promtool) -> None:
    """It goes from w1 to w2 and back; six records were set aside meanwhile."""
    dead = 'leadpulse_dead_letters_total{job="leadpulse", partition="0", reason="invalid", instance='
    series = {dead + '"w1"}': "100x20 stale _x8 106x20", dead + '"w2"}': "_x21 100x1 106x6 stale"}
    case = structs.replace(CASES["LeadpulseDeadLetters"], series=series, holds_at=22)
    said = _tested(ALERTS["LeadpulseDeadLetters"], case, promtool)
    assert "got:[]" in said, "not more than ten"


def test_a_case_that_expects_other_words_fails(promtool: Promtool) -> None:
    case = CASES["LeadpulseLag"]
    wrong = Case(**{f: getattr(case, f) for f in case.__struct_fields__} | {"summary": "Numbers are fine"})
    assert "Numbers are fine" in _tested(ALERTS["LeadpulseLag"], wrong, promtool)


def test_every_alert_has_a_case_and_every_case_an_alert() -> None:
    assert set(CASES) == set(ALERTS)


def test_prometheus_takes_the_file(promtool: Promtool) -> None:
    assert promtool.refuses(yaml.safe_load((ROOT / FILE).read_text(encoding="utf-8"))) == ""


def test_every_recording_rule_is_named_by_level_metric_and_operations() -> None:
    names = [rule.record for rule in RECORDINGS]
    assert [name for name in names if not re.fullmatch(r"[a-z_]+:leadpulse_[a-z_]+:[a-z0-9_]+", name)] == []
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("alert", ALERTS.values(), ids=lambda alert: alert.name)
def test_an_alert_has_the_number_in_its_words(alert: Alert) -> None:
    assert "$value" in alert.summary + alert.description or "query" in alert.description


def test_the_runbook_says_of_every_alarm_what_it_means_what_to_look_at_and_what_to_do() -> None:
    text = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
    entries = dict(re.findall(r"^## (\w+)\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(entries) == {*ALERTS, *BEGINNINGS.values()}
    for entry in entries.values():
        assert re.findall(r"^- \*\*(.+?)\*\* ", entry, re.MULTILINE) == ["Means.", "Look at.", "Do."]


def test_a_link_leads_where_its_owner_says() -> None:
    terms = Terms(
        longest_wait=3600, windows=TERMS.windows, places=Places(runbook="https://wiki/rb", grafana="https://boards")
    )
    groups = rule_groups(terms)["groups"]
    annotations = [rule["annotations"] for group in groups for rule in group["rules"] if "alert" in rule]
    assert all(a["runbook_url"].startswith("https://wiki/rb#") for a in annotations)
    assert all(a["dashboard_url"].startswith("https://boards/d/leadpulse-") for a in annotations)


def test_the_command_prints_the_rules_with_the_addresses_that_are_given(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["--runbook", "https://wiki/rb", "--grafana", "https://boards/", "--job", "two", "--notify-job", "tell"]
    monkeypatch.setattr("sys.argv", ["rules", *given])
    main()
    printed = yaml.safe_load(capsys.readouterr().out)
    places = Places(runbook="https://wiki/rb", grafana="https://boards")
    assert printed == rule_groups(structs.replace(rule_terms_of(Settings(), places), job="two", notify_job="tell"))


def test_the_rules_look_at_windows_by_their_length_and_say_which_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    config = tmp_path / "leadpulse.toml"
    monkeypatch.setattr("sys.argv", ["rules", "--config", str(config)])
    config.write_text('[windows]\nrolling = ["15m", "60m", "1d", "7d", "90d"]\n')
    main()
    printed = capsys.readouterr().out
    assert 'window="1d"' in printed
    assert 'window="24h"' not in printed
    config.write_text('[windows]\nrolling = ["15m", "1h", "7d", "90d"]\n')
    with pytest.raises(SystemExit, match="2"):
        main()
    assert "the rules need a window of 1440 minutes" in capsys.readouterr().err


def test_a_wait_is_too_long_at_four_times_the_longest_promise() -> None:
    policies = (
        Promise(name="hot", first_contact=Duration("15m")),
        Promise(name="cold", first_contact=Duration("8h")),
    )
    assert rule_terms_of(Settings(sla=Sla(policies=policies))).longest_wait == 32 * 3600
    assert rule_terms_of(Settings()).longest_wait == 3600
