"""Which source is worth it: how much comes, how good it is, how much of it is won."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.boards.frame import Board
from deploy.boards.looks import Look
from deploy.boards.panels import Panel, Panels, Query, own_query
from deploy.boards.promql import quantile, share, wilson
from deploy.boards.terms import Terms
from schemas.signal import whole

_WINDOW = 'window="$window"'
_CLOSED = f"sum by (source) (leadpulse_closed_leads{{{_WINDOW}}})"
_WON = f'sum by (source) (leadpulse_closed_leads{{{_WINDOW}, outcome="won"}})'
_TRIALS = f"({_CLOSED} > 0)"
_SUCCESSES = f"({_WON} or 0 * {_TRIALS})"
_INTERVAL = (
    "Of the leads that were closed, how many were won. From and to: where the true share lies with 95 % confidence "
    "(Wilson). Two sources whose ranges overlap may be equally good."
)


def sources(terms: Terms) -> Board:
    """Return the board about sources."""
    make = Panels(("window", "source", "team", "leadpulse_url"))
    return Board(
        name="sources",
        title="Sources",
        description="Which source brings how much, of what quality, and how sure is that?",
        variables=make.variables,
        refresh="1m",
        since="now-24h",
        rows=[
            ("Conversion", [_conversion(make), _won_share(make)]),
            ("Volume and quality", _volume(make)),
            ("How long a sale takes", _cycle(make)),
            ("Silence", _silence(make)),
        ],
    )


def _conversion(make: Panels) -> Panel:
    return make.rows(
        "leadpulse_closed_leads",
        [
            Query(whole(f"sum by (source) (leadpulse_created_leads{{{_WINDOW}}})"), "Created"),
            Query(whole(_CLOSED), "Closed (n)"),
            Query(whole(_SUCCESSES), "Won"),
            Query(whole(f"{_SUCCESSES} / {_TRIALS}"), "Won of closed"),
            Query(whole(wilson(_SUCCESSES, _TRIALS, upper=False)), "from"),
            Query(whole(wilson(_SUCCESSES, _TRIALS, upper=True)), "to"),
        ],
        Look(title="Conversion by source", unit="locale", width=14, height=10, note=_INTERVAL),
        {"Won of closed": "percentunit", "from": "percentunit", "to": "percentunit"},
    )


def _won_share(make: Panels) -> Panel:
    return make.bars(
        "leadpulse_closed_leads",
        [Query(whole(wilson(_SUCCESSES, _TRIALS, upper=False)), "{{source}}")],
        Look(
            title="Won of closed, at least",
            unit="percentunit",
            width=10,
            height=10,
            note="The lower end of the 95 % interval: what can be counted on.",
        ),
    )


def _volume(make: Panels) -> Sequence[Panel]:
    bad = f'leadpulse_closed_leads{{{_WINDOW}, outcome="disqualified"}}'
    return [
        make.series(
            "leadpulse_created_leads", [own_query("leadpulse_created_leads", "{{source}}")], Look(stacked=True)
        ),
        make.bars(
            "leadpulse_closed_leads",
            [Query(share(bad, f"leadpulse_closed_leads{{{_WINDOW}}}", "source"), "{{source}}")],
            Look(title="Disqualified of closed", unit="percentunit", top=1, note="The lower, the better the source."),
        ),
        make.bars(
            "leadpulse_close_reason_leads",
            [
                Query(
                    whole('sum by (reason) (leadpulse_close_reason_leads{window="$window", outcome="disqualified"})'),
                    "{{reason}}",
                )
            ],
            Look(title="Why leads are disqualified"),
        ),
        make.bars(
            "leadpulse_scores",
            [own_query("leadpulse_scores", "{{source}}")],
            Look(decimals=1, empty="no lead was scored"),
        ),
        make.series("leadpulse_scored_leads", [own_query("leadpulse_scored_leads", "{{source}}")], Look(stacked=True)),
        make.series(
            "leadpulse_oldest_open_lead_age_seconds",
            [own_query("leadpulse_oldest_open_lead_age_seconds", "{{source}}")],
            Look(),
        ),
        make.series(
            "leadpulse_open_lead_age_seconds", [own_query("leadpulse_open_lead_age_seconds", "{{source}}")], Look()
        ),
    ]


def _cycle(make: Panels) -> Sequence[Panel]:
    cycle = "leadpulse_sales_cycle_seconds"
    won = f'{_WINDOW}, outcome="won", since="created"'
    return [
        make.bars(
            cycle,
            [Query(quantile(0.5, f"{cycle}_bucket{{{won}}}", "source"), "{{source}}")],
            Look(title="Median sales cycle of won leads"),
        ),
        make.series(cycle, [own_query(cycle, "{{since}}")], Look()),
    ]


def _silence(make: Panels) -> Sequence[Panel]:
    columns = {
        "Silent": "leadpulse_source_silent",
        "Nothing for": "leadpulse_source_silence_seconds",
        "Chance of that": "leadpulse_source_silence_probability",
        "Leads missed": "leadpulse_source_expected_arrivals",
        "Usual an hour": "leadpulse_source_hourly_arrivals",
    }
    return [
        make.rows(
            "leadpulse_source_silent",
            [own_query(name, head) for head, name in columns.items()],
            Look(title="Is a source silent?", width=24, height=9, empty="not judged yet"),
            {"Silent": "bool_yes_no", "Nothing for": "s", "Chance of that": "percentunit"},
        )
    ]
