"""The signal table: every number leadpulse tells, with its name, meaning, labels and the query of its panel.

`/metrics`, the dashboards and `docs/metrics.md` are made of it; a number that is not here is not told.

Numbers of leads are gauges, since everything about a lead can be corrected by a later event; counters count what
happened to this application and never go back, across restarts and rebalances.
"""

from __future__ import annotations

from schemas.foresight_signals import FORESIGHT
from schemas.lead_signals import BUSINESS
from schemas.notify_signals import NOTIFIER
from schemas.signal import READY, WINDOW, Signal, with_values
from schemas.worker_signals import OPERATIONAL

__all__ = [
    "BUSINESS",
    "FORESIGHT",
    "NOTIFIER",
    "OPERATIONAL",
    "READY",
    "SIGNALS",
    "WINDOW",
    "Signal",
    "by_family",
    "by_name",
    "with_values",
]

SIGNALS: tuple[Signal, ...] = BUSINESS + FORESIGHT + OPERATIONAL + NOTIFIER


def by_family() -> dict[str, Signal]:
    """Return the signal of each of the processors' families."""
    return {signal.family: signal for signal in SIGNALS if signal.family}


def by_name(name: str) -> Signal:
    """Return a signal by its name; KeyError when there is none."""
    return {signal.name: signal for signal in SIGNALS}[name]
