"""How fast leads are answered, and whether promises are kept."""

from __future__ import annotations

from collections.abc import Sequence

from deploy.boards.frame import Board
from deploy.boards.looks import BANDS, SHARE_LOW, SHARE_OK, Look, falling, rising
from deploy.boards.panels import Panel, Panels, Query, colored, own_query
from deploy.boards.promql import counted, mean, quantile, share
from deploy.boards.terms import Terms
from schemas.signal import whole

_CONTACT = 'window="$window", kind="contact"'
_BUCKETS = f"leadpulse_response_seconds_bucket{{{_CONTACT}}}"
_COUNT = f"leadpulse_response_seconds_gcount{{{_CONTACT}}}"
_TEAM_LIST = "/waiting?team=${__field.labels.team:percentencode}"


def response(terms: Terms) -> Board:
    """Return the board about response times."""
    make = Panels(("window", "source", "team", "policy", "leadpulse_url", "lead"))
    return Board(
        name="response",
        title="Response",
        description="How fast is who answered, where does the time go, and which promises are kept?",
        variables=make.variables,
        rows=[
            ("Who is waiting", _waiting(make, terms)),
            ("How fast first contact is", _speed(make, terms)),
            ("Where the time goes", _clocks(make)),
            ("What was promised", _promises(make)),
            ("Follow-up", _follow_up(make)),
        ],
    )


def _waiting(make: Panels, terms: Terms) -> Sequence[Panel]:
    target = terms.answer_target
    return [
        colored(
            make.series(
                "leadpulse_unanswered_leads",
                [own_query("leadpulse_unanswered_leads", "{{band}}")],
                Look(title="Waiting, by band", width=10, stacked=True),
            ),
            BANDS,
        ),
        make.bars(
            "leadpulse_unanswered_leads",
            [Query(whole("sum by (team) (leadpulse_unanswered_leads)"), "{{team}}")],
            Look(
                title="Waiting, by team",
                width=7,
                link=_TEAM_LIST,
                link_title="Who is waiting for ${__field.labels.team}",
            ),
        ),
        make.bars(
            "leadpulse_oldest_unanswered_lead_age_seconds",
            [own_query("leadpulse_oldest_unanswered_lead_age_seconds", "{{team}}")],
            Look(
                width=7,
                steps=rising(terms.answer_warning, target),
                link=_TEAM_LIST,
                link_title="Who is waiting for ${__field.labels.team}",
            ),
        ),
    ]


def _speed(make: Panels, terms: Terms) -> Sequence[Panel]:
    name, limits = "leadpulse_response_seconds", rising(terms.answer_warning, terms.answer_target)
    by_kind = quantile(0.5, 'leadpulse_response_seconds_bucket{window="$window"}', "kind")
    return [
        make.series(
            name,
            [Query(quantile(q, _BUCKETS), f"{q:.0%} within") for q in (0.5, 0.9, 0.95)],
            Look(title="First contact: half, 90 % and 95 % within", steps=limits),
        ),
        make.series(name, [Query(by_kind, "{{kind}}")], Look(title="Median response, by kind")),
        make.series(
            "leadpulse_unanswered_lead_age_seconds",
            [own_query("leadpulse_unanswered_lead_age_seconds", "{{team}}")],
            Look(steps=limits),
        ),
        *_in_time(make, terms),
        *_channels(make, terms),
        *(_hours(make) if "1h" in terms.rolling else ()),
    ]


def _in_time(make: Panels, terms: Terms) -> Sequence[Panel]:
    name, target = "leadpulse_response_seconds", terms.answer_target
    quick = f'leadpulse_response_seconds_bucket{{{_CONTACT}, le="{target:.1f}"}}'
    within = f"Share of first contacts within {target / 60:g} min."
    look = Look(unit="percentunit", top=1, steps=falling(SHARE_LOW, SHARE_OK), note=within)
    columns = [
        Query(whole(f"sum by (team) ({_COUNT})"), "Contacts"),
        Query(quantile(0.5, _BUCKETS, "team"), "Half within"),
        Query(quantile(0.9, _BUCKETS, "team"), "90 % within"),
        Query(share(quick, _COUNT, "team"), "In time"),
    ]
    return [
        make.bars(name, [Query(share(quick, _COUNT, "team"), "{{team}}")], look.but(title="In time, by team")),
        make.bars(name, [Query(share(quick, _COUNT, "source"), "{{source}}")], look.but(title="In time, by source")),
        make.rows(name, columns, Look(title="Teams", note=within), {"Contacts": "locale", "In time": "percentunit"}),
    ]


def _channels(make: Panels, terms: Terms) -> Sequence[Panel]:
    name, target = "leadpulse_response_channel_seconds", terms.answer_target
    buckets, count = f'{name}_bucket{{window="$window"}}', f'{name}_gcount{{window="$window"}}'
    columns = [
        Query(whole(f"sum by (channel) ({count})"), "Contacts"),
        Query(quantile(0.9, buckets, "channel"), "90 % within"),
        Query(share(f'{name}_bucket{{window="$window", le="{target:.1f}"}}', count, "channel"), "In time"),
    ]
    note = f"Share of first contacts within {target / 60:g} min."
    return [
        make.bars(name, [own_query(name, "{{channel}}")], Look(steps=rising(terms.answer_warning, target))),
        make.rows(name, columns, Look(title="Channels", note=note), {"Contacts": "locale", "In time": "percentunit"}),
    ]


def _hours(make: Panels) -> Sequence[Panel]:
    hour = 'leadpulse_response_seconds_bucket{window="1h", kind="contact"}'
    look = Look(
        title="First contact, by hour", columns=True, interval="1h", note="Each bar is the hour that ends there."
    )
    return [make.series("leadpulse_response_seconds", [Query(quantile(0.9, hour), "90 % within")], look)]


def _clocks(make: Panels) -> Sequence[Panel]:
    clock = "leadpulse_response_clock_seconds"
    return [
        make.series(
            clock,
            [own_query(clock, "{{clock}}")],
            Look(
                title="Mean time to first contact, by clock",
                stacked=True,
                note="The height of the stack is the mean wall time.",
            ),
        ),
        make.rows(
            clock,
            [
                Query(mean(clock, f'window="$window", clock="{name}"', "team"), name)
                for name in ("routing", "human", "closed", "business")
            ],
            Look(title="Clocks, by team"),
            {},
        ),
        make.series(
            "leadpulse_next_response_seconds",
            [own_query("leadpulse_next_response_seconds", "{{clock}}")],
            Look(),
        ),
        make.bars("leadpulse_skewed_responses", [own_query("leadpulse_skewed_responses", "{{source}}")], Look()),
    ]


def _promises(make: Panels) -> Sequence[Panel]:
    name = "leadpulse_promised_leads"
    kept, due = f'{name}{{window="$window", result="met"}}', f'{name}{{window="$window", result=~"met|breached"}}'
    return [
        make.bars(
            name,
            [Query(share(kept, due, "policy, obligation"), "{{policy}}: {{obligation}}")],
            Look(title="Within SLA, by policy", unit="percentunit", top=1, steps=falling(SHARE_LOW, SHARE_OK)),
        ),
        make.rows(
            name,
            [
                Query(whole(f"sum by (policy, obligation) ({due})"), "Due"),
                *(
                    Query(counted(f'{name}{{window="$window", result="{result}"}}', due, "policy, obligation"), head)
                    for result, head in (
                        ("met", "Met"),
                        ("warned", "Warned"),
                        ("breached", "Breached"),
                        ("escalated", "Escalated"),
                        ("answered_late", "Answered late"),
                    )
                ),
            ],
            Look(title="Promises"),
            {},
        ),
        make.series(
            name,
            [Query(share(kept, due, "team"), "{{team}}")],
            Look(title="Within SLA, by team", unit="percentunit", top=1, width=24),
        ),
    ]


def _follow_up(make: Panels) -> Sequence[Panel]:
    legends = (
        ("leadpulse_follow_up_leads", "{{stage}}: {{band}}"),
        ("leadpulse_unplanned_leads", "{{team}}"),
        ("leadpulse_contact_collisions", "{{team}}"),
        ("leadpulse_contacts_after_close", "{{state}}: {{kind}}"),
    )
    bars = [make.bars(name, [own_query(name, legend)], Look(height=9)) for name, legend in legends]
    reply = 'leadpulse_reply_leads{{window="$window", result="{}"}}'
    replies = make.rows(
        "leadpulse_reply_leads",
        [
            Query(counted(reply.format("replied"), 'leadpulse_reply_leads{window="$window"}', "source"), "Replied"),
            Query(counted(reply.format("silent"), 'leadpulse_reply_leads{window="$window"}', "source"), "Silent"),
            Query(share(reply.format("replied"), 'leadpulse_reply_leads{window="$window"}', "source"), "Share"),
        ],
        Look(width=24, empty="nobody's time to reply was up"),
        {"Share": "percentunit"},
    )
    return [*bars, replies]
