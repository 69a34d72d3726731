"""Puts the variables of a board into an expression: which application, which workers, which sources and teams."""

from __future__ import annotations

import re
from functools import cache

from schemas.signals import SIGNALS, Signal

_SELECTOR = re.compile(r"\b((?:leadpulse|process)_[a-z_]+)\b(?:\{([^}]*)\})?")
_SUFFIX = re.compile(r"_(?:total|bucket|gsum|gcount|sum|count|info)$")
FILTERS = ("source", "team", "policy")
"""Labels that people choose on a board, each by the variable of its name."""


def scoped(expression: str, *, filters: tuple[str, ...] = FILTERS, instance: bool = False) -> str:
    """Return an expression whose every selector has the matchers of the board's variables.

    Args:
        expression: PromQL without them.
        filters: Business labels that the board lets choose; each goes where the signal has that label.
        instance: Whether the board shows single workers. A sum over some workers looks like a whole and is a part, so
            boards about leads do not.
    """

    def matched(found: re.Match[str]) -> str:
        name, given = found.group(1), found.group(2) or ""
        chosen = ['job=~"$job"', *(['instance=~"$instance"'] if instance else [])]
        chosen += [f'{label}=~"${label}"' for label in _labels(name) if label in filters and f"{label}=" not in given]
        return f"{name}{{{', '.join([given] * bool(given) + chosen)}}}"

    return _SELECTOR.sub(matched, expression)


def _labels(sample: str) -> tuple[str, ...]:
    signal = _signals().get(sample) or _signals().get(_SUFFIX.sub("", sample))
    if signal is None and sample.startswith("leadpulse_"):
        raise LookupError(f"{sample} is no signal")
    return signal.labels if signal else ()


@cache
def _signals() -> dict[str, Signal]:
    return {signal.name: signal for signal in SIGNALS}
