"""What is told of forecasts: nothing is not zero, and a part is not told as a sum."""

from __future__ import annotations

from msgspec import structs

from processors.funnel import MINUTE_MS
from processors.policies import WALL, Policy, targets
from streams.agents import LeadState
from tests.processors.events import FUNNEL, T0_MS, created
from tests.streams.exposition.worker import FakeWorker, samples, take

PROMISE = Policy(name="promise", clock=WALL, targets=targets(first_contact=20 * MINUTE_MS))


def told(worker: FakeWorker, name: str) -> dict[frozenset[tuple[str, str]], float]:
    return {labels: value for (sample, labels), value in samples(worker.scrape()).items() if sample == name}


def look(state: LeadState) -> None:
    """Let it look at all waits; a look begins at one tick and ends at another."""
    for ms in (1, 2):
        state.tick(T0_MS + ms)


def test_breaches_are_expected_only_when_every_partition_has_a_forecast() -> None:
    worker = FakeWorker(structs.replace(FUNNEL, policies=(PROMISE,)))
    states = [worker.state(partition) for partition in (0, 1)]
    for number, state in enumerate(states):
        take(state, created(0, f"L{number}", team="north"))
    assert not told(worker, "leadpulse_expected_breaches"), "not 0: nobody has looked yet"
    assert not told(worker, "leadpulse_forecast_waits")

    look(states[0])
    assert told(worker, "leadpulse_forecast_waits") == {frozenset({("partition", "0")}): 1}
    assert not told(worker, "leadpulse_expected_breaches"), "not half of it"

    look(states[1])
    assert told(worker, "leadpulse_forecast_waits").keys() == {frozenset({("partition", p)}) for p in "01"}
    expected = told(worker, "leadpulse_expected_breaches")
    north = expected[frozenset({("team", "north"), ("horizon", "30m")})]
    assert 0 < north < 2
