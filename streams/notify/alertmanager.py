"""Alarms as Alertmanager's API v2 takes them: `POST /api/v2/alerts`.

An alarm is known there by its labels, and is over when its end has come; one that goes on has an end in the future, and
is told again before that. An incident is one alarm at a time: when a warning becomes a breach, the alarm of the warning
ends where that of the breach begins.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from msgspec.json import encode

from processors.alarms import Alarm, Wording, alarm_of
from processors.notices import Change
from schemas.alerts import Alert
from streams.notify.messages import Message

PATH: Final = "/api/v2/alerts"
_MOST: Final = 200
"""Changes in one request."""

Posting = dict[str, Any]


class Alertmanager:
    """One Alertmanager.

    Args:
        name: What logs and numbers call it.
        base: Its address, without the path of the API.
        wording: How alarms are put into words.
        reminding: Seconds after which it is told again what is open.
        hold: Seconds after which it may take an alarm as over that it was not told of again.
    """

    def __init__(self, name: str, base: str, wording: Wording, *, reminding: float, hold: float) -> None:
        self.name, self.url = name, base.rstrip("/") + PATH
        self.gathering = 0.0
        self.reminding: float | None = reminding
        self._wording, self._hold = wording, timedelta(seconds=hold)

    def messages(self, changes: Sequence[Change], now: float) -> Iterator[Message]:
        """Yield what tells the changes."""
        time = datetime.fromtimestamp(now, UTC)
        for first in range(0, len(changes), _MOST):
            part = tuple(changes[first : first + _MOST])
            yield _message([posting for change in part for posting in self._postings(change, time)], part)

    def reminders(self, open_: Sequence[Alert], now: float) -> Iterator[Message]:
        """Yield what keeps the open alarms open."""
        time = datetime.fromtimestamp(now, UTC)
        for first in range(0, len(open_), _MOST):
            part = open_[first : first + _MOST]
            yield _message([self._going_on(alarm_of(alert, self._wording), time) for alert in part], ())

    def _postings(self, change: Change, now: datetime) -> Iterator[Posting]:
        latest = alarm_of(change.alert, self._wording)
        if not change.ends:
            yield self._going_on(latest, now)
        for step in change.shown:
            alarm = alarm_of(step, self._wording)
            if alarm.labels != latest.labels:
                yield _over(alarm, latest, now)

    def _going_on(self, alarm: Alarm, now: datetime) -> Posting:
        return _posting(alarm, alarm.summary) | {"endsAt": now + self._hold}


def _over(alarm: Alarm, latest: Alarm, now: datetime) -> Posting:
    """End an alarm when the latest one began, or at what the latest one says that it ended."""
    summary = f"now {latest.labels['alertname']}: {latest.summary}" if latest.labels else latest.summary
    return _posting(alarm, summary) | {"endsAt": max(alarm.at, min(latest.at, now))}


def _posting(alarm: Alarm, summary: str) -> Posting:
    link = {"generatorURL": alarm.link} if alarm.link else {}
    return {"labels": alarm.labels, "annotations": {"summary": summary, **alarm.notes}, "startsAt": alarm.at, **link}


def _message(postings: list[Posting], changes: tuple[Change, ...]) -> Message:
    return Message(encode(postings), {}, changes)
