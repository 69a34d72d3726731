"""Is leadpulse itself well?"""

from __future__ import annotations

from collections.abc import Sequence

from deploy.boards.frame import Board
from deploy.boards.looks import Look, falling, rising
from deploy.boards.panels import Panel, Panels, Query, own_query
from deploy.boards.promql import hourly
from deploy.boards.terms import Terms

_TILE = Look(width=4, height=5)
_THIRD = Look(width=8)


def operations(terms: Terms) -> Board:
    """Return the board about the application."""
    make = Panels(("instance",))
    return Board(
        name="operations",
        title="Operations",
        description="Do the workers keep up, and what have they had to mend?",
        variables=make.variables,
        timezone="utc",
        since="now-3h",
        rows=[
            ("At a glance", _glance(make)),
            ("Keeping up", _lag(make)),
            ("What flows", _flow(make)),
            ("The engine", _engine(make)),
            ("Process and state", _process(make)),
            ("Who waits, in Redis", _view(make)),
            ("Looking ahead", _foresight(make)),
        ],
    )


def _glance(make: Panels) -> Sequence[Panel]:
    told = "sum(leadpulse_partition_ready) / max(leadpulse_partitions)"
    return [
        make.tile(
            "leadpulse_consumer_lag_seconds",
            [Query("max(leadpulse_consumer_lag_seconds)", "behind")],
            _TILE.but(unit="s", steps=rising(30, 120)),
        ),
        make.tile(
            "leadpulse_partition_ready",
            [Query(told, "told")],
            _TILE.but(unit="percentunit", decimals=0, steps=falling(0.99, 1)),
        ),
        make.tile("leadpulse_ready", [own_query("leadpulse_ready", "ready")], _TILE.but(steps=falling(1, 1))),
        make.tile(
            "leadpulse_broker_away_seconds",
            [own_query("leadpulse_broker_away_seconds", "away")],
            _TILE.but(steps=rising(5, 60)),
        ),
        make.tile(
            "leadpulse_watermark_timestamp_seconds",
            [own_query("leadpulse_watermark_timestamp_seconds", "ago")],
            _TILE.but(empty="no event yet"),
        ),
        make.tile("leadpulse_build", [own_query("leadpulse_build", "{{version}}")], _TILE.but(unit="locale")),
    ]


def _lag(make: Panels) -> Sequence[Panel]:
    delay = "histogram_quantile({}, sum by (le) (rate(leadpulse_event_delay_seconds_bucket[$__rate_interval])))"
    return [
        make.series(
            "leadpulse_consumer_lag_seconds", [own_query("leadpulse_consumer_lag_seconds", "{{topic}}")], _THIRD
        ),
        make.series(
            "leadpulse_consumer_lag_records", [own_query("leadpulse_consumer_lag_records", "{{topic}}")], _THIRD
        ),
        make.series(
            "leadpulse_event_delay_seconds",
            [Query(delay.format(q), f"p{q * 100:g}") for q in (0.5, 0.99)],
            _THIRD.but(title="Delay from event to metric"),
        ),
    ]


def _flow(make: Panels) -> Sequence[Panel]:
    return [
        make.series(
            "leadpulse_records_read", [own_query("leadpulse_records_read", "{{topic}}")], _THIRD.but(unit="cps")
        ),
        make.series("leadpulse_events", [own_query("leadpulse_events", "{{outcome}}")], _THIRD.but(unit="cps")),
        make.series(
            "leadpulse_dead_letters",
            [Query(hourly("leadpulse_dead_letters", "reason"), "{{reason}}")],
            _THIRD.but(title="Dead letters an hour, by reason"),
        ),
        make.series(
            "leadpulse_label_overflow", [own_query("leadpulse_label_overflow", "{{label}}")], _THIRD.but(unit="cps")
        ),
        make.series(
            "leadpulse_forgotten_events",
            [own_query("leadpulse_forgotten_events", "forgotten")],
            _THIRD.but(unit="cps"),
        ),
        make.series("leadpulse_uncreated_leads", [own_query("leadpulse_uncreated_leads", "without creation")], _THIRD),
    ]


def _engine(make: Panels) -> Sequence[Panel]:
    names = (
        ("leadpulse_transaction_duration_seconds", "p99"),
        ("leadpulse_chunk_duration_seconds", "p99"),
        ("leadpulse_transaction_bytes", "{{instance}}"),
        ("leadpulse_transaction_records", "{{instance}}"),
        ("leadpulse_rebalances", "rebalances"),
        ("leadpulse_rebalance_duration_seconds", "last"),
        ("leadpulse_recovery_duration_seconds", "longest"),
        ("leadpulse_recovery_records", "partition {{partition}}"),
        ("leadpulse_engine_incidents", "{{kind}}"),
        ("leadpulse_lost_records", "{{topic}}"),
    )
    four = ("leadpulse_transaction", "leadpulse_chunk")
    return [
        make.series(
            name,
            [own_query(name, legend)],
            Look(width=6 if name.startswith(four) else 8, unit="Bps" if name.endswith("_bytes") else ""),
        )
        for name, legend in names
    ]


def _process(make: Panels) -> Sequence[Panel]:
    memory = "Resident memory of each worker."
    return [
        make.series("leadpulse_state_leads", [own_query("leadpulse_state_leads", "leads")], _THIRD),
        make.series("leadpulse_state_panes", [own_query("leadpulse_state_panes", "panes")], _THIRD),
        make.series(
            "leadpulse_scrape_duration_seconds", [own_query("leadpulse_scrape_duration_seconds", "p99")], _THIRD
        ),
        make.series(
            "leadpulse_state_leads",
            [Query("process_resident_memory_bytes", "{{instance}}")],
            _THIRD.but(title="Memory", unit="bytes", note=memory),
        ),
        make.series(
            "leadpulse_state_leads",
            [Query("rate(process_cpu_seconds_total[$__rate_interval])", "{{instance}}")],
            _THIRD.but(title="Processor", unit="percentunit", note="1 is one core."),
        ),
        make.series(
            "leadpulse_ready",
            [Query("leadpulse_ready", "{{instance}}")],
            _THIRD.but(title="Ready, by worker", unit="locale"),
        ),
    ]


def _view(make: Panels) -> Sequence[Panel]:
    names = {
        "leadpulse_waiting_view_up": "up",
        "leadpulse_waiting_view_lag_seconds": "lag",
        "leadpulse_waiting_view_pending_leads": "rows",
        "leadpulse_waiting_view_rewrites": "{{reason}}",
        "leadpulse_waiting_view_errors": "{{kind}}",
    }
    return [
        make.series(name, [own_query(name, legend)], _THIRD.but(empty="no Redis is configured"))
        for name, legend in names.items()
    ]


def _foresight(make: Panels) -> Sequence[Panel]:
    return [
        make.series("leadpulse_forecast_waits", [own_query("leadpulse_forecast_waits", "waits")], _THIRD),
        make.series("leadpulse_forecasts", [own_query("leadpulse_forecasts", "{{horizon}}")], _THIRD.but(unit="cps")),
        make.series(
            "leadpulse_silence_rounds", [own_query("leadpulse_silence_rounds", "{{outcome}}")], _THIRD.but(unit="cps")
        ),
        make.series(
            "leadpulse_silence_judged_timestamp_seconds",
            [own_query("leadpulse_silence_judged_timestamp_seconds", "age")],
            _THIRD,
        ),
    ]
