"""Alerts for the sales floor: people are kept waiting, a source dries up, the funnel changes."""

from __future__ import annotations

from deploy.rules.recording import (
    BROKEN_SHARE,
    CLOSED,
    CREATED,
    OLDEST,
    PROMISES,
    WAITING,
    WON_SHARE,
)
from deploy.rules.terms import Alert, Terms

_DAY = 24 * 60

ENOUGH = 10
"""Promises in an hour below which a share says nothing."""
ENOUGH_INTAKE = 20
ENOUGH_CLOSED = 50
FAST, SLOW = 5, 2
"""How many times as many promises are broken as the objective leaves room for."""


def business_alerts(terms: Terms) -> tuple[Alert, ...]:
    """Return the alerts about leads, measured by the terms of the business."""
    return (
        *_promises_broken(terms),
        _lead_waits(terms),
        _source_silent(),
        _intake_drops(terms),
        _conversion_shifts(terms),
    )


def _promises_broken(terms: Terms) -> tuple[Alert, ...]:
    """Return the alerts about promises that are broken faster than the objective leaves room for."""
    room = round(1 - terms.objective, 6)
    kept = f"{terms.objective:.0%}"
    return (
        Alert(
            name="LeadpulseResponseBurnFast",
            expr=_burn(terms, FAST * room, 60, 15),
            lasts="5m",
            severity="critical",
            kind="business",
            summary="{{ $labels.team }} breaks {{ $value | humanizePercentage }} of its promises "
            "({{ $labels.policy }})",
            description="{{ $value | humanizePercentage }} of the leads whose first contact was due in the last hour "
            f"were not reached in time, and it goes on; the objective is that {kept} are.",
            board="response",
        ),
        Alert(
            name="LeadpulseResponseBurnSlow",
            expr=_burn(terms, SLOW * room, _DAY, 60),
            lasts="30m",
            severity="warning",
            kind="business",
            summary="{{ $labels.team }} broke {{ $value | humanizePercentage }} of a day's promises "
            "({{ $labels.policy }})",
            description="{{ $value | humanizePercentage }} of the leads whose first contact was due in the last 24 "
            f"hours were not reached in time, and the last hour is no better; the objective is that {kept} are.",
            board="response",
        ),
    )


def _lead_waits(terms: Terms) -> Alert:
    """Return the alert about a single lead that waits far too long."""
    return Alert(
        name="LeadpulseLeadWaitsTooLong",
        expr=f"{OLDEST} > {terms.longest_wait:.0f} "
        f'and on (job, team) sum without (band) ({WAITING}{{band="breached"}}) > 0',
        lasts="5m",
        severity="warning",
        kind="business",
        summary="A lead of {{ $labels.team }} has waited {{ $value | humanizeDuration }}",
        description="The longest wait is {{ $value | humanizeDuration }}, and promises to leads of "
        "{{ $labels.team }} are broken.",
        board="response",
    )


def _source_silent() -> Alert:
    """Return the alert about a source that should have sent something."""
    return Alert(
        name="LeadpulseSourceSilent",
        expr="max by (job, source) (leadpulse_source_silent) == 1",
        lasts="1m",
        severity="warning",
        kind="business",
        summary="{{ $labels.source }} sends nothing",
        description="{{ $labels.source }} should have sent a lead by now: for this hour of the week the silence "
        "is less likely than the level that was set. The last one came "
        '{{ with printf "max by (source) (leadpulse_source_silence_seconds{source=%q})" $labels.source | query }}'
        "{{ . | first | value | humanizeDuration }}{{ end }} ago.",
        board="sources",
    )


def _intake_drops(terms: Terms) -> Alert:
    """Return the alert about fewer leads than a week ago."""
    return Alert(
        name="LeadpulseIntakeDrop",
        expr=_fewer_leads(terms),
        lasts="15m",
        severity="warning",
        kind="business",
        summary="Leads come in at {{ $value | humanizePercentage }} of a week ago",
        description="In the last hour {{ $value | humanizePercentage }} as many leads came in as in the same hour "
        f"a week ago, when there were at least {ENOUGH_INTAKE}.",
        board="sources",
    )


def _conversion_shifts(terms: Terms) -> Alert:
    """Return the alert about a source that converts unlike itself."""
    return Alert(
        name="LeadpulseConversionShift",
        expr=_unlike_its_usual_share(terms),
        lasts="1h",
        severity="info",
        kind="business",
        summary="{{ $labels.source }} converts differently: {{ $value | humanizePercentage }} won",
        description="Of the leads from {{ $labels.source }} closed in the last 7 days "
        "{{ $value | humanizePercentage }} were won. That is more than three standard errors from its share over "
        f"90 days, with at least {ENOUGH_CLOSED} closed.",
        board="funnel",
    )


def _burn(terms: Terms, limit: float, minutes: int, fewer: int) -> str:
    window, shorter, hour = terms.window(minutes), terms.window(fewer), terms.window(60)
    return (
        f'{BROKEN_SHARE}{{window="{window}"}} > {limit:g}'
        f' and ignoring (window) {BROKEN_SHARE}{{window="{shorter}"}} > {limit:g}'
        f' and ignoring (window) {PROMISES}{{window="{hour}"}} >= {ENOUGH}'
    )


def _fewer_leads(terms: Terms) -> str:
    in_the_hour = f'{CREATED}{{window="{terms.window(60)}"}}'
    return f"sum by (job) ({in_the_hour}) / (sum by (job) ({in_the_hour} offset 1w) >= {ENOUGH_INTAKE}) < 0.5"


def _unlike_its_usual_share(terms: Terms) -> str:
    """Return the query of a two-sided test of one share against another, by the normal approximation."""
    lately, always = (f'window="{terms.window(days * _DAY)}"' for days in (7, 90))
    week, usual, n = f"{WON_SHARE}{{{lately}}}", f"{WON_SHARE}{{{always}}}", f"{CLOSED}{{{lately}}}"
    error = f"sqrt({usual} * (1 - {usual}) / ignoring (window) ({n} >= {ENOUGH_CLOSED}))"
    return f"{week} and ignoring (window) abs({week} - ignoring (window) {usual}) > ignoring (window) 3 * {error}"
