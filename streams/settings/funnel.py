"""The funnel's settings as the processors take them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import structs

from processors.follow_up import Band, FollowUp
from processors.funnel import MINUTE_MS, Funnel, Stage
from processors.labels import plain
from processors.policies import WALL, Policy, targets
from streams.settings.business import FollowUpSection, StageBand
from streams.settings.calendars import calendar_plan
from streams.settings.durations import Duration
from streams.settings.promises import Promise
from streams.settings.sections import Settings
from streams.settings.silence import silence_rules


def _ms(edges: Iterable[Duration]) -> tuple[int, ...]:
    return tuple(edge.ms for edge in edges)


def _promised(settings: Settings) -> Iterator[Duration]:
    yield settings.response.target
    for promise in settings.sla.policies:
        yield from promise.targets.values()


def policies_of(settings: Settings) -> tuple[Policy, ...]:
    """Return what is promised to whom."""
    default = Policy(name="default", clock=WALL, targets=targets(first_contact=settings.response.target.ms))
    return tuple(map(_policy, settings.sla.policies)) or (default,)


def _policy(promise: Promise) -> Policy:
    return Policy(
        name=promise.name,
        sources=frozenset(plain("source", name) for name in promise.sources),
        segments=frozenset(plain("segment", name) for name in promise.segments),
        regions=frozenset(plain("region", name) for name in promise.regions),
        products=frozenset(plain("product", name) for name in promise.products),
        teams=frozenset(plain("team", name) for name in promise.teams),
        min_amount=promise.min_amount,
        clock=promise.clock,
        targets=targets(**{name: target.ms for name, target in promise.targets.items()}),
        warn_share=promise.warn_at,
        warn_before=promise.warn_before.ms,
        escalations=_ms(promise.escalate),
    )


def follow_up_of(settings: Settings) -> FollowUp:
    """Return how often leads are to be contacted."""
    section = settings.follow_up
    return FollowUp(
        band=_band(section),
        bands=tuple((band.stage, _band(band)) for band in section.stages),
        collision=section.collision.ms,
        reply=section.reply_within.ms,
    )


def _band(bounds: FollowUpSection | StageBand) -> Band:
    return Band(longest_gap=bounds.longest_gap.ms, most_a_week=bounds.most_per_week)


def funnel_of(settings: Settings) -> Funnel:
    """Return what the events of this business mean.

    What was promised becomes a bucket edge, so that the share of leads answered in time is exact.
    """
    funnel, response, windows = settings.funnel, settings.response, settings.windows
    return Funnel(
        stages=tuple(Stage(stage.name, stage.kind) for stage in funnel.stages),
        zone=funnel.zone,
        response_edges=tuple(sorted({*_ms(response.thresholds), *_ms(_promised(settings))})),
        stage_edges=_ms(funnel.stage_thresholds),
        cycle_edges=_ms(funnel.cycle_thresholds),
        policies=policies_of(settings),
        calendars=calendar_plan(settings),
        routing=response.routing,
        follow_up=follow_up_of(settings),
        contact_outcomes=frozenset(response.contact_outcomes),
        written_channels=frozenset(response.written_channels),
        rolling={window.text: window.ms // MINUTE_MS for window in windows.rolling},
        calendar=windows.calendar,
        label_caps=structs.asdict(settings.labels),
        arrival_grain=settings.silence.grain.ms,
        arrival_memory=silence_rules(settings).memory,
        service_half_life=settings.forecast.half_life.ms,
    )
