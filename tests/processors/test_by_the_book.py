"""What the shard tells is what `docs/semantics.md` says, read plainly."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from msgspec import structs

from processors.funnel import Funnel, Stage
from processors.shard import Shard
from tests.examples import examples
from tests.processors.by_the_book import NOT_TOLD, SUM, Numbers, ms, numbers
from tests.processors.events import FUNNEL, HANDOVERS, STREAMS, TALKS
from tests.processors.looks import FAMILY_OF, feed, panes
from tests.processors.promised import FUNNELS, LATER

SIGNING = structs.replace(
    FUNNEL,
    stages=(Stage("contacted"), Stage("qualified"), Stage("proposal", "lost"), Stage("negotiation", "won")),
)
_FAMILIES = {family.name: family for family in FAMILY_OF.values()}


def told(funnel: Funnel, events: list[Any]) -> Numbers:
    """The numbers of a shard long after the events, in the words of the book."""
    shard, found = feed(Shard(funnel), events), Numbers()
    shard.tick(LATER)
    for minute, pane in panes(shard).items():
        for (family, *labels, bucket), n in pane.items():
            if family not in NOT_TOLD:
                is_sum = bucket and bucket == _FAMILIES[family].sum_bucket
                found[minute, family, *labels, SUM if is_sum else bucket] += n
    return found


def undecided(events: list[Any]) -> bool:
    """Whether two events of one id and time differ: then the alphabet decides, which the book leaves out."""
    by_id = defaultdict(list)
    for event in events:
        by_id[event.lead_id, event.event_id, ms(event)].append(event)
    return any(one != other for same in by_id.values() for one, other in combinations(same, 2))


@pytest.mark.parametrize("funnel", [FUNNEL, SIGNING])
@given(events=STREAMS)
@examples(100)
def test_whatever_happens_the_numbers_are_those_of_the_book(events: list[Any], funnel: Funnel) -> None:
    assume(not undecided(events))
    assert told(funnel, events) == numbers(events, funnel, LATER)


@pytest.mark.parametrize("funnel", FUNNELS)
@given(events=st.one_of(TALKS, HANDOVERS))
@examples(200)
def test_whoever_has_the_lead_the_promises_are_those_of_the_book(events: list[Any], funnel: Funnel) -> None:
    assume(not undecided(events))
    assert told(funnel, events) == numbers(events, funnel, LATER)
