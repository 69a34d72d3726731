"""The benchmark of the deadlines: it runs, and every step that came is noticed."""

from __future__ import annotations

import pytest

from bench import deadlines


@pytest.mark.thorough
def test_every_deadline_of_the_time_is_noticed_and_its_delay_measured() -> None:
    report = deadlines.run(quick=True, say=lambda _: None)
    found = report.figures
    assert 970 <= found["noticed"] <= 1000, (
        "a warning and a breach each 20 ms for ten seconds, but what is not yet reached"
    )
    assert 0 < found["delay_ms"]["p50"] <= found["delay_ms"]["p99"] <= found["delay_ms"]["max"]
    assert found["us_per_step"] > 0
