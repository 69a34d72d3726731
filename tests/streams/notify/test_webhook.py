"""What a webhook is told, and how it knows that it was us."""

from __future__ import annotations

import hmac
from datetime import UTC
from hashlib import sha256
from typing import Any

from msgspec.json import decode

from processors.alarms import Wording
from processors.notices import Change
from schemas.alerts import Alert
from streams.notify.messages import Message
from streams.notify.webhook import KEY, SIGNATURE, TIMESTAMP, Webhook
from tests.processors.alerts import Wait, silent

WORDING = Wording(
    "leadpulse", {"warned": "warning", "breached": "critical", "escalated": "page", "source_silent": "warning"}, UTC
)
NOW = 1_772_440_000.9


def told(*alerts: Alert, lines: int = 20, key: str = "key") -> list[Message]:
    hook = Webhook("http://hook", lambda: key, WORDING, gathering=2, lines=lines)
    return list(hook.messages([Change(alert, ()) for alert in alerts], NOW))


def body(message: Message) -> dict[str, Any]:
    found: dict[str, Any] = decode(message.body)
    return found


def test_one_alarm_is_one_line_with_its_severity_its_owner_and_a_link() -> None:
    alert = Wait().breached()
    (message,) = told(alert)
    line = (
        "*critical* L-1 waits too long: first contact was due Mon 08:20, waits since Mon 08:15 "
        "(<http://127.0.0.1:9464/leads/L-1|ann>)"
    )
    block = {"type": "section", "text": {"type": "mrkdwn", "text": line}, "block_id": alert.alert_id}
    assert body(message) == {"text": line, "blocks": [block]}
    assert message.headers[KEY] == alert.alert_id


def test_an_end_has_no_severity_and_an_alarm_without_a_link_names_the_owner_only() -> None:
    (message,) = told(Wait(link="").answered_late())
    assert body(message)["text"] == "L-1 was answered Mon 08:27, 7 min after its deadline (ann)"


def test_silent_sources_are_a_message_of_their_own_without_an_owner() -> None:
    lead, sources = told(Wait().breached(), silent("a"), silent("b"))
    assert len(lead.changes) == 1
    title, *lines = body(sources)["text"].splitlines()
    assert title == "sources, silence: 2 alarms"
    assert lines[0] == "*warning* a is silent since Mon 08:15, for 25 min: 9.2 leads expected"


def test_twenty_alarms_of_a_team_and_policy_are_one_message_with_twenty_lines() -> None:
    alerts = [Wait(f"L-{number}").breached() for number in range(20)]
    (message,) = told(*alerts)
    title, *lines = body(message)["text"].splitlines()
    assert title == "north, hot: 20 alarms"
    assert len(lines) == 20
    assert [block["block_id"] for block in body(message)["blocks"][1:]] == [alert.alert_id for alert in alerts]
    assert len(message.changes) == 20


def test_more_lines_than_fit_are_several_messages() -> None:
    messages = told(*(Wait(f"L-{number}").breached() for number in range(45)))
    assert [len(message.changes) for message in messages] == [20, 20, 5]


def test_other_teams_and_policies_have_messages_of_their_own() -> None:
    a, b, c, d = (w.breached() for w in (Wait("A"), Wait("B", team="south"), Wait("C", policy="cold"), Wait("D")))
    assert [[change.alert for change in message.changes] for message in told(a, b, c, d)] == [[a, d], [b], [c]]


def test_the_same_message_has_the_same_key_and_another_one_another() -> None:
    one, two, three = (Wait(lead).breached() for lead in "ABC")
    key = told(one, two)[0].headers[KEY]
    assert told(one, two)[0].headers[KEY] == key
    assert key not in {told(*alerts)[0].headers[KEY] for alerts in ((one,), (two,), (one, three), (one, two, three))}


def test_the_signature_is_over_the_time_and_the_body() -> None:
    (message,) = told(Wait().breached(), key="geheim ü")
    assert message.headers[TIMESTAMP] == "1772440000"
    expected = hmac.new("geheim ü".encode(), b"1772440000." + message.body, sha256).hexdigest()
    assert message.headers[SIGNATURE] == f"sha256={expected}"


def test_what_slack_would_read_as_a_mention_is_escaped() -> None:
    wait = Wait("<!channel>", owner="<@U1>", team="a&b", link="http://crm/?a=1|2>3")
    text = body(told(wait.breached(), Wait("x", team="a&b").breached())[0])["text"]
    assert "<!" not in text and "<@" not in text
    assert text.startswith("a&amp;b, hot: 2 alarms\n*critical* &lt;!channel&gt; waits")
    assert "(<http://crm/?a=1%7C2%3E3|&lt;@U1&gt;>)" in text


def test_nothing_is_said_again() -> None:
    hook = Webhook("http://hook", lambda: "key", WORDING, gathering=2, lines=20)
    assert hook.reminding is None
    assert list(hook.reminders([Wait().breached()], NOW)) == []
