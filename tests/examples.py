"""How many examples a property is tried with: some in daily work, all of them in `make test`."""

from __future__ import annotations

import os

from hypothesis import settings

SHARE = float(os.environ.get("LEADPULSE_THOROUGH") or 0.2)
"""Part of the examples that are tried: 1 in `make test`; more for a search."""


def examples(n: int) -> settings:
    """Settings for a property that is tried with `n` examples in `make test`."""
    return settings(max_examples=max(5, round(n * SHARE)), deadline=None)
