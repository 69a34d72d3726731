"""How far leads come, where they drop out, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from deploy.boards.frame import Board
from deploy.boards.looks import BAD, CLOSE, GOOD, Look
from deploy.boards.panels import Panel, Panels, Query, colored, own_query
from deploy.boards.promql import quantile, total
from deploy.boards.terms import Terms
from schemas.signal import whole

_WINDOW = 'window="$window"'


def funnel(terms: Terms) -> Board:
    """Return the board about the stages."""
    make = Panels(("window", "period", "source", "team", "leadpulse_url"))
    return Board(
        name="funnel",
        title="Funnel",
        description="How far do leads come, where do they drop out, and is it better than before?",
        variables=make.variables,
        refresh="1m",
        since="now-24h",
        rows=[
            ("The funnel", _stages(make, terms)),
            ("Time and ways", _ways(make, terms)),
            ("This period against the one before", _periods(make, terms)),
        ],
    )


def _steps(terms: Terms, window: str) -> list[tuple[str, str]]:
    """Name of each step of the funnel, in order, and the selector of the leads that got there."""
    return [
        ("created", f"leadpulse_created_leads{{{window}}}"),
        *((stage, f'leadpulse_stage_reached_leads{{{window}, stage="{stage}"}}') for stage in terms.stages),
        ("won", f'leadpulse_closed_leads{{{window}, outcome="won"}}'),
    ]


def _stages(make: Panels, terms: Terms) -> Sequence[Panel]:
    steps = _steps(terms, _WINDOW)
    drops = [
        Query(whole(f"1 - sum({after}) / (sum({here}) > 0)"), f"{name} to {following}")
        for (name, here), (following, after) in pairwise(steps[:-1])
    ]
    outcomes = make.series(
        "leadpulse_closed_leads", [own_query("leadpulse_closed_leads", "{{outcome}}")], Look(width=12, stacked=True)
    )
    return [
        make.bars(
            "leadpulse_stage_reached_leads",
            [Query(total(selector), name) for name, selector in steps],
            Look(title="Leads that got so far", height=9, note="Created at the top, won at the bottom."),
        ),
        make.bars(
            "leadpulse_stage_reached_leads",
            drops,
            Look(
                title="Drop-off",
                unit="percentunit",
                top=1,
                height=9,
                steps=((None, CLOSE),),
                note="Stages are reached in the window by leads of any age: over short windows a step may gain.",
            ),
        ),
        make.series("leadpulse_open_leads", [own_query("leadpulse_open_leads", "{{stage}}")], Look(stacked=True)),
        colored(outcomes, {"won": GOOD, "lost": BAD, "disqualified": "gray"}),
    ]


def _ways(make: Panels, terms: Terms) -> Sequence[Panel]:
    stay = "leadpulse_stage_duration_seconds"
    buckets = f"{stay}_bucket{{{_WINDOW}}}"
    moves = 'sum by (from_stage, to_stage) (leadpulse_stage_moves{window="$window"})'
    return [
        make.rows(
            stay,
            [
                Query(whole(f"sum by (stage) ({stay}_gcount{{{_WINDOW}}})"), "Left"),
                Query(quantile(0.5, buckets, "stage"), "Half within"),
                Query(quantile(0.9, buckets, "stage"), "90 % within"),
            ],
            Look(title="Time in stage"),
            {"Left": "locale"},
        ),
        make.series(stay, [own_query(stay, "{{stage}}")], Look()),
        make.matrix(
            "leadpulse_stage_moves",
            Query(whole(moves), "from \N{DOWNWARDS ARROW} to \N{RIGHTWARDS ARROW}"),
            Look(title="Moves between stages", unit="locale", height=10),
            terms.stages,
        ),
        make.bars(
            "leadpulse_close_reason_leads",
            [own_query("leadpulse_close_reason_leads", "{{reason}}")],
            Look(height=10),
        ),
    ]


def _periods(make: Panels, terms: Terms) -> Sequence[Panel]:
    steps = _steps(terms, 'window=~"$period"')
    return [
        make.rows(
            "leadpulse_created_leads",
            [Query(whole(f"sum by (window) ({selector})"), name) for name, selector in steps],
            Look(
                title="This period so far and the one before",
                unit="locale",
                width=24,
                height=6,
                note="The period before is whole, this one is not over.",
            ),
            {},
        )
    ]
