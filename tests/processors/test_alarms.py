"""How an alert is told to people."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import get_args
from zoneinfo import ZoneInfo

import pytest

from processors.alarms import BEGINNINGS, Wording, alarm_of, is_end, span
from schemas.alerts import Alert, AnsweredLate, Resolved, SourceResumed
from tests.processors.alerts import Wait, resumed, silent

SEVERITIES = {"warned": "warning", "breached": "critical", "escalated": "page", "source_silent": "warning"}
WORDING = Wording("leadpulse", SEVERITIES, UTC)
WAIT = Wait()


def test_every_kind_of_alert_begins_an_alarm_or_ends_one() -> None:
    assert set(get_args(Alert)) == {*BEGINNINGS, AnsweredLate, Resolved, SourceResumed}


def test_the_labels_say_which_alarm_it_is() -> None:
    common = {
        "app": "leadpulse",
        "team": "north",
        "policy": "hot",
        "obligation": "first_contact",
        "source": "web",
        "lead": "L-1",
    }
    warned, breached = alarm_of(WAIT.warned(), WORDING), alarm_of(WAIT.breached(), WORDING)
    assert warned.labels == {"alertname": "LeadWaiting", "severity": "warning"} | common
    assert breached.labels == {"alertname": "LeadBreached", "severity": "critical"} | common
    escalated = alarm_of(WAIT.escalated(2), WORDING)
    assert escalated.labels == {"alertname": "LeadEscalated", "severity": "page", "step": "2"} | common


def test_two_steps_of_an_escalation_are_two_alarms() -> None:
    assert alarm_of(WAIT.escalated(1), WORDING).labels != alarm_of(WAIT.escalated(2), WORDING).labels


def test_an_end_has_no_labels_of_its_own() -> None:
    for end in (WAIT.answered_late(), WAIT.resolved()):
        assert is_end(end)
        assert alarm_of(end, WORDING).labels == {}


def test_what_is_missing_has_the_names_of_the_metrics() -> None:
    alarm = alarm_of(Wait(team="", source="", owner="").breached(), WORDING)
    assert (alarm.labels["team"], alarm.labels["source"], alarm.notes["owner"]) == ("unassigned", "unknown", "nobody")
    assert alarm.group == ("unassigned", "hot")


@pytest.mark.parametrize(
    ("alert", "summary"),
    [
        (WAIT.warned(), "L-1 waits since Mon 09:15: first contact due Mon 09:20"),
        (WAIT.breached(), "L-1 waits too long: first contact was due Mon 09:20, waits since Mon 09:15"),
        (
            WAIT.escalated(1),
            "L-1 still waits, escalation 1: first contact was due Mon 09:20, waits since Mon 09:15",
        ),
        (WAIT.answered_late(72), "L-1 was answered Mon 10:27, 1 h 7 min after its deadline"),
        (WAIT.resolved(), "L-1: answered in time (first contact was due Mon 09:20)"),
        (WAIT.resolved("merged"), "L-1: merged into another lead (first contact was due Mon 09:20)"),
        (Wait(obligation="next_response").warned(), "L-1 waits since Mon 09:15: answer due Mon 09:20"),
    ],
)
def test_the_summary_is_a_line_for_a_telephone_in_the_zone_of_the_business(alert: Alert, summary: str) -> None:
    assert alarm_of(alert, Wording("x", WORDING.severities, ZoneInfo("Europe/Amsterdam"))).summary == summary


def test_the_notes_hold_the_deadline_and_the_three_clocks() -> None:
    assert alarm_of(Wait(closed_seconds=7200.0).breached(), WORDING).notes == {
        "owner": "ann",
        "began_at": "2026-03-02T08:15:00+00:00",
        "deadline": "2026-03-02T08:20:00+00:00",
        "clock": "business",
        "routing": "1 min",
        "human": "3 min",
        "closed": "2 h 0 min",
    }


def test_a_silent_source_is_an_alarm_of_the_source_and_of_no_lead() -> None:
    alarm = alarm_of(silent(), WORDING)
    assert alarm.labels == {"alertname": "SourceSilent", "app": "leadpulse", "severity": "warning", "source": "web"}
    assert alarm.summary == "web is silent since Mon 08:15, for 25 min: 9.2 leads expected"
    assert alarm.notes == {"last_arrival_at": "2026-03-02T08:15:00+00:00", "chance": "0.0004"}
    assert (alarm.group, alarm.link) == (("sources", "silence"), "")


@pytest.mark.parametrize(
    ("reason", "summary"),
    [
        ("arrived", "web sends again: its last lead before was Mon 08:15"),
        (
            "given_up",
            "web is silent for so long that it is taken to be gone: its last lead before was Mon 08:15",
        ),
    ],
)
def test_the_end_of_a_silence_says_how_it_ended(reason: str, summary: str) -> None:
    assert is_end(resumed(reason))
    alarm = alarm_of(resumed(reason), WORDING)
    assert (alarm.labels, alarm.summary) == ({}, summary)


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (timedelta(seconds=-5), "0 s"),
        (timedelta(seconds=59.9), "59 s"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(hours=1, minutes=5), "1 h 5 min"),
        (timedelta(days=3, hours=4, minutes=9), "3 d 4 h"),
    ],
)
def test_a_span_has_its_two_largest_units(time: timedelta, text: str) -> None:
    assert span(time.total_seconds()) == text
