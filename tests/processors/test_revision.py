"""What a changed configuration moved, in words."""

from __future__ import annotations

import pytest
from msgspec import structs

from processors.changelog import Changelog, restore
from processors.funnel import MINUTE_MS, Funnel
from processors.policies import WALL, Policy, targets
from processors.revision import Moved, moved
from processors.shard import Shard
from tests.processors.events import FUNNEL, call, created
from tests.processors.looks import Log, feed


def promised(minutes: int) -> Funnel:
    policy = Policy(name="p", clock=WALL, targets=targets(first_contact=minutes * MINUTE_MS))
    return structs.replace(FUNNEL, policies=(policy,))


def started_with(funnel: Funnel, log: Log) -> Changelog:
    return restore(Shard(funnel), log.records.items())


@pytest.fixture
def stored() -> Log:
    """A lead answered after 8 minutes, stored while 5 were promised."""
    log = Log()
    log.commit(Changelog(feed(Shard(promised(5)), [created(0), call("connected", 8)])))
    return log


def test_a_start_that_means_the_same_moves_nothing(stored: Log) -> None:
    assert started_with(promised(5), stored).moved == []


def test_a_longer_promise_moves_the_breach_and_says_so(stored: Log) -> None:
    said = [str(one) for one in started_with(promised(30), stored).moved]
    assert "promises obligation=first_contact result=breached: 1 -> 0" in said
    assert "promises obligation=first_contact result=met: 0 -> 1" in said


def test_what_does_not_depend_on_what_changed_is_not_among_it(stored: Log) -> None:
    assert {one.what.split()[0] for one in started_with(promised(30), stored).moved} == {"promises"}


def test_only_what_differs_is_told_in_the_order_of_its_words() -> None:
    assert moved({"b": 1, "a": 2, "same": 7}, {"c": 3, "a": 5, "same": 7}) == [
        Moved("a", 2, 5),
        Moved("b", 1, 0),
        Moved("c", 0, 3),
    ]


def test_a_histogram_tells_observations_and_hours() -> None:
    log = Log()
    log.commit(Changelog(feed(Shard(FUNNEL), [created(0), call("connected", 180)])))
    started = started_with(structs.replace(FUNNEL, contact_outcomes=frozenset({"held"})), log)
    said = [str(one) for one in started.moved]
    assert "response kind=contact: 1 -> 0" in said
    assert "response kind=contact, hours: 3 -> 0" in said
