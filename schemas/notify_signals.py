"""The signals about the notifier: rows of the signal table, see `schemas.signals`."""

from __future__ import annotations

from schemas.signal import RATE_INTERVAL, Signal

_RECEIVER = ("receiver",)

NOTIFIER: tuple[Signal, ...] = (
    Signal(
        name="leadpulse_notify_requests",
        kind="counter",
        help="Requests to a receiver of alarms, by outcome: delivered, refused, away or unsure",
        labels=("receiver", "outcome"),
        panel="Requests to receivers",
        description="Away and unsure are tried again. Refused is a fault of the message: it is left out, see the log.",
        query=f"sum by (receiver, outcome) (rate(leadpulse_notify_requests_total[{RATE_INTERVAL}]))",
    ),
    Signal(
        name="leadpulse_notify_alarms",
        kind="counter",
        help="Alarms by what became of them: delivered, refused, or unreadable in the topic",
        labels=("receiver", "outcome"),
        panel="Alarms told",
        description="Ends count too. Alarms that were over before a receiver could be told are not among them.",
        query=f"sum by (receiver, outcome) (rate(leadpulse_notify_alarms_total[{RATE_INTERVAL}]))",
    ),
    Signal(
        name="leadpulse_notify_request_duration_seconds",
        kind="histogram",
        help="Time of one request to a receiver",
        labels=_RECEIVER,
        unit="seconds",
        panel="Request to a receiver, p99",
        description="Grows when a receiver is slow or out of reach.",
        query="histogram_quantile(0.99, sum by (le, receiver) "
        f"(rate(leadpulse_notify_request_duration_seconds_bucket[{RATE_INTERVAL}])))",
    ),
    Signal(
        name="leadpulse_notify_queue_alarms",
        kind="gauge",
        help="Alarms and ends that wait to be told",
        labels=_RECEIVER,
        panel="Alarms waiting to be told",
        description="At `notify.queue` reading stops until the receiver takes some.",
        query="sum by (receiver) (leadpulse_notify_queue_alarms)",
    ),
    Signal(
        name="leadpulse_notify_oldest_undelivered_seconds",
        kind="gauge",
        help="Age of the oldest alert that waits to be told, 0 when none does",
        labels=_RECEIVER,
        unit="seconds",
        panel="Oldest alarm not told",
        description="The one to watch: people are not being called. Above a minute the receiver is away.",
        query="max by (receiver) (leadpulse_notify_oldest_undelivered_seconds)",
    ),
    Signal(
        name="leadpulse_notify_lag_records",
        kind="gauge",
        help="Offsets of the alerts topic that are not committed as told",
        labels=_RECEIVER,
        panel="Alerts not committed as told",
        description="Transactions take offsets too. Grows while a receiver is away or no notifier runs.",
        query="sum by (receiver) (leadpulse_notify_lag_records)",
    ),
    Signal(
        name="leadpulse_notify_open_incidents",
        kind="gauge",
        help="Incidents that a receiver was told of and that go on",
        labels=_RECEIVER,
        panel="Open incidents",
        description="What Alertmanager must be showing now, for each receiver.",
        query="sum by (receiver) (leadpulse_notify_open_incidents)",
    ),
    Signal(
        name="leadpulse_notify_ready",
        kind="gauge",
        help="Whether this notifier has joined its groups and caught up",
        panel="Notifiers ready",
        description="0 for long: the alerts topic is missing, or Kafka is.",
        query="sum(leadpulse_notify_ready)",
    ),
)
