"""Alarms as a Slack-compatible webhook takes them: signed JSON, the alarms of a team and policy in one message.

Slack reads `text` and `blocks`. Other receivers find the id of each alarm as the `block_id` of its line, and know by it
what came twice; `Idempotency-Key` names the message as a whole.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterator, Sequence
from hashlib import sha256
from typing import Any, Final

from msgspec.json import encode

from processors.alarms import Alarm, Wording, alarm_of
from processors.notices import Change
from schemas.alerts import Alert
from streams.notify.messages import Message

SIGNATURE: Final = "X-Leadpulse-Signature"
TIMESTAMP: Final = "X-Leadpulse-Timestamp"
KEY: Final = "Idempotency-Key"

_LONGEST_LINE: Final = 2500
"""Slack takes 3,000 characters a block; escaping may lengthen a text a little."""


class Webhook:
    """A webhook.

    Args:
        url: Where to; part of it may be secret.
        secret: Gives the key of the signatures, looked up for each message.
        wording: How alarms are put into words.
        gathering: Seconds to wait for more alarms before a message is sent.
        lines: Most alarms in a message.
    """

    def __init__(self, url: str, secret: Callable[[], str], wording: Wording, *, gathering: float, lines: int) -> None:
        self.name, self.url = "webhook", url
        self.gathering = gathering
        self.reminding: float | None = None
        self._secret, self._wording, self._lines = secret, wording, lines

    def messages(self, changes: Sequence[Change], now: float) -> Iterator[Message]:
        """Yield a message for each team and policy; more when there are too many lines for one."""
        groups: dict[tuple[str, str], list[tuple[Change, Alarm]]] = {}
        for change in changes:
            alarm = alarm_of(change.alert, self._wording)
            groups.setdefault(alarm.group, []).append((change, alarm))
        for told in groups.values():
            for first in range(0, len(told), self._lines):
                yield self._message(told[first : first + self._lines], now)

    def reminders(self, open_: Sequence[Alert], now: float) -> Iterator[Message]:
        """Yield nothing: what was said once in a chat stays there."""
        return iter(())

    def _message(self, told: Sequence[tuple[Change, Alarm]], now: float) -> Message:
        alarms = [alarm for _, alarm in told]
        body = encode(content(alarms))
        stamp = str(int(now))
        headers = {
            KEY: alarms[0].alert_id if len(alarms) == 1 else _digest_key(alarms),
            TIMESTAMP: stamp,
            SIGNATURE: signature(self._secret(), stamp, body),
        }
        return Message(body, headers, tuple(change for change, _ in told))


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return what proves that a body is ours and when it was sent: HMAC-SHA256 over `timestamp.body`."""
    return "sha256=" + hmac.new(secret.encode(), timestamp.encode() + b"." + body, sha256).hexdigest()


def content(alarms: Sequence[Alarm]) -> dict[str, Any]:
    """Return the JSON of a message about alarms of one group."""
    team, policy = alarms[0].group
    lines = [_line(alarm) for alarm in alarms]
    if len(alarms) == 1:
        title, text = [], lines[0]
    else:
        title = [_section(f"*{_escaped(team)}*, {_escaped(policy)}: {len(alarms)} alarms")]
        text = "\n".join([f"{_escaped(team)}, {_escaped(policy)}: {len(alarms)} alarms", *lines])
    blocks = [_section(line) | {"block_id": alarm.alert_id} for alarm, line in zip(alarms, lines, strict=True)]
    return {"text": text, "blocks": [*title, *blocks]}


def _line(alarm: Alarm) -> str:
    mark = f"*{alarm.labels['severity']}* " if alarm.labels else ""
    owner, link = _escaped(alarm.notes.get("owner", "")), alarm.link.replace(">", "%3E").replace("|", "%7C")
    who = f" (<{link}|{owner}>)" if link else f" ({owner})" if owner else ""
    return f"{mark}{_escaped(alarm.summary)[:_LONGEST_LINE]}{who}"


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def _escaped(text: str) -> str:
    """Escape what Slack reads as links and mentions."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _digest_key(alarms: Sequence[Alarm]) -> str:
    return sha256("".join(alarm.alert_id for alarm in alarms).encode()).hexdigest()[:32]
