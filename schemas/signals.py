"""The signal table: every number leadpulse tells, with its name, meaning, labels and the query of its panel.

`/metrics`, the dashboards and `docs/metrics.md` are made of it; a number that is not here is not told.

Numbers of leads are gauges, since everything about a lead can be corrected by a later event; counters count what
happened to this application and never go back, across restarts and rebalances.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Kind = Literal["gauge", "counter", "histogram", "gauge_histogram", "info"]

WINDOW = "window"
"""The label of every windowed signal."""

READY = "(sum(leadpulse_partition_ready) == max(leadpulse_partitions))"
"""True while each partition is told by exactly one worker: sums over workers are whole then, and only then."""


class Signal(Struct, frozen=True, kw_only=True):
    """One number.

    Attributes:
        name: Prometheus family, without the suffixes of its samples.
        kind: "gauge_histogram" is a histogram of what is in a window now: its buckets may go down.
        help: What it says, one sentence without a full stop.
        labels: Its labels.
        unit: Base unit that the name ends with, before `_total`; empty for counts of things.
        family: The processors' family behind it; empty for a number about this application.
        panel: Title of its panel; empty when it has none of its own.
        description: What a person may read from it.
        query: PromQL of the panel; `$window` is chosen on the board.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[str, ...] = ()
    unit: str = ""
    family: str = ""
    panel: str = ""
    description: str = ""
    query: str = ""

    @property
    def windowed(self) -> bool:
        """Whether it is told per window."""
        return WINDOW in self.labels


def _whole(expression: str) -> str:
    """A sum over workers, shown only while it is whole: a gap, never a dent."""
    return f"{expression} and on() {READY}"


def _sum(by: str, name: str, window: bool = True) -> str:
    selector = '{window="$window"}' if window else ""
    return _whole(f"sum by ({by}) ({name}{selector})")


BUSINESS: tuple[Signal, ...] = (
    Signal(
        name="leadpulse_created_leads",
        kind="gauge",
        help="Leads created in the window, by their creation time",
        labels=(WINDOW, "source", "team"),
        family="created",
        panel="Leads by source",
        description="How many leads came in, under the source and the team they were created with.",
        query=_sum("source", "leadpulse_created_leads"),
    ),
    Signal(
        name="leadpulse_stage_moves",
        kind="gauge",
        help="Moves of open leads between stages in the window, every move counted",
        labels=(WINDOW, "source", "from_stage", "to_stage"),
        family="moved",
        panel="Stage flow",
        description="Where leads went, and how often they went back.",
        query=_sum("from_stage, to_stage", "leadpulse_stage_moves"),
    ),
    Signal(
        name="leadpulse_stage_reached_leads",
        kind="gauge",
        help="Leads that first reached the stage, or one behind it, in the window",
        labels=(WINDOW, "source", "stage"),
        family="reached",
        panel="Furthest stage",
        description="The funnel: each stage holds who got there or further. The drop-off of a stage is one minus the "
        "next stage's number over its own.",
        query=_sum("stage", "leadpulse_stage_reached_leads"),
    ),
    Signal(
        name="leadpulse_stage_duration_seconds",
        kind="gauge_histogram",
        help="Time that leads spent in a stage they left in the window",
        labels=(WINDOW, "source", "stage"),
        unit="seconds",
        family="stage_time",
        panel="Mean time in stage",
        description="How long leads stay before they move on or are closed; a lead counts when it leaves.",
        query=_whole(
            'sum by (stage) (leadpulse_stage_duration_seconds_gsum{window="$window"})'
            ' / sum by (stage) (leadpulse_stage_duration_seconds_gcount{window="$window"})'
        ),
    ),
    Signal(
        name="leadpulse_response_seconds",
        kind="gauge_histogram",
        help="Wall time from a lead's creation to its first response of the kind, for responses in the window",
        labels=(WINDOW, "source", "team", "kind"),
        unit="seconds",
        family="response",
        panel="First contact within each threshold",
        description="How fast leads are answered. Kind tells apart what a bot sent (automated), what a person tried "
        "(attempt) and what reached the lead (contact). The thresholds of the configuration are buckets: the share "
        "within each is exact.",
        query=_whole(
            'sum by (le) (leadpulse_response_seconds_bucket{window="$window", kind="contact"})'
            ' / on() group_left sum(leadpulse_response_seconds_gcount{window="$window", kind="contact"})'
        ),
    ),
    Signal(
        name="leadpulse_skewed_responses",
        kind="gauge",
        help="First responses in the window that bear a time before the creation; their latency counts as zero",
        labels=(WINDOW, "source", "kind"),
        family="skewed",
        panel="Responses before creation",
        description="Somebody's clock is wrong. Check the system that sends the interactions.",
        query=_sum("source", "leadpulse_skewed_responses"),
    ),
    Signal(
        name="leadpulse_closed_leads",
        kind="gauge",
        help="Leads closed in the window with the outcome they still have",
        labels=(WINDOW, "source", "team", "outcome"),
        family="closed",
        panel="Won, lost, disqualified",
        description="How leads ended, under the team that had them at the end. Reopening takes an outcome back.",
        query=_sum("outcome", "leadpulse_closed_leads"),
    ),
    Signal(
        name="leadpulse_close_reason_leads",
        kind="gauge",
        help="Leads closed in the window, by the reason given",
        labels=(WINDOW, "source", "reason", "outcome"),
        family="close_reasons",
        panel="Why leads are lost",
        description="The reasons that came with lost and disqualified.",
        query=_whole('sum by (reason) (leadpulse_close_reason_leads{window="$window", outcome=~"lost|disqualified"})'),
    ),
    Signal(
        name="leadpulse_sales_cycle_seconds",
        kind="gauge_histogram",
        help="Time from creation or from the first contact to the closing, for leads closed in the window",
        labels=(WINDOW, "source", "outcome", "since"),
        unit="seconds",
        family="cycle",
        panel="Mean sales cycle of won leads",
        description="How long a sale takes. Only closed leads are in it: look at the age of the open ones beside it.",
        query=_whole(
            'sum by (since) (leadpulse_sales_cycle_seconds_gsum{window="$window", outcome="won"})'
            ' / sum by (since) (leadpulse_sales_cycle_seconds_gcount{window="$window", outcome="won"})'
        ),
    ),
    Signal(
        name="leadpulse_open_leads",
        kind="gauge",
        help="Leads that are open now, by the stage they are in",
        labels=("source", "stage"),
        family="open",
        panel="Open leads by stage",
        description="The pipeline as it stands.",
        query=_sum("stage", "leadpulse_open_leads", window=False),
    ),
    Signal(
        name="leadpulse_unanswered_leads",
        kind="gauge",
        help="Open leads that no person has reached yet",
        labels=("source", "team"),
        family="unanswered",
        panel="Unanswered leads",
        description="Who waits for us right now.",
        query=_sum("team", "leadpulse_unanswered_leads", window=False),
    ),
    Signal(
        name="leadpulse_uncreated_leads",
        kind="gauge",
        help="Leads of which events came but no creation; they are in no other number",
        family="uncreated",
        panel="Leads without creation",
        description="More than a few: the topic of the leads lacks creations, or they come late.",
        query=_whole("sum(leadpulse_uncreated_leads)"),
    ),
    Signal(
        name="leadpulse_oldest_open_lead_age_seconds",
        kind="gauge",
        help="Time since the creation of the oldest open lead",
        labels=("source",),
        unit="seconds",
        family="open_age",
        panel="Oldest open lead",
        description="Age of what is still open; leads that are never closed make it grow without end.",
        query=_whole("max by (source) (leadpulse_oldest_open_lead_age_seconds)"),
    ),
    Signal(
        name="leadpulse_oldest_unanswered_lead_age_seconds",
        kind="gauge",
        help="Time since the creation of the oldest open lead that no person has reached",
        labels=("team",),
        unit="seconds",
        family="unanswered_age",
        panel="Longest wait",
        description="How long the one who has waited longest has been waiting.",
        query=_whole("max by (team) (leadpulse_oldest_unanswered_lead_age_seconds)"),
    ),
)
"""Numbers about leads."""

_RATE = "$__rate_interval"
_LATENCY_QUERY = "histogram_quantile(0.99, sum by (le) (rate({}_bucket[" + _RATE + "])))"

OPERATIONAL: tuple[Signal, ...] = (
    Signal(
        name="leadpulse_records_read",
        kind="counter",
        help="Records taken from an input, each counted once whatever crashed in between",
        labels=("partition", "topic"),
        panel="Records read",
        description="What flows. The partition label keeps counters apart that move between workers.",
        query=f"sum by (topic) (rate(leadpulse_records_read_total[{_RATE}]))",
    ),
    Signal(
        name="leadpulse_events",
        kind="counter",
        help="Events by what became of them: accepted, duplicate, too_late or dead",
        labels=("partition", "outcome"),
        panel="Events by outcome",
        description="Too late are events older than the part of a very long history that is kept.",
        query=f"sum by (outcome) (rate(leadpulse_events_total[{_RATE}]))",
    ),
    Signal(
        name="leadpulse_dead_letters",
        kind="counter",
        help="Records set aside to the dead letters, by reason",
        labels=("partition", "reason"),
        panel="Dead letters",
        description="`leadpulse dlq list` shows them. processing_error is a defect of leadpulse: please report it.",
        query="sum by (reason) (max by (partition, reason) (leadpulse_dead_letters_total))",
    ),
    Signal(
        name="leadpulse_alerts",
        kind="counter",
        help="Alerts written, by kind",
        labels=("partition", "kind"),
        panel="Alerts",
        description="What the alerts topic was told.",
        query=f"sum by (kind) (rate(leadpulse_alerts_total[{_RATE}]))",
    ),
    Signal(
        name="leadpulse_label_overflow",
        kind="counter",
        help="Times a name was counted as `other` because its label was full",
        labels=("partition", "label"),
        panel="Names counted as other",
        description="Raise the cap of the label, or find out who sends so many names.",
        query=f"sum by (label) (rate(leadpulse_label_overflow_total[{_RATE}]))",
    ),
    Signal(
        name="leadpulse_chunk_duration_seconds",
        kind="histogram",
        help="Time to apply one chunk of records to the state",
        unit="seconds",
        panel="Chunk time, p99",
        description="Long chunks delay everything else in the worker.",
        query=_LATENCY_QUERY.format("leadpulse_chunk_duration_seconds"),
    ),
    Signal(
        name="leadpulse_transaction_duration_seconds",
        kind="histogram",
        help="Time to write and commit one transaction",
        unit="seconds",
        panel="Transaction time, p99",
        description="Grows with the brokers' latency.",
        query=_LATENCY_QUERY.format("leadpulse_transaction_duration_seconds"),
    ),
    Signal(
        name="leadpulse_event_delay_seconds",
        kind="histogram",
        help="From the record's timestamp to the commit of its effect, for the oldest record of each transaction",
        unit="seconds",
        panel="Event to metric, p99",
        description="How late the numbers are.",
        query=_LATENCY_QUERY.format("leadpulse_event_delay_seconds"),
    ),
    Signal(
        name="leadpulse_transaction_records",
        kind="counter",
        help="Input records in committed transactions of this process",
        panel="Records per transaction",
        description="Few at low rates, thousands when catching up.",
        query=f"rate(leadpulse_transaction_records_total[{_RATE}])"
        f" / rate(leadpulse_transaction_duration_seconds_count[{_RATE}])",
    ),
    Signal(
        name="leadpulse_transaction_bytes",
        kind="counter",
        help="Bytes written in committed transactions of this process",
        unit="bytes",
        panel="Bytes written",
        description="State, alerts and dead letters together, before compression.",
        query=f"rate(leadpulse_transaction_bytes_total[{_RATE}])",
    ),
    Signal(
        name="leadpulse_consumer_lag_records",
        kind="gauge",
        help="Offsets between the end of an input and the committed position",
        labels=("partition", "topic"),
        panel="Lag in records",
        description="How much is still to be read.",
        query="sum by (topic) (leadpulse_consumer_lag_records)",
    ),
    Signal(
        name="leadpulse_consumer_lag_seconds",
        kind="gauge",
        help="Age of the newest applied record while others wait behind it; 0 when none does",
        labels=("partition", "topic"),
        unit="seconds",
        panel="Lag in seconds",
        description="How old the picture is.",
        query="max by (topic) (leadpulse_consumer_lag_seconds)",
    ),
    Signal(
        name="leadpulse_watermark_timestamp_seconds",
        kind="gauge",
        help="Largest event time applied, as a Unix time",
        labels=("partition",),
        unit="seconds",
        panel="Newest event",
        description="Event time, not arrival: the producers' clocks.",
        query="time() - max(leadpulse_watermark_timestamp_seconds)",
    ),
    Signal(
        name="leadpulse_state_leads",
        kind="gauge",
        help="Leads in the state",
        labels=("partition",),
        panel="Leads in the state",
        description="Each takes about half a kilobyte of memory.",
        query="sum(leadpulse_state_leads)",
    ),
    Signal(
        name="leadpulse_state_panes",
        kind="gauge",
        help="Panes in the state",
        labels=("partition",),
        panel="Panes in the state",
        description="At most some 2,500 a partition.",
        query="sum(leadpulse_state_panes)",
    ),
    Signal(
        name="leadpulse_recovery_duration_seconds",
        kind="gauge",
        help="How long the last recovery of a partition took",
        labels=("partition",),
        unit="seconds",
        panel="Recovery time",
        description="From taking a partition over to the end of its changelog.",
        query="max(leadpulse_recovery_duration_seconds)",
    ),
    Signal(
        name="leadpulse_recovery_records",
        kind="gauge",
        help="Changelog records read by the last recovery of a partition",
        labels=("partition",),
        panel="Recovery size",
        description="Compaction keeps it near the number of leads.",
        query="sum(leadpulse_recovery_records)",
    ),
    Signal(
        name="leadpulse_partition_ready",
        kind="gauge",
        help="1 for a partition whose numbers this worker tells",
        labels=("partition",),
        panel="Partitions told",
        description="Each partition once: otherwise a worker is missing, recovering, or two are changing over.",
        query="sum(leadpulse_partition_ready)",
    ),
    Signal(
        name="leadpulse_partitions",
        kind="gauge",
        help="Partitions of the inputs",
        panel="Partitions",
        description="All there are.",
        query="max(leadpulse_partitions)",
    ),
    Signal(
        name="leadpulse_ready",
        kind="gauge",
        help="1 while /readyz says yes",
        panel="Ready workers",
        description="Workers with partitions assigned, recovered, and no rebalance under way.",
        query="sum(leadpulse_ready)",
    ),
    Signal(
        name="leadpulse_rebalances",
        kind="counter",
        help="Rebalances of the consumer group this process has seen",
        panel="Rebalances",
        description="One or two per start or stop of a worker; many mean that a worker does not keep up or dies.",
        query=f"sum(increase(leadpulse_rebalances_total[{_RATE}]))",
    ),
    Signal(
        name="leadpulse_rebalance_duration_seconds",
        kind="gauge",
        help="How long the last rebalance took until records flowed again",
        unit="seconds",
        panel="Rebalance time",
        description="Nothing is applied meanwhile.",
        query="max(leadpulse_rebalance_duration_seconds)",
    ),
    Signal(
        name="leadpulse_engine_incidents",
        kind="counter",
        help="What the engine had to mend in this process, by kind: fenced, recovered_again, hole, skipped, poisoned",
        labels=("kind",),
        panel="Mended incidents",
        description="None of them costs an event. poisoned: a record could not be processed, a defect of leadpulse.",
        query=f"sum by (kind) (increase(leadpulse_engine_incidents_total[{_RATE}]))",
    ),
    Signal(
        name="leadpulse_lost_records",
        kind="counter",
        help="Offsets that retention deleted before this application had read them",
        labels=("topic",),
        panel="Lost records",
        description="The only way to lose events: the worker was away for longer than the topic keeps them.",
        query=f"sum by (topic) (increase(leadpulse_lost_records_total[{_RATE}]))",
    ),
    Signal(
        name="leadpulse_broker_away_seconds",
        kind="gauge",
        help="How long the broker has not answered; 0 while it does",
        unit="seconds",
        panel="Broker away",
        description="The worker waits and goes on by itself.",
        query="max(leadpulse_broker_away_seconds)",
    ),
    Signal(
        name="leadpulse_scrape_duration_seconds",
        kind="histogram",
        help="Time this process took to make one answer to a scrape",
        unit="seconds",
        panel="Scrape time, p99",
        description="Grows with the number of series.",
        query=_LATENCY_QUERY.format("leadpulse_scrape_duration_seconds"),
    ),
    Signal(
        name="leadpulse_build",
        kind="info",
        help="Version of leadpulse, Python and faust in this process",
        labels=("version", "python", "faust"),
        panel="Versions",
        description="Two versions at once: a rolling update is under way, or got stuck.",
        query="count by (version) (leadpulse_build_info)",
    ),
)
"""Numbers about this application."""

SIGNALS: tuple[Signal, ...] = BUSINESS + OPERATIONAL


def by_family() -> dict[str, Signal]:
    """Return the signal of each of the processors' families."""
    return {signal.family: signal for signal in SIGNALS if signal.family}


def by_name(name: str) -> Signal:
    """Return a signal by its name; KeyError when there is none."""
    return {signal.name: signal for signal in SIGNALS}[name]
