"""All rules as the file that Prometheus loads."""

from __future__ import annotations

from typing import Any

import yaml

from deploy.rules.business import business_alerts
from deploy.rules.recording import RECORDINGS
from deploy.rules.service import service_alerts
from deploy.rules.terms import Alert, Terms

FILE = "deploy/prometheus/rules/leadpulse.yaml"
_HEAD = "# Generated from deploy/rules/: change it there and run `make generate`.\n"


def rule_groups(terms: Terms) -> dict[str, Any]:
    """Return the content of a rule file."""
    groups: dict[str, list[dict[str, Any]]] = {
        "leadpulse.rules": [{"record": rule.record, "expr": rule.expr} for rule in RECORDINGS],
        "leadpulse.business": [_alert(alert, terms) for alert in business_alerts(terms)],
        "leadpulse.service": [_alert(alert, terms) for alert in service_alerts(terms)],
    }
    return {"groups": [{"name": name, "rules": rules} for name, rules in groups.items()]}


def rule_documents(terms: Terms) -> dict[str, str]:
    """Return the rule file: path below the root -> YAML."""
    body = yaml.safe_dump(rule_groups(terms), sort_keys=False, width=120, allow_unicode=True)
    return {FILE: _HEAD + body}


def _alert(alert: Alert, terms: Terms) -> dict[str, Any]:
    places = terms.places
    return {
        "alert": alert.name,
        "expr": alert.expr,
        "for": alert.lasts,
        "labels": {"severity": alert.severity, "kind": alert.kind},
        "annotations": {
            "summary": alert.summary,
            "description": alert.description,
            "runbook_url": f"{places.runbook}#{alert.name.lower()}",
            "dashboard_url": f"{places.grafana}/d/leadpulse-{alert.board}",
        },
    }
