"""Alarms as lines of the demo's board."""

from __future__ import annotations

import pytest

from schemas.alerts import Alert
from schemas.examples import ALERTS
from streams.demo.alarms import line


def named(kind: str) -> Alert:
    return next(alert for alert in ALERTS if alert.__struct_config__.tag == kind)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("warned", "L-20417 north: 60 s left"),
        ("breached", "L-20417 north: nobody in time"),
        ("escalated", "L-20417 north: step 1"),
        ("answered_late", "L-20417 north: 420 s late"),
        ("resolved", "L-20417 north: answered"),
    ],
)
def test_an_alarm_about_a_lead_says_who_and_what(kind: str, said: str) -> None:
    assert said in line(named(kind)).plain


def test_a_silent_source_says_how_many_leads_are_missed() -> None:
    assert "leads should have come" in line(named("source_silent")).plain


@pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: str(alert.__struct_config__.tag))
def test_every_kind_of_alert_has_a_line_with_its_time(alert: Alert) -> None:
    assert line(alert).plain.startswith(f"{alert.at:%H:%M:%S} ")
