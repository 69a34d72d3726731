"""The settings about silent sources as the processors take them."""

from __future__ import annotations

from processors.silence import SilenceRules
from streams.settings.sections import Settings


def silence_rules(settings: Settings) -> SilenceRules:
    """Return how silences are judged."""
    silence = settings.silence
    return SilenceRules(
        period=silence.period.ms,
        grain=silence.grain.ms,
        zone=settings.funnel.zone,
        half_life=silence.half_life.ms,
        level=silence.level,
        min_history=silence.min_history.ms,
        min_arrivals=silence.min_arrivals,
        give_up=silence.give_up.ms,
        grace=silence.grace.ms,
        ignore=frozenset(silence.ignore),
    )
