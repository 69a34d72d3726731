"""How many examples a property is tried with: few in daily work, many when `LEADPULSE_THOROUGH` names a factor."""

from __future__ import annotations

import os

from hypothesis import settings

_FACTOR = int(os.environ.get("LEADPULSE_THOROUGH", "1"))


def examples(n: int) -> settings:
    return settings(max_examples=n * _FACTOR, deadline=None)
