from __future__ import annotations

import math
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy.boards.promql import Z95, ranked, share, total, wilson


def value(expression: str) -> float:
    """What an expression of numbers and sqrt is; Python reads the arithmetic of PromQL alike."""
    return float(eval(expression, {"sqrt": math.sqrt}))  # noqa: S307  # our own text


def textbook(successes: int, trials: int, sign: int) -> float:
    """Wilson's interval as it is usually written."""
    p, z = successes / trials, Z95
    middle = (p + z**2 / (2 * trials)) / (1 + z**2 / trials)
    half = z / (1 + z**2 / trials) * math.sqrt(p * (1 - p) / trials + z**2 / (4 * trials**2))
    return middle + sign * half


@given(st.integers(1, 100_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_interval_is_that_of_wilson_and_holds_the_share(case: tuple[int, int]) -> None:
    successes, trials = case
    low = value(wilson(str(successes), str(trials), upper=False))
    high = value(wilson(str(successes), str(trials), upper=True))
    assert low == pytest.approx(textbook(successes, trials, -1), abs=1e-5)
    assert high == pytest.approx(textbook(successes, trials, +1), abs=1e-5)
    assert -1e-5 <= low <= successes / trials + 1e-5
    assert successes / trials - 1e-5 <= high <= 1 + 1e-5


def test_the_interval_is_one_of_95_percent() -> None:
    assert pytest.approx(NormalDist().inv_cdf(0.975), abs=1e-6) == Z95


def test_sums_are_shown_only_while_they_are_whole() -> None:
    for expression in (total("leadpulse_open_leads"), share("a", "b"), share("a", "b", "team")):
        assert " and on() (count(" in expression


def test_the_largest_come_first() -> None:
    assert ranked("leadpulse_open_leads", 3) == "sort_desc(topk(3, leadpulse_open_leads))"
