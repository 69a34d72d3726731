"""What calls for somebody now, and what did."""

from __future__ import annotations

from deploy.boards.frame import ALERTS_OF_OURS, Board
from deploy.boards.looks import Look, rising
from deploy.boards.panels import Panels, Query, own_query
from deploy.boards.promql import total
from deploy.boards.terms import Terms
from deploy.boards.wallboard import WAITING, WHO
from schemas.signal import whole


def alarms(terms: Terms) -> Board:
    """Return the board about alarms."""
    make = Panels()
    breached = 'leadpulse_unanswered_leads{band="breached"}'
    announced = 'sum by (policy, team) (leadpulse_promised_leads{{window="$window", result="{}"}})'
    warned = 'leadpulse_unanswered_leads{band="warned"}'
    tile = Look(unit="none", width=6, height=6, link=WAITING, link_title=WHO)
    return Board(
        name="alarms",
        title="Alarms",
        description="What calls for somebody now, and what did lately?",
        variables=("window", "source", "team", "policy", "leadpulse_url"),
        rows=[
            (
                "Now",
                [
                    make.tile(
                        "leadpulse_alerts",
                        [Query(f"count({ALERTS_OF_OURS}) or vector(0)", "firing")],
                        Look(
                            title="Alarms firing",
                            unit="none",
                            width=6,
                            height=6,
                            steps=rising(1, 5),
                            note="As the rules of Prometheus see it.",
                        ),
                    ),
                    make.tile(
                        "leadpulse_unanswered_leads",
                        [Query(total(breached), "too late")],
                        tile.but(title="Waiting after the deadline", steps=rising(1, 5)),
                    ),
                    make.tile(
                        "leadpulse_unanswered_leads",
                        [Query(total(warned), "due soon")],
                        tile.but(title="Waiting, deadline near", steps=rising(5, 20)),
                    ),
                    make.bars(
                        "leadpulse_unanswered_leads",
                        [Query(whole(f"sum by (team) ({breached})"), "{{team}}")],
                        Look(title="After the deadline, by team", unit="none", width=6, height=6, steps=rising(1, 5)),
                    ),
                ],
            ),
            (
                "Lately",
                [
                    make.series(
                        "leadpulse_alerts",
                        [Query(f"sum by (alertname, severity) ({ALERTS_OF_OURS})", "{{alertname}} ({{severity}})")],
                        Look(
                            title="Alarms over time",
                            unit="none",
                            stacked=True,
                            note="As the rules of Prometheus see it.",
                        ),
                    ),
                    make.series("leadpulse_alerts", [own_query("leadpulse_alerts", "{{kind}}")], Look(unit="cps")),
                    make.series(
                        "leadpulse_unanswered_leads",
                        [own_query("leadpulse_unanswered_leads", "{{band}}")],
                        Look(title="Waiting, by band", unit="none", stacked=True),
                    ),
                    make.rows(
                        "leadpulse_promised_leads",
                        [
                            Query(
                                whole(announced.format(result)),
                                head,
                            )
                            for result, head in (
                                ("warned", "Warned"),
                                ("breached", "Breached"),
                                ("escalated", "Escalated"),
                            )
                        ],
                        Look(title="Announced, by policy and team", unit="none"),
                        {},
                    ),
                ],
            ),
        ],
    )
