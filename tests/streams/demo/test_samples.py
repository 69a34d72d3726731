"""The board's numbers out of the text of /metrics."""

from __future__ import annotations

import pytest

from streams.demo.samples import Distribution, Samples

TEXT = """# HELP leads Leads
# TYPE leads gauge
leads{window="5m",source="web"} 3
leads{window="5m",source="ads"} 4
leads{window="1h",source="web"} 9
wait_bucket{team="a",le="10.0"} 1
wait_bucket{team="a",le="60.0"} 3
wait_bucket{team="a",le="+Inf"} 4
wait_bucket{team="b",le="10.0"} 1
wait_bucket{team="b",le="60.0"} 1
wait_bucket{team="b",le="+Inf"} 1
other 1
"""


@pytest.fixture
def samples() -> Samples:
    return Samples(TEXT, ("leads", "wait_bucket"))


def test_samples_add_up_over_the_labels_that_are_not_asked_for(samples: Samples) -> None:
    assert samples.total("leads", window="5m") == 7
    assert samples.by("source", "leads") == {"web": 12, "ads": 4}
    assert samples.most("window", "leads") == {"5m": 4, "1h": 9}


def test_what_the_board_does_not_need_is_not_parsed(samples: Samples) -> None:
    assert samples.total("other") == 0


def test_histograms_add_up_over_their_label_sets(samples: Samples) -> None:
    assert samples.distribution("wait").buckets == ((10.0, 2), (60.0, 4), (float("inf"), 5))
    assert samples.distribution("wait", team="a").count == 4


def test_a_quantile_lies_within_its_bucket_as_prometheus_has_it(samples: Samples) -> None:
    found = samples.distribution("wait", team="a")
    assert found.quantile(0.25) == 10
    assert found.quantile(0.5) == 35  # half way through the two between 10 and 60
    assert found.quantile(0.99) == 60  # beyond the last bound: that bound


def test_nothing_observed_has_no_quantile_and_no_share() -> None:
    assert Distribution(()).quantile(0.5) is None
    assert Distribution(((10.0, 0), (float("inf"), 0))).within(10) is None


def test_the_share_within_a_bound_is_exact(samples: Samples) -> None:
    assert samples.distribution("wait", team="a").within(60) == 0.75


def test_what_was_observed_since_a_former_look_is_the_difference(samples: Samples) -> None:
    former = samples.distribution("wait", team="b")
    assert samples.distribution("wait").since(former) == samples.distribution("wait", team="a")
