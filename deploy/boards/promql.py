"""Expressions of the boards, without the matchers that `scope` adds."""

from __future__ import annotations

from schemas.signal import whole

Z95 = 1.959964
"""Standard normal quantile of a two-sided interval of 95 %."""

ZERO = "or vector(0)"
"""Ends a sum that is never without a value while it is whole."""


def total(selector: str) -> str:
    """Return a sum over all workers that says 0 where nothing was ever counted, and nothing while it is not whole."""
    return whole(f"(sum({selector}) {ZERO})")


def share(part: str, of: str, by: str = "") -> str:
    """Return how large a part is: 0 where no part was ever counted, nothing where there is nothing to take a part of.

    Args:
        part: Selector of the part.
        of: Selector of all.
        by: Labels to tell apart.
    """
    grouped = f"sum by ({by})" if by else "sum"
    return whole(f"({grouped} ({part}) or 0 * {grouped} ({of})) / ({grouped} ({of}) > 0)")


def counted(part: str, of: str, by: str) -> str:
    """Return a sum by labels that says 0 for what is counted in the other sum only."""
    return whole(f"(sum by ({by}) ({part}) or 0 * sum by ({by}) ({of}))")


def ranked(expression: str, most: int = 12) -> str:
    """Return the largest of a vector, the largest first."""
    return f"sort_desc(topk({most}, {expression}))"


def quantile(q: float, buckets: str, by: str = "") -> str:
    """Return a quantile of a gauge histogram: its buckets are what is in the window now, no rate is taken."""
    labels = f"le, {by}" if by else "le"
    return whole(f"histogram_quantile({q:g}, sum by ({labels}) ({buckets}))")


def mean(histogram: str, matchers: str, by: str = "") -> str:
    """Return the mean of a gauge histogram.

    Args:
        histogram: Its name.
        matchers: As they stand between braces.
        by: Labels to tell apart.
    """
    grouped = f"sum by ({by})" if by else "sum"
    return whole(f"{grouped} ({histogram}_gsum{{{matchers}}}) / ({grouped} ({histogram}_gcount{{{matchers}}}) > 0)")


def wilson(successes: str, trials: str, *, upper: bool) -> str:
    """Return a bound of the Wilson score interval (95 %) of a share.

    With s successes in n trials it is (s + z²/2 ± z·√(s(n-s)/n + z²/4)) / (n + z²): it stays between 0 and 1, and tells
    the truth for few trials, where s/n alone looks like a fact.

    Args:
        successes: Vector of the number of successes.
        trials: Vector of the number of trials, with the same labels.
        upper: The upper bound, otherwise the lower one.
    """
    z2 = Z95**2
    half = f"{Z95:g} * sqrt({successes} * ({trials} - {successes}) / {trials} + {z2 / 4:.6g})"
    return f"({successes} + {z2 / 2:.6g} {'+' if upper else '-'} {half}) / ({trials} + {z2:.6g})"


def hourly(counter: str, by: str) -> str:
    """Return how much a counter grows in an hour, for what is rare; it moves between workers with its partition.

    The largest value of each partition is taken before the rate, as the signal table does, see `docs/metrics.md`.
    """
    return f"3600 * sum by ({by}) (rate(max by (partition, {by}) ({counter}_total)[$__rate_interval:15s]))"
