"""The funnel's settings as the processors take them."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import structs

from processors.funnel import MINUTE_MS, Funnel, Stage
from streams.settings.durations import Duration
from streams.settings.sections import Settings


def _ms(edges: Iterable[Duration]) -> tuple[int, ...]:
    return tuple(edge.ms for edge in edges)


def funnel_of(settings: Settings) -> Funnel:
    """Return what the events of this business mean.

    The response target becomes a bucket edge, so that the share of leads answered in time is exact.
    """
    funnel, response, windows = settings.funnel, settings.response, settings.windows
    return Funnel(
        stages=tuple(Stage(stage.name, stage.kind) for stage in funnel.stages),
        zone=funnel.zone,
        response_edges=tuple(sorted({*_ms(response.thresholds), response.target.ms})),
        stage_edges=_ms(funnel.stage_thresholds),
        cycle_edges=_ms(funnel.cycle_thresholds),
        answer_target=response.target.ms,
        contact_outcomes=frozenset(response.contact_outcomes),
        written_channels=frozenset(response.written_channels),
        rolling={window.text: window.ms // MINUTE_MS for window in windows.rolling},
        calendar=windows.calendar,
        label_caps=structs.asdict(settings.labels),
    )
