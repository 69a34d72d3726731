"""Label values: capped, counted as `other` beyond the cap, and named where they are missing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from processors.changelog import Changelog, restore
from processors.funnel import HOUR_MS, Funnel, Stage
from processors.labels import MISSING, OTHER, Labels
from processors.policies import Policy, targets
from processors.shard import Shard
from processors.working_hours import CalendarPlan
from tests.examples import examples
from tests.processors.events import FUNNEL, created, disqualified, lost
from tests.processors.looks import Log, feed, restored, state
from tests.processors.promised import DUTCH
from tests.processors.telling import counted, shard_of

CAPPED = Funnel(stages=FUNNEL.stages, label_caps={"source": 2, "reason": 1})


def from_sources(*sources: str) -> list[Any]:
    return [created(n, f"L{n}", source=source) for n, source in enumerate(sources)]


def test_names_beyond_the_cap_are_counted_as_other_and_how_often_is_known() -> None:
    shard = feed(Shard(CAPPED), from_sources("a", "b", "c", "d", "a", "c"))
    assert shard.labels["source"].names == ["unknown", "other", "a", "b"]
    assert shard.counts["overflow.source"] == 3
    leads = (shard.look(f"L{n}") for n in range(6))
    assert [lead and lead.source for lead in leads] == [2, 3, OTHER, OTHER, 2, OTHER]


def test_missing_names_and_other_need_no_room_under_the_cap() -> None:
    shard = feed(Shard(CAPPED), from_sources("", "unknown", "other", "a", "b"))
    assert shard.labels["source"].names == ["unknown", "other", "a", "b"]
    assert shard.counts["overflow.source"] == 0


@pytest.mark.parametrize(
    ("table", "name"),
    [("source", "unknown"), ("team", "unassigned"), ("reason", "unspecified"), ("stage", "new"), ("actor", "unknown")],
)
def test_a_missing_name_is_called(table: str, name: str) -> None:
    labels = Labels(table, None, defaultdict(int))
    assert labels.names[labels.number("")] == name
    assert labels.number(name) == labels.number("") == 0
    assert labels.text(0) == ""
    assert labels.text(labels.number("x")) == "x"


def test_missing_reasons_and_the_stage_before_the_first_have_names() -> None:
    assert counted("close_reasons", created(0), disqualified(3)) == {("web", "unspecified", "disqualified"): 1}
    assert counted("open", created(0)) == {("web", "new"): 1}


@pytest.mark.parametrize(("table", "most"), [("source", 100), ("team", 50), ("reason", 50), ("campaign", 1022)])
def test_without_a_configured_cap_a_label_has_room_for(table: str, most: int) -> None:
    counts: defaultdict[str, int] = defaultdict(int)
    labels = Labels(table, None, counts)
    numbers = {labels.number(f"name {n}") for n in range(most)}
    assert len(numbers) == most
    assert OTHER not in numbers
    assert counts == {}
    assert labels.number("one more") == OTHER
    assert counts == {f"overflow.{table}": 1}


@pytest.mark.parametrize(("table", "largest"), [("source", 1023), ("stage", 255), ("actor", 65_535)])
def test_no_cap_lets_a_number_outgrow_its_field(table: str, largest: int) -> None:
    labels = Labels(table, 10**9, defaultdict(int))
    assert max(labels.number(f"name {n}") for n in range(largest + 9)) == largest


def test_caps_and_their_overflow_come_back_after_a_restart() -> None:
    shard, back, log = feed(Shard(CAPPED), from_sources("a", "b", "c")), Shard(CAPPED), Log()
    log.commit(Changelog(shard))
    restore(back, reversed(log.records.items()))
    assert state(back) == state(shard)
    assert back.counts["overflow.source"] == 1
    feed(back, from_sources("b", "c", "z"))
    assert back.labels["source"].names == ["unknown", "other", "a", "b"]
    assert back.counts["overflow.source"] == 3
    going_on = Changelog(back).flush()
    assert not [key for key, _ in going_on if key.startswith(b"n")], "known names are not written again"


def test_a_cap_that_is_lowered_later_keeps_the_names_there_are() -> None:
    shard, back, log = feed(Shard(FUNNEL), from_sources("a", "b", "c")), Shard(CAPPED), Log()
    log.commit(Changelog(shard))
    restore(back, log.records.items())
    feed(back, from_sources("c", "d"))
    assert back.labels["source"].names == ["unknown", "other", "a", "b", "c"]


def test_configured_stages_have_room_before_any_other_name() -> None:
    stages = tuple(Stage(f"s{n}") for n in range(9))
    shard = Shard(Funnel(stages=stages, label_caps={"reason": 1}))
    assert shard.labels["stage"].names[2:] == [s.name for s in stages]


PROMISING = structs.replace(
    CAPPED,
    policies=(Policy(name="ours", sources=frozenset({"partner"}), targets=targets(first_contact=HOUR_MS)),),
    calendars=CalendarPlan(teams={"late": DUTCH}),
)


@pytest.mark.parametrize("others", [0, 2, 60])
def test_names_on_which_promises_and_hours_depend_are_never_other(others: int) -> None:
    crowd = [created(n, f"x{n}", source=f"form {n}", team=f"team {n}") for n in range(others)]
    shard = feed(Shard(PROMISING), [*crowd, created(0, "P", source="partner", team="late")])
    assert shard.counts["overflow.source"] == max(0, others - 2), "and they need no room under the cap"
    lead = shard.look("P")
    assert lead is not None
    assert shard.fold.promises.policy(lead) == 0
    assert shard.labels["team"].names[lead.team] == "late"


def test_names_on_which_promises_depend_have_their_own_from_the_start_that_says_so() -> None:
    log = Log()
    log.commit(Changelog(feed(Shard(FUNNEL), from_sources(*(f"form {n}" for n in range(100))))))
    back, _ = restored(log, PROMISING)
    feed(back, [created(0, "P", source="partner")])
    assert "partner" in back.labels["source"].names
    assert back.counts["overflow.source"] == 0


def test_closed_leads_of_an_overflowing_reason_count_under_other() -> None:
    leads = [created(0, "A"), lost(1, "price", "A"), created(0, "B"), lost(1, "silence", "B")]
    shard = feed(Shard(CAPPED), leads)
    assert shard.labels["reason"].names == ["unspecified", "other", "price"]
    assert counted("close_reasons", *leads) == {("web", "price", "lost"): 1, ("web", "silence", "lost"): 1}


@given(st.sampled_from(sorted(MISSING)), st.lists(st.text(max_size=9), max_size=40), st.integers(1, 30))
@examples(60)
def test_numbers_and_names_are_one_to_one_up_to_the_cap(table: str, names: list[str], cap: int) -> None:
    labels = Labels(table, cap, defaultdict(int))
    given_out = {name: labels.number(name) for name in names}
    for name, number in given_out.items():
        assert number == labels.number(name)
        assert number == OTHER or labels.names[number] == (name or MISSING[table])
    assert len(labels.names) <= cap + 2
    back = Labels(table, cap, defaultdict(int))
    for number in reversed(labels.unsaved):
        back.load(number, labels.names[number])
    assert (back.names, back.numbers) == (labels.names, labels.numbers)
    assert back.unsaved == []


def test_one_shard_is_told_by_names_whatever_numbers_it_gave_out() -> None:
    events = from_sources("a", "b", "c")
    assert state(shard_of(*events)) == state(shard_of(*reversed(events)))
