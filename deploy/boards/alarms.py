"""What calls for somebody now, and what did."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.boards.frame import ALERTS_OF_OURS, Board
from deploy.boards.looks import BANDS, Look, rising
from deploy.boards.panels import Panel, Panels, Query, colored, own_query
from deploy.boards.promql import counted, hourly, total
from deploy.boards.terms import Terms
from deploy.boards.wallboard import WAITING, WHO
from schemas.signal import whole

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
        make.series("leadpulse_alerts", [firing], Look(title="Alarms over time", stacked=True, note=_BY_RULES)),
        make.series("leadpulse_alerts", [alerts], Look(title="Alerts an hour")),
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
