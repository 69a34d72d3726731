"""Label pairs as text, as both exposition formats want them."""

from __future__ import annotations

from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def pairs(names: Iterable[str], values: Iterable[str]) -> str:
    """Return `a="x",b="y"`, escaped; without braces."""
    return ",".join(f'{name}="{value.translate(_ESCAPES)}"' for name, value in zip(names, values, strict=True))


def bound(edge_ms: int) -> str:
    """Return the upper bound of a bucket in seconds, in the canonical float form of OpenMetrics."""
    return repr(edge_ms / 1000)
