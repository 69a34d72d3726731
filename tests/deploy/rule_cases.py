"""For every alert: numbers under which it holds from a minute on, and what it then says."""

from __future__ import annotations

from msgspec import Struct, structs

W = 'job="leadpulse", instance="w1:9464"'
N = 'job="leadpulse-notify", instance="n1:9465"'
WHOLE = {f'leadpulse_partition_ready{{{W}, partition="0"}}': "1x1000", f"leadpulse_partitions{{{W}}}": "1x1000"}


class Case(Struct, frozen=True, kw_only=True):
    """One alert's test.

    Attributes:
        series: Series -> values, one a step, in promtool's notation.
        step: Minutes between two values, and between two looks at the rules.
        holds_at: Minute from which on the alert's query gives a sample.
        labels: Labels of the alert beside its name, severity and kind.
        summary: What it says. `description`: likewise.
    """

    series: dict[str, str]
    holds_at: int
    labels: dict[str, str]
    summary: str
    description: str
    step: int = 1

    def but(self, series: dict[str, str]) -> Case:
        """Return the same with other numbers."""
        return structs.replace(self, series=series)


def _promises(window: str, met: str, breached: str) -> dict[str, str]:
    name = f'leadpulse_promised_leads{{{W}, team="north", policy="hot", obligation="first_contact", window="{window}"'
    return {f'{name}, result="met"}}': met, f'{name}, result="breached"}}': breached}


def _closed(window: str, won: int, lost: int) -> dict[str, str]:
    name = f'leadpulse_closed_leads{{{W}, source="web", team="north", window="{window}"'
    return {f'{name}, outcome="won"}}': f"{won}x9999", f'{name}, outcome="lost"}}': f"{lost}x9999"}


_TEAM = {"job": "leadpulse", "team": "north", "policy": "hot"}
_JOB = {"job": "leadpulse"}
_WEEK = 7 * 24 * 60

CASES: dict[str, Case] = {
    "LeadpulseResponseBurnFast": Case(
        series={**WHOLE, **_promises("1h", "8x9 4x99", "4x9 12x99"), **_promises("15m", "4x9 1x99", "1x9 4x99")},
        holds_at=10,
        labels={**_TEAM, "window": "1h"},
        summary="north breaks 75% of its promises (hot)",
        description="75% of the leads whose first contact was due in the last hour were not reached in time, and it "
        "goes on; the objective is that 90% are.",
    ),
    "LeadpulseResponseBurnSlow": Case(
        series={**WHOLE, **_promises("24h", "90x9 60x99", "10x9 20x99"), **_promises("1h", "9x99", "3x99")},
        holds_at=10,
        labels={**_TEAM, "window": "24h"},
        summary="north broke 25% of a day's promises (hot)",
        description="25% of the leads whose first contact was due in the last 24 hours were not reached in time, and "
        "the last hour is no better; the objective is that 90% are.",
    ),
    "LeadpulseLeadWaitsTooLong": Case(
        series={
            **WHOLE,
            f'leadpulse_oldest_unanswered_lead_age_seconds{{{W}, team="north"}}': "3000+60x99",
            f'leadpulse_unanswered_leads{{{W}, team="north", source="web", band="breached"}}': "1x99",
        },
        holds_at=11,
        labels={**_JOB, "team": "north"},
        summary="A lead of north has waited 1h 6m 0s",
        description="The longest wait is 1h 6m 0s, and promises to leads of north are broken.",
    ),
    "LeadpulseSourceSilent": Case(
        series={
            f'leadpulse_source_silent{{{W}, source="web"}}': "0x9 1x99",
            f'leadpulse_source_silence_seconds{{{W}, source="web"}}': "0+60x99",
        },
        holds_at=10,
        labels={**_JOB, "source": "web"},
        summary="web sends nothing",
        description="web should have sent a lead by now: for this hour of the week the silence is less likely than the "
        "level that was set. The last one came 11m 0s ago.",
    ),
    "LeadpulseIntakeDrop": Case(
        series={
            **WHOLE,
            f'leadpulse_created_leads{{{W}, source="web", team="north", window="1h"}}': f"40x{_WEEK // 15 - 1} 10x9",
        },
        holds_at=_WEEK,
        labels=_JOB,
        summary="Leads come in at 25% of a week ago",
        description="In the last hour 25% as many leads came in as in the same hour a week ago, when there were at "
        "least 20.",
        step=15,
    ),
    "LeadpulseConversionShift": Case(
        series={
            f'leadpulse_partition_ready{{{W}, partition="0"}}': "0x9 1x200",
            f"leadpulse_partitions{{{W}}}": "1x300",
            **_closed("7d", 40, 60),
            **_closed("90d", 200, 800),
        },
        holds_at=10,
        labels={**_JOB, "source": "web", "window": "7d"},
        summary="web converts differently: 40% won",
        description="Of the leads from web closed in the last 7 days 40% were won. That is more than three standard "
        "errors from its share over 90 days, with at least 50 closed.",
    ),
    "LeadpulseDown": Case(
        series={f"up{{{W}}}": "1x9 0x99", f"up{{{N}}}": "1x99"},
        holds_at=10,
        labels=_JOB,
        summary="No worker of leadpulse answers",
        description="For 2 minutes Prometheus has reached no worker of the job (1 missing): boards stand still, and no "
        "alarm is raised.",
    ),
    "LeadpulseWorkerDown": Case(
        series={f"up{{{W}}}": "1x9 0x99", 'up{job="leadpulse", instance="w2:9464"}': "1x99"},
        holds_at=10,
        labels={**_JOB, "instance": "w1:9464"},
        summary="Worker w1:9464 does not answer",
        description="Prometheus has not reached w1:9464 for 5 minutes (up is 0).",
    ),
    "LeadpulseNotWhole": Case(
        series={
            f'leadpulse_partition_ready{{{W}, partition="0"}}': "1x99",
            f'leadpulse_partition_ready{{{W}, partition="1"}}': "1x9 0x99",
            f"leadpulse_partitions{{{W}}}": "2x99",
        },
        holds_at=10,
        labels=_JOB,
        summary="Not all partitions of leadpulse are told",
        description="Sums over the workers are not whole (whole is 0): a partition is told by none, or by two. Boards "
        "show a gap.",
    ),
    "LeadpulseNotReady": Case(
        series={f"leadpulse_ready{{{W}}}": "1x9 0x99"},
        holds_at=10,
        labels={**_JOB, "instance": "w1:9464"},
        summary="Worker w1:9464 does not become ready",
        description="w1:9464 has not been ready (ready is 0) for 10 minutes: it recovers, waits for the broker or is "
        "in a rebalance without end. /readyz says which.",
    ),
    "LeadpulseLag": Case(
        series={f'leadpulse_consumer_lag_seconds{{{W}, partition="0", topic="leads.v1"}}': "1x9 150x99"},
        holds_at=10,
        labels=_JOB,
        summary="Numbers are 2m 30s behind",
        description="The slowest partition of leadpulse is 2m 30s behind its topic. Deadlines are judged as late as "
        "that.",
    ),
    "LeadpulseNoProgress": Case(
        series={
            f'leadpulse_consumer_lag_records{{{W}, partition="0", topic="leads.v1"}}': "0x9 1200x99",
            f'leadpulse_records_read_total{{{W}, partition="0", topic="leads.v1"}}': "0+60x9 600x99",
        },
        holds_at=15,
        labels=_JOB,
        summary="leadpulse does not move: 1.2k records wait",
        description="1.2k records wait in the topics, and none was taken for 5 minutes.",
    ),
    "LeadpulseBrokerAway": Case(
        series={f"leadpulse_broker_away_seconds{{{W}}}": "0x9 90x99"},
        holds_at=10,
        labels=_JOB,
        summary="Kafka has not answered leadpulse for 1m 30s",
        description="The workers wait, nothing is lost. Kafka has been away for 1m 30s.",
    ),
    "LeadpulseDeadLetters": Case(
        series={f'leadpulse_dead_letters_total{{{W}, partition="0", reason="invalid"}}': "0x20 0+30x99"},
        holds_at=22,
        labels={**_JOB, "reason": "invalid"},
        summary="180 records set aside: invalid",
        description="In the last 15 minutes 180 records went to the dead letters because they were invalid. Their "
        "events are in no number.",
    ),
    "LeadpulseProcessingError": Case(
        series={f'leadpulse_dead_letters_total{{{W}, partition="0", reason="processing_error"}}': "0x20 14x99"},
        holds_at=21,
        labels={**_JOB, "reason": "processing_error"},
        summary="leadpulse failed on 14 records",
        description="In the last 15 minutes 14 records could not be processed by a defect of leadpulse; they are dead "
        "letters with the traceback in their headers.",
    ),
    "LeadpulseLostRecords": Case(
        series={f'leadpulse_lost_records_total{{{W}, topic="leads.v1"}}': "0x70 59x99"},
        holds_at=71,
        labels={**_JOB, "topic": "leads.v1"},
        summary="59 records of leads.v1 were deleted unread",
        description="Retention deleted 59 records of leads.v1 before a worker had read them. Their events are in no "
        "number.",
    ),
    "LeadpulseLabelsFull": Case(
        series={f'leadpulse_label_overflow_total{{{W}, partition="0", label="source"}}': "0x70 59x99"},
        holds_at=71,
        labels={**_JOB, "label": "source"},
        summary="Too many different names for source",
        description="In the last hour 59 events had a source beyond the cap, and were counted as `other`.",
    ),
    "LeadpulseWaitingViewStale": Case(
        series={f"leadpulse_waiting_view_lag_seconds{{{W}}}": "0x9 90x99"},
        holds_at=10,
        labels=_JOB,
        summary="The list of who waits in Redis is 1m 30s old",
        description="Redis has not taken what is committed for 1m 30s. Who reads it sees an old picture; /metrics, "
        "alarms and /waiting of the workers go on.",
    ),
    "LeadpulseNotifierFailing": Case(
        series={f'leadpulse_notify_oldest_undelivered_seconds{{{N}, receiver="alertmanager"}}': "0x9 90x99"},
        holds_at=10,
        labels={"job": "leadpulse-notify", "receiver": "alertmanager"},
        summary="Alarms do not get through to alertmanager",
        description="The oldest alarm for alertmanager has waited 1m 30s. People are not called.",
    ),
    "LeadpulseNotifierDown": Case(
        series={f"leadpulse_notify_ready{{{N}}}": "1x9 0x99", f"up{{{N}}}": "1x99"},
        holds_at=10,
        labels={"job": "leadpulse-notify"},
        summary="No notifier is at work",
        description="No `leadpulse notify` has been ready for 2 minutes (1 missing). Alarms stay in their topic, and "
        "are told when one runs again.",
    ),
}

_W2 = 'job="leadpulse", instance="w2:9464"'
OTHER_CASES: dict[str, Case] = {
    "LeadpulseNotWhole: no partition is told": CASES["LeadpulseNotWhole"].but(
        {f'leadpulse_partition_ready{{{W}, partition="0"}}': "1x9 0x99", f"leadpulse_partitions{{{W}}}": "1x99"}
    ),
    "LeadpulseNotWhole: every partition is told by two": CASES["LeadpulseNotWhole"].but(
        {
            f'leadpulse_partition_ready{{{W}, partition="0"}}': "1x99",
            f'leadpulse_partition_ready{{{_W2}, partition="0"}}': "_x10 1x99",
            f"leadpulse_partitions{{{W}}}": "1x99",
        }
    ),
    "LeadpulseLostRecords: found before the first scrape": CASES["LeadpulseLostRecords"].but(
        {f'leadpulse_lost_records_total{{{W}, topic="leads.v1"}}': "_x71 59x99"}
    ),
    "LeadpulseProcessingError: told by the next owner of the partition": CASES["LeadpulseProcessingError"].but(
        {
            f'leadpulse_dead_letters_total{{{W}, partition="0", reason="processing_error"}}': "0x20 stale",
            f'leadpulse_dead_letters_total{{{_W2}, partition="0", reason="processing_error"}}': "_x21 14x99",
        }
    ),
    "LeadpulseNotifierDown: that of another application is well": CASES["LeadpulseNotifierDown"].but(
        CASES["LeadpulseNotifierDown"].series | {'leadpulse_notify_ready{job="other", instance="n1:9465"}': "1x99"}
    ),
    "LeadpulseDown: no target is left": CASES["LeadpulseDown"].but({f"up{{{W}}}": "1x9 stale", f"up{{{N}}}": "1x99"}),
}
"""The same alerts under other numbers: name and circumstance -> case."""
