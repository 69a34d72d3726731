"""The board on the wall: a few large numbers, to be read from five metres."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.boards.frame import Board
from deploy.boards.looks import BAD, CLOSE, GOOD, NEUTRAL, SHARE_LOW, SHARE_OK, Look, falling, rising
from deploy.boards.panels import Panel, Panels, Query, Tile, colored
from deploy.boards.promql import quantile, share, total
from deploy.boards.terms import Terms
from schemas.foresight_signals import FORECAST
from schemas.signal import guarded, whole

WAITING, WHO = "/waiting", "Who is waiting"
_TODAY = 'window="today"'
_OLD, _FROZEN = 30, 90
"""Seconds after which the numbers are old, and after which nobody should act on them."""
_TILE = Look(width=6, height=9, letters=(34, 110))


def wallboard(terms: Terms) -> Board:
    """Return the wallboard.

    Raises:
        ValueError: There is no window of today.
    """
    if "today" not in terms.calendar:
        raise ValueError("windows.calendar: the wallboard shows today, add today")
    make = Panels(("source", "team", "leadpulse_url"))
    return Board(
        name="wallboard",
        title="Wallboard",
        description="Who is waiting, and are we fast enough today?",
        variables=make.variables,
        refresh="10s",
        since="now-1h",
        rows=[("", [*_now(make, terms), *_today(make, terms), *_outlook(make)])],
    )


def _now(make: Panels, terms: Terms) -> Sequence[Panel]:
    target = terms.answer_target
    bands = [
        Query(total(f'leadpulse_unanswered_leads{{band="{band}"}}'), name)
        for band, name in (("on_time", "on time"), ("warned", "due soon"), ("breached", "too late"))
    ]
    states = make.tile(
        "leadpulse_unanswered_leads",
        bands,
        _TILE.but(title="Deadlines", unit="locale", width=8, link=WAITING, link_title=WHO),
    )
    longest = whole("(max(leadpulse_oldest_unanswered_lead_age_seconds) or vector(0))")
    return [
        make.tile(
            "leadpulse_unanswered_leads",
            [Query(total("leadpulse_unanswered_leads"), "waiting")],
            _TILE.but(title="Waiting now", unit="locale", width=5, link=WAITING, link_title=WHO),
        ),
        colored(states, {"on time": GOOD, "due soon": CLOSE, "too late": BAD}),
        make.tile(
            "leadpulse_oldest_unanswered_lead_age_seconds",
            [Query(longest, "longest wait")],
            _TILE.but(
                title="Longest wait",
                decimals=0,
                width=5,
                steps=rising(terms.answer_warning, target),
                link=WAITING,
                link_title=WHO,
            ),
        ),
        _within(make),
    ]


def _within(make: Panels) -> Panel:
    first = f'{_TODAY}, obligation="first_contact"'
    kept = share(
        f'leadpulse_promised_leads{{{first}, result="met"}}',
        f'leadpulse_promised_leads{{{first}, result=~"met|breached"}}',
    )
    look = _TILE.but(
        title="Within SLA today",
        unit="percentunit",
        decimals=0,
        steps=falling(SHARE_LOW, SHARE_OK),
        empty="none due yet",
    )
    return make.tile("leadpulse_promised_leads", [Query(kept, "in time")], look)


def _today(make: Panels, terms: Terms) -> Sequence[Panel]:
    target = terms.answer_target
    created = total(f"leadpulse_created_leads{{{_TODAY}}}")
    week_ago = whole(f"sum(leadpulse_created_leads{{{_TODAY}}} offset 1w)")
    return [
        colored(_speed(make, target), {"target": NEUTRAL}),
        make.tile(
            "leadpulse_created_leads",
            [Query(created, "today"), Query(week_ago, "a week ago")],
            _TILE.but(
                title="Leads today",
                unit="locale",
                width=9,
                note="Beside them those of the same weekday a week ago, up to the same time of the day.",
            ),
        ),
        make.tile(
            "leadpulse_closed_leads",
            [Query(total(f'leadpulse_closed_leads{{{_TODAY}, outcome="won"}}'), "won")],
            _TILE.but(title="Won today", unit="locale", width=5),
        ),
    ]


def _speed(make: Panels, target: float) -> Tile:
    buckets = f'leadpulse_response_seconds_bucket{{{_TODAY}, kind="contact"}}'
    look = _TILE.but(
        title="First contact today",
        width=10,
        steps=rising(target, 2 * target),
        decimals=1,
        letters=(32, 72),
        empty="none yet",
        note="How fast half, and nine of ten, of today's first contacts were. Orange from the target on, red from "
        "twice the target on.",
    )
    return make.tile(
        "leadpulse_response_seconds",
        [
            Query(quantile(0.5, buckets), "half within"),
            Query(quantile(0.9, buckets), "90 % within"),
            Query(f"vector({target:g})", "target"),
        ],
        look,
    )


def _outlook(make: Panels) -> Sequence[Panel]:
    behind = "ceil(time() - max(timestamp(leadpulse_partition_ready)) + max(leadpulse_consumer_lag_seconds))"
    in_15 = 'leadpulse_expected_breaches{horizon="15m"}'
    silent = "sum(max by (source) (leadpulse_source_silent))"
    return [
        make.series(
            "leadpulse_unanswered_leads",
            [Query(whole("sum by (team) (leadpulse_unanswered_leads)"), "{{team}}")],
            _TILE.but(title="Waiting, by team", unit="locale", width=9, stacked=True),
        ),
        make.tile(
            "leadpulse_expected_breaches",
            [Query(guarded(total(in_15), FORECAST), "will be late")],
            _TILE.but(title="In the next 15 minutes", decimals=0, width=5, steps=rising(1, 5)),
        ),
        make.tile(
            "leadpulse_source_silent",
            [Query(silent, "silent sources")],
            _TILE.but(width=5, steps=rising(1, 2), empty="not judged yet"),
        ),
        make.tile(
            "leadpulse_consumer_lag_seconds",
            [Query(behind, "age of the numbers")],
            _TILE.but(
                title="How fresh is this board?",
                decimals=0,
                width=5,
                steps=rising(_OLD, _FROZEN),
                empty="NO DATA",
                note="Time since the last scrape and what is not yet read. Red: do not act on this board, call whoever "
                "runs leadpulse.",
            ),
        ),
    ]
