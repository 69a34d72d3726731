"""What Alertmanager is told, posting by posting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.json import decode

from processors.alarms import Wording
from processors.notices import Change
from streams.notify.alertmanager import Alertmanager
from streams.notify.messages import Message
from tests.processors.alerts import DEADLINE, Wait, resumed, silent

WORDING = Wording(
    "leadpulse", {"warned": "warning", "breached": "critical", "escalated": "page", "source_silent": "warning"}, UTC
)
NOW = DEADLINE + timedelta(minutes=1)
WAIT = Wait()


def manager() -> Alertmanager:
    return Alertmanager("alertmanager/a", "http://a:9093/base/", WORDING, reminding=60, hold=900)


def postings(message: Message) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = decode(message.body)
    return found


def told(*changes: Change, now: datetime = NOW) -> list[dict[str, Any]]:
    (message,) = manager().messages(changes, now.timestamp())
    assert message.changes == changes
    return postings(message)


def span(posting: dict[str, Any]) -> tuple[datetime, datetime]:
    return datetime.fromisoformat(posting["startsAt"]), datetime.fromisoformat(posting["endsAt"])


def test_the_path_of_the_api_comes_after_the_path_of_the_address() -> None:
    assert manager().url == "http://a:9093/base/api/v2/alerts"


def test_an_alarm_that_goes_on_ends_in_the_future() -> None:
    (posting,) = told(Change(WAIT.breached(), ()))
    assert posting["labels"]["alertname"] == "LeadBreached"
    assert posting["annotations"]["summary"].startswith("L-1 waits too long")
    assert posting["annotations"]["deadline"] == "2026-03-02T08:20:00+00:00"
    assert posting["generatorURL"] == "http://127.0.0.1:9464/leads/L-1"
    assert span(posting) == (DEADLINE, NOW + timedelta(minutes=15))


def test_an_alarm_without_a_link_has_none() -> None:
    (posting,) = told(Change(Wait(link="").breached(), ()))
    assert "generatorURL" not in posting


def test_a_warning_ends_where_its_breach_begins() -> None:
    breach, warning = told(Change(WAIT.breached(), (WAIT.warned(),)))
    assert breach["labels"]["severity"] == "critical"
    assert warning["labels"]["severity"] == "warning"
    assert warning["annotations"]["summary"].startswith("now LeadBreached: L-1 waits too long")
    assert span(warning) == (WAIT.warned().at, DEADLINE)


def test_an_alarm_that_may_have_arrived_is_told_once_more_and_not_ended() -> None:
    (posting,) = told(Change(WAIT.breached(), (WAIT.breached(),)))
    assert span(posting)[1] > NOW


def test_an_answer_ends_every_alarm_that_is_known_there() -> None:
    end = WAIT.answered_late(5.5)
    first, second = told(Change(end, (WAIT.warned(), WAIT.breached())))
    assert [posting["labels"]["alertname"] for posting in (first, second)] == ["LeadWaiting", "LeadBreached"]
    assert (
        first["annotations"]["summary"]
        == second["annotations"]["summary"]
        == ("L-1 was answered Mon 08:20, 30 s after its deadline")
    )
    assert span(second) == (DEADLINE, end.at)


def test_the_silence_of_a_source_begins_and_ends() -> None:
    (begun,) = told(Change(silent(), ()), now=silent().at)
    assert begun["labels"]["source"] == "web"
    (over,) = told(Change(resumed(), (silent(),)), now=resumed().at)
    assert over["labels"] == begun["labels"]
    assert span(over) == (silent().at, resumed().at)
    assert over["annotations"]["summary"].startswith("web sends again")


def test_an_end_lies_neither_in_the_future_nor_before_the_beginning() -> None:
    (late,) = told(Change(WAIT.answered_late(60), (WAIT.breached(),)))
    assert span(late)[1] == NOW
    (early,) = told(Change(WAIT.resolved("superseded", 1), (WAIT.breached(),)))
    assert span(early)[1] == DEADLINE


def test_many_changes_go_in_several_requests_and_each_in_one() -> None:
    changes = [Change(Wait(f"L-{number}").breached(), ()) for number in range(450)]
    messages = list(manager().messages(changes, NOW.timestamp()))
    assert [len(postings(message)) for message in messages] == [200, 200, 50]
    assert [change for message in messages for change in message.changes] == changes


def test_reminders_tell_what_is_open_and_no_change() -> None:
    alerts = [Wait(f"L-{number}").warned() for number in range(201)]
    first, second = manager().reminders(alerts, NOW.timestamp())
    assert (len(postings(first)), len(postings(second))) == (200, 1)
    assert first.changes == second.changes == ()
    assert span(postings(second)[0])[1] == NOW + timedelta(minutes=15)
    assert list(manager().reminders([], NOW.timestamp())) == []
