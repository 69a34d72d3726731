"""What leadpulse called out last, read from the topic of the alerts and put into lines."""

from __future__ import annotations

from collections import deque
from typing import Any

from kafka import KafkaConsumer, TopicPartition
from rich.text import Text

from schemas.alerts import (
    Alert,
    AnsweredLate,
    Breached,
    Escalated,
    LeadAlert,
    Resolved,
    SourceResumed,
    SourceSilent,
    Warned,
)
from schemas.codec import ALERT_DECODER, UNREADABLE

KEPT = 12
_AT_ONCE = 500


class AlarmFeed:
    """The last alarms, newest first.

    Args:
        brokers: Where Kafka is.
        topic: The alerts topic; it exists.
    """

    def __init__(self, brokers: str, topic: str) -> None:
        self._consumer: Any = KafkaConsumer(bootstrap_servers=brokers, isolation_level="read_committed")
        partitions = [TopicPartition(topic, number) for number in self._consumer.partitions_for_topic(topic) or ()]
        self._consumer.assign(partitions)
        self._consumer.seek_to_end(*partitions)
        self._lines: deque[Text] = deque(maxlen=KEPT)

    def look(self) -> tuple[Text, ...]:
        """Return the lines of the last alarms, after reading what is new."""
        for records in self._consumer.poll(timeout_ms=0, max_records=_AT_ONCE).values():
            for record in records:
                try:
                    self._lines.appendleft(line(ALERT_DECODER.decode(record.value)))
                except UNREADABLE:  # somebody else's record
                    continue
        return tuple(self._lines)

    def close(self) -> None:
        """End it."""
        self._consumer.close()


def line(alert: Alert) -> Text:
    """Put an alert into a line."""
    style, word, about = _words(alert)
    return Text.assemble(f"{alert.at:%H:%M:%S} ", (f"{word:<9}", style), f" {about}")


def _words(alert: Alert) -> tuple[str, str, str]:
    """Return a style, what it is, and what of."""
    match alert:
        case SourceSilent():
            words = "bold magenta", "silent", f"{alert.source}: {alert.expected_arrivals:.0f} leads should have come"
        case SourceResumed():
            words = "green", "back", alert.source
        case Warned():
            left = (alert.deadline - alert.at).total_seconds()
            words = "yellow", "warning", f"{_who(alert)}: {left:.0f} s left"
        case Breached():
            words = "bold red", "breach", f"{_who(alert)}: nobody in time"
        case Escalated():
            words = "bold red", "escalated", f"{_who(alert)}: step {alert.step}"
        case AnsweredLate():
            late = (alert.answered_at - alert.deadline).total_seconds()
            words = "cyan", "answered", f"{_who(alert)}: {late:.0f} s late"
        case Resolved():
            words = "green", "over", f"{_who(alert)}: {alert.reason}"
    return words


def _who(alert: LeadAlert) -> str:
    return f"{alert.lead_id} {alert.team or 'unassigned'}"
