"""Puts the variables of a board into an expression: which application, which workers, which sources and teams."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import cache

from schemas.signal import READY, Signal, covers
from schemas.signals import SIGNALS

_SELECTOR = re.compile(r"\b((?:leadpulse|process)_[a-z_]+)\b(?:\{([^}]*)\})?")
_GUARD = re.compile(f"({re.escape(READY)}|{re.escape(covers('NAME')).replace('NAME', '[a-z_]+')})")
_SUFFIX = re.compile(r"_(?:total|bucket|gsum|gcount|sum|count|info)$")
_WORKERS, _NOTIFIER = 'job=~"$job"', 'job=~"$job(-notify)?"'
"""The notifier is a job of its own, named after that of the workers, where it is not scraped under the same name."""
FILTERS = ("source", "team", "policy")
"""Labels that people choose on a board, each by the variable of its name."""


def scoped(expression: str, variables: Collection[str] = ()) -> str:
    """Return an expression whose every selector has the matchers of the board's variables.

    A business filter goes where the signal has its label. Boards about leads have no variable `instance`: a sum over
    some workers looks like a whole and is a part. The guard of a sum asks for all workers on every board.

    Args:
        expression: PromQL without them.
        variables: What the board lets choose beside the job.

    Raises:
        LookupError: It asks for something that is no signal.
    """
    parts = _GUARD.split(expression)
    return "".join(_matched(part, () if _GUARD.fullmatch(part) else variables) for part in parts)


def _matched(expression: str, variables: Collection[str]) -> str:
    filters = [label for label in FILTERS if label in variables]

    def matched(found: re.Match[str]) -> str:
        name, given = found.group(1), found.group(2) or ""
        labels = _labels(name)
        chosen = [label for label in filters if label in labels and f"{label}=" not in given]
        chosen += ["instance"] if "instance" in variables else []
        matchers = [given] if given else []
        matchers.append(_NOTIFIER if name.startswith("leadpulse_notify_") else _WORKERS)
        matchers += [f'{label}=~"${label}"' for label in chosen]
        return f"{name}{{{', '.join(matchers)}}}"

    return _SELECTOR.sub(matched, expression)


def _labels(sample: str) -> tuple[str, ...]:
    signal = _signals().get(sample) or _signals().get(_SUFFIX.sub("", sample))
    if signal is None and sample.startswith("leadpulse_"):
        raise LookupError(f"{sample} is no signal")
    return signal.labels if signal else ()


@cache
def _signals() -> dict[str, Signal]:
    return {signal.name: signal for signal in SIGNALS}
