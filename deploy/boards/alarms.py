"""What calls for somebody now, and what did."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.boards.frame import ALERTS_OF_OURS, Board
from deploy.boards.looks import BANDS, Look, falling, rising
from deploy.boards.panels import Panel, Panels, Query, colored, own_query
from deploy.boards.promql import counted, hourly, total
from deploy.boards.terms import Terms
from deploy.boards.wallboard import WAITING, WHO
from schemas.signal import whole
from schemas.signals import by_name

_BREACHED, _WARNED = 'leadpulse_unanswered_leads{band="breached"}', 'leadpulse_unanswered_leads{band="warned"}'
_TILE = Look(unit="locale", width=6, height=6)
_BY_RULES = "As the rules of Prometheus see it."


def alarms(terms: Terms) -> Board:
    """Return the board about alarms."""
    make = Panels(("window", "source", "team", "policy", "leadpulse_url"))
    return Board(
        name="alarms",
        title="Alarms",
        description="What calls for somebody now, and what did lately?",
        variables=make.variables,
        rows=[
            ("Now", _now(make)),
            ("Lately", [*_told(make), *_waiting(make)]),
            ("What is coming", _forecast(make)),
            ("Telling people", _notifier(make)),
        ],
    )


def _now(make: Panels) -> Sequence[Panel]:
    firing = Query(f"count({ALERTS_OF_OURS}) or vector(0)", "firing")
    waiting = _TILE.but(link=WAITING, link_title=WHO)
    unanswered = "leadpulse_unanswered_leads"
    late, soon = Query(total(_BREACHED), "too late"), Query(total(_WARNED), "due soon")
    by_team = Query(whole(f"sum by (team) ({_BREACHED})"), "{{team}}")
    return [
        make.tile("leadpulse_alerts", [firing], _TILE.but(title="Alarms firing", steps=rising(1, 5), note=_BY_RULES)),
        make.tile(unanswered, [late], waiting.but(title="Waiting after the deadline", steps=rising(1, 5))),
        make.tile(unanswered, [soon], waiting.but(title="Waiting, deadline near", steps=rising(5, 20))),
        make.bars(unanswered, [by_team], _TILE.but(title="After the deadline, by team", steps=rising(1, 5))),
    ]


def _told(make: Panels) -> Sequence[Panel]:
    firing = Query(f"sum by (alertname, severity) ({ALERTS_OF_OURS})", "{{alertname}} ({{severity}})")
    alerts = Query(hourly("leadpulse_alerts", "kind"), "{{kind}}")
    return [
        make.series(
            "leadpulse_alerts", [firing], Look(title="Alarms over time", stacked=True, note=_BY_RULES, empty="no alarm")
        ),
        make.series("leadpulse_alerts", [alerts], Look(title="Alerts an hour")),
        make.series("leadpulse_alert_delay_seconds", [own_query("leadpulse_alert_delay_seconds", "p99")], Look()),
    ]


def _waiting(make: Panels) -> Sequence[Panel]:
    unanswered = "leadpulse_unanswered_leads"
    every = 'leadpulse_promised_leads{window="$window"}'
    one = 'leadpulse_promised_leads{{window="$window", result="{}"}}'
    announced = [
        Query(counted(one.format(result), every, "policy, team"), head)
        for result, head in (("warned", "Warned"), ("breached", "Breached"), ("escalated", "Escalated"))
    ]
    bands = make.series(unanswered, [own_query(unanswered, "{{band}}")], Look(title="Waiting, by band", stacked=True))
    return [
        colored(bands, BANDS),
        make.rows("leadpulse_promised_leads", announced, Look(title="Announced, by policy and team"), {}),
    ]


def _forecast(make: Panels) -> Sequence[Panel]:
    deciles = {
        "Forecasts": "sum by (horizon, decile) (increase(leadpulse_forecasts_total[1d])) > 0",
        # At least 0: a decile without a forecast has no share, and would be shown as NaN.
        "Forecast share": f"{by_name('leadpulse_forecast_breaches_expected').query} >= 0",
        "Came true": f"{by_name('leadpulse_forecast_breaches').query} >= 0",
    }
    none = "nothing to score yet"
    return [
        make.series(
            "leadpulse_expected_breaches",
            [own_query("leadpulse_expected_breaches", "{{team}}, {{horizon}}")],
            Look(width=12),
        ),
        make.tile(
            "leadpulse_forecast_squared_error",
            [own_query("leadpulse_forecast_squared_error", "{{horizon}}")],
            Look(width=6, decimals=3, empty=none),
        ),
        make.tile(
            "leadpulse_forecast_reference_squared_error",
            [own_query("leadpulse_forecast_reference_squared_error", "{{horizon}}")],
            Look(width=6, decimals=2, steps=falling(0, 0.1), empty=none),
        ),
        make.rows(
            "leadpulse_forecast_breaches",
            [Query(expr, head) for head, expr in deciles.items()],
            Look(title="Is the forecast right?", width=24, empty=none, note="Each row is a decile of the forecast."),
            {"Forecast share": "percentunit", "Came true": "percentunit"},
        ),
    ]


def _notifier(make: Panels) -> Sequence[Panel]:
    third = Look(width=8, empty="no notifier is running")
    names = {
        "leadpulse_notify_alarms": "{{receiver}}: {{outcome}}",
        "leadpulse_notify_requests": "{{receiver}}: {{outcome}}",
        "leadpulse_notify_oldest_undelivered_seconds": "{{receiver}}",
        "leadpulse_notify_queue_alarms": "{{receiver}}",
        "leadpulse_notify_lag_records": "{{receiver}}",
        "leadpulse_notify_open_incidents": "{{receiver}}",
        "leadpulse_notify_ready": "ready",
    }
    speeds = ("leadpulse_notify_alarms", "leadpulse_notify_requests")
    duration = "leadpulse_notify_request_duration_seconds"
    return [
        *(
            make.series(name, [own_query(name, legend)], third.but(unit="cps" if name in speeds else ""))
            for name, legend in names.items()
        ),
        make.series(duration, [own_query(duration, "{{receiver}}")], third.but(empty="no request was made")),
    ]
