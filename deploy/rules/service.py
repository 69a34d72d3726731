"""Alerts for those who run leadpulse: numbers are late, gone or wrong, or people are not called."""

from __future__ import annotations

from deploy.rules.recording import DEAD, LAG, READ_RATE, WHOLE, counted
from deploy.rules.terms import Alert, Terms


def service_alerts(terms: Terms) -> tuple[Alert, ...]:
    """Return the alerts about leadpulse itself; those about a whole scrape job need its name."""
    return (*_presence(terms), *_FLOW, *_TELLING, _notifier_down(terms))


def _presence(terms: Terms) -> tuple[Alert, ...]:
    workers = f'job="{terms.job}"'
    return (
        Alert(
            name="LeadpulseDown",
            # Each form with the job, so that one application mutes nothing of another.
            expr=f"absent(up{{{workers}}}) or (count by (job) (up{{{workers}}}) unless "
            f"count by (job) (up{{{workers}}} == 1))",
            lasts="2m",
            severity="critical",
            kind="service",
            summary="No worker of leadpulse answers",
            description="For 2 minutes Prometheus has reached no worker of the job ({{ $value }} missing): "
            "boards stand still, and no alarm is raised.",
            board="operations",
        ),
        Alert(
            name="LeadpulseWorkerDown",
            expr=f"up{{{workers}}} == 0",
            lasts="5m",
            severity="warning",
            kind="service",
            summary="Worker {{ $labels.instance }} does not answer",
            description="Prometheus has not reached {{ $labels.instance }} for 5 minutes (up is {{ $value }}).",
            board="operations",
        ),
    )


def _notifier_down(terms: Terms) -> Alert:
    notifiers = f'job="{terms.notify_job}"'
    return Alert(
        name="LeadpulseNotifierDown",
        expr=f"count by (job) (up{{{notifiers}}}) unless on (job) leadpulse_notify_ready{{{notifiers}}} == 1",
        lasts="2m",
        severity="critical",
        kind="service",
        summary="No notifier is at work",
        description="No `leadpulse notify` has been ready for 2 minutes ({{ $value }} missing). Alarms stay in their "
        "topic, and are told when one runs again.",
        board="alarms",
    )


_FLOW: tuple[Alert, ...] = (
    Alert(
        name="LeadpulseNotWhole",
        expr=f"{WHOLE} == 0",
        lasts="5m",
        severity="critical",
        kind="service",
        summary="Not all partitions of {{ $labels.job }} are told",
        description="Sums over the workers are not whole (whole is {{ $value }}): a partition is told by none, or by "
        "two. Boards show a gap.",
        board="operations",
    ),
    Alert(
        name="LeadpulseNotReady",
        expr="leadpulse_ready == 0",
        lasts="10m",
        severity="warning",
        kind="service",
        summary="Worker {{ $labels.instance }} does not become ready",
        description="{{ $labels.instance }} has not been ready (ready is {{ $value }}) for 10 minutes: it recovers, "
        "waits for the broker or is in a rebalance without end. /readyz says which.",
        board="operations",
    ),
    Alert(
        name="LeadpulseLag",
        expr=f"{LAG} > 60",
        lasts="5m",
        severity="warning",
        kind="service",
        summary="Numbers are {{ $value | humanizeDuration }} behind",
        description="The slowest partition of {{ $labels.job }} is {{ $value | humanizeDuration }} behind its topic. "
        "Deadlines are judged as late as that.",
        board="operations",
    ),
    Alert(
        name="LeadpulseNoProgress",
        expr=f"sum by (job) (leadpulse_consumer_lag_records) > 0 and on (job) {READ_RATE} == 0",
        lasts="5m",
        severity="critical",
        kind="service",
        summary="{{ $labels.job }} does not move: {{ $value | humanize }} records wait",
        description="{{ $value | humanize }} records wait in the topics, and none was taken for 5 minutes.",
        board="operations",
    ),
    Alert(
        name="LeadpulseBrokerAway",
        expr="max by (job) (leadpulse_broker_away_seconds) > 60",
        lasts="1m",
        severity="critical",
        kind="service",
        summary="Kafka has not answered {{ $labels.job }} for {{ $value | humanizeDuration }}",
        description="The workers wait, nothing is lost. Kafka has been away for {{ $value | humanizeDuration }}.",
        board="operations",
    ),
    Alert(
        name="LeadpulseDeadLetters",
        expr=f'{DEAD}{{reason!="processing_error"}} > 10',
        lasts="5m",
        severity="warning",
        kind="service",
        summary="{{ $value | humanize }} records set aside: {{ $labels.reason }}",
        description="In the last 15 minutes {{ $value | humanize }} records went to the dead letters because they "
        "were {{ $labels.reason }}. Their events are in no number.",
        board="operations",
    ),
    Alert(
        name="LeadpulseProcessingError",
        expr=f'{DEAD}{{reason="processing_error"}} > 0',
        lasts="0m",
        severity="critical",
        kind="service",
        summary="leadpulse failed on {{ $value | humanize }} records",
        description="In the last 15 minutes {{ $value | humanize }} records could not be processed by a defect of "
        "leadpulse; they are dead letters with the traceback in their headers.",
        board="operations",
    ),
    Alert(
        name="LeadpulseLostRecords",
        # A worker finds a loss as it starts, before it is first scraped: then there is no increase.
        expr="sum by (job, topic) (increase(leadpulse_lost_records_total[1h])) > 0 or "
        "sum by (job, topic) (leadpulse_lost_records_total unless leadpulse_lost_records_total offset 1h) > 0",
        lasts="0m",
        severity="critical",
        kind="service",
        summary="{{ $value | humanize }} records of {{ $labels.topic }} were deleted unread",
        description="Retention deleted {{ $value | humanize }} records of {{ $labels.topic }} before a worker had "
        "read them. Their events are in no number.",
        board="operations",
    ),
    Alert(
        name="LeadpulseLabelsFull",
        expr=f"sum by (job, label) (increase({counted('leadpulse_label_overflow_total', 'label')}[1h:1m])) > 0",
        lasts="15m",
        severity="info",
        kind="service",
        summary="Too many different names for {{ $labels.label }}",
        description="In the last hour {{ $value | humanize }} events had a {{ $labels.label }} beyond the cap, and "
        "were counted as `other`.",
        board="operations",
    ),
)

_TELLING: tuple[Alert, ...] = (
    Alert(
        name="LeadpulseWaitingViewStale",
        expr="max by (job) (leadpulse_waiting_view_lag_seconds) > 60",
        lasts="2m",
        severity="warning",
        kind="service",
        summary="The list of who waits in Redis is {{ $value | humanizeDuration }} old",
        description="Redis has not taken what is committed for {{ $value | humanizeDuration }}. Who reads it sees an "
        "old picture; /metrics, alarms and /waiting of the workers go on.",
        board="operations",
    ),
    Alert(
        name="LeadpulseNotifierFailing",
        expr="max by (job, receiver) (leadpulse_notify_oldest_undelivered_seconds) > 60",
        lasts="2m",
        severity="critical",
        kind="service",
        summary="Alarms do not get through to {{ $labels.receiver }}",
        description="The oldest alarm for {{ $labels.receiver }} has waited {{ $value | humanizeDuration }}. People "
        "are not called.",
        board="alarms",
    ),
)
