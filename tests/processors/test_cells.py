"""Cells: labels packed into one integer, and taken out again."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from processors.cells import FAMILY, MINUTE, SERIES
from processors.families import Family
from processors.funnel import MAX_EDGES, MINUTE_MS, STATUS_NAMES, Funnel, Stage
from processors.policies import WALL, Policy, targets
from processors.questions import FAMILIES
from processors.questions.live import FIRST_AGE, OPEN_AGE, UNANSWERED_AGE, age_group, age_start
from processors.rows import LATEST_MS
from processors.shard import Shard
from tests.examples import examples
from tests.processors.events import FUNNEL, assigned, call, created, inbound, lost, stage, won
from tests.processors.looks import ages, feed, flat, named, panes

COUNTS = [family for family in FAMILIES if family.key < FIRST_AGE]
MANY_EDGES = tuple(MINUTE_MS * (n + 1) for n in range(MAX_EDGES))


def masks(family: Family) -> list[int]:
    fields = [((1 << field.bits) - 1) << field.shift for field in family.fields]
    return [*fields, family.sum_bucket] if family.bucket_bits else fields


def name(table: str, number: int) -> str:
    return f"{table} {number}"


def test_every_family_has_a_number_and_a_name_of_its_own() -> None:
    assert len({family.number for family in FAMILIES}) == len({family.name for family in FAMILIES}) == len(FAMILIES)
    assert all(0 < family.number < 64 for family in FAMILIES)


@pytest.mark.parametrize("family", COUNTS, ids=lambda family: family.name)
def test_the_fields_of_a_family_do_not_overlap_and_leave_its_number_alone(family: Family) -> None:
    assert all(one & two == 0 for one, two in combinations(masks(family), 2))
    assert all(mask < 1 << FAMILY for mask in masks(family))
    assert family.key | sum(masks(family)) <= SERIES
    for field in family.fields:
        if not isinstance(field.names, str):
            assert len(field.names) <= 1 << field.bits


@pytest.mark.parametrize("family", [f for f in COUNTS if f.edges], ids=lambda family: family.name)
def test_the_most_edges_leave_a_bucket_number_for_the_sum(family: Family) -> None:
    assert family.sum_bucket > MAX_EDGES


@given(st.data(), st.sampled_from(COUNTS))
@examples(150)
def test_labels_are_those_that_were_packed(data: st.DataObject, family: Family) -> None:
    def largest(field: Any) -> int:
        return (1 << field.bits) - 1 if isinstance(field.names, str) else len(field.names) - 1

    numbers = [data.draw(st.one_of(st.just(largest(f)), st.integers(0, largest(f)))) for f in family.fields]
    bucket = data.draw(st.integers(0, family.sum_bucket))
    series = family.key | bucket | sum(n << field.shift for n, field in zip(numbers, family.fields, strict=True))
    cell = LATEST_MS // MINUTE_MS << MINUTE | series
    assert cell < 2**60
    assert cell & SERIES == series
    assert series >> FAMILY & 63 == family.number
    assert series & family.sum_bucket == bucket
    assert [field.number(series) for field in family.fields] == numbers
    assert family.labels(series, name) == tuple(
        _called(f.names, n) for f, n in zip(family.fields, numbers, strict=True)
    )


def _called(names: str | tuple[str, ...], number: int) -> str:
    return name(names, number) if isinstance(names, str) else names[number]


def full_shard() -> Shard:
    """A shard in which the names of our events have the largest numbers there are."""
    stages = (Stage("first"), Stage("last"))
    policy = Policy(
        name="the policy", clock=WALL, targets=targets(first_contact=5 * MINUTE_MS, next_response=MINUTE_MS)
    )
    funnel = Funnel(response_edges=MANY_EDGES, stage_edges=MANY_EDGES, cycle_edges=MANY_EDGES)
    shard = Shard(structs.replace(funnel, stages=stages, policies=(policy,)))
    stored = {(table, 1023): f"the {table}" for table in ("source", "team", "reason", "policy")}
    shard.set_labels(stored | {("stage", 254): "first", ("stage", 255): "last"})
    return shard


LIFE: tuple[Callable[[], Any], ...] = (
    lambda: created(0.9999, source="the source", team="the team"),
    lambda: call("connected", 99, channel="pigeon"),  # counted as other, the last of the channels
    lambda: inbound(99.5),
    lambda: call("connected", 199.5),
    lambda: stage("first", 100),
    lambda: stage("last", 300),
    lambda: lost(999, "the reason"),
    lambda: assigned("the team", 999.5),
    lambda: call("connected", 1000, actor="ann"),
    lambda: call("connected", 1001, actor="bob"),
)


def test_the_biggest_numbers_in_every_field_do_not_spill_into_another() -> None:
    shard = feed(full_shard(), [make() for make in LIFE])
    assert all(cell < 2**60 for cell in (*flat(shard.cells), *shard.cells.ages))
    found = {key: n for pane in panes(shard).values() for key, n in pane.items()}
    source, team, top = "the source", "the team", MAX_EDGES
    waited = 98 * MINUTE_MS + 6  # 98.0001 minutes
    promised = "promises", "the policy", team
    assert {key: n for key, n in found.items() if key[0] != "response"} == {
        ("created", source, team, 0): 1,
        ("moved", source, "new", "first", 0): 1,
        ("moved", source, "first", "last", 0): 1,
        ("reached", source, "first", 0): 1,
        ("reached", source, "last", 0): 1,
        ("stage_time", source, "new", top): 1,
        ("stage_time", source, "new", 255): 100 * MINUTE_MS - 59_994,
        ("stage_time", source, "first", top): 1,
        ("stage_time", source, "first", 255): 200 * MINUTE_MS,
        ("stage_time", source, "last", top): 1,
        ("stage_time", source, "last", 255): 699 * MINUTE_MS,
        ("closed", source, team, "lost", 0): 1,
        ("close_reasons", source, "the reason", "lost", 0): 1,
        ("cycle", source, "lost", "created", top): 1,
        ("cycle", source, "lost", "created", 255): 999 * MINUTE_MS - 59_994,
        ("cycle", source, "lost", "contact", top): 1,
        ("cycle", source, "lost", "contact", 255): 900 * MINUTE_MS,
        (*promised, "first_contact", "warned", 0): 1,
        (*promised, "first_contact", "breached", 0): 1,
        (*promised, "first_contact", "answered_late", 0): 1,
        (*promised, "next_response", "warned", 0): 1,
        (*promised, "next_response", "breached", 0): 1,
        (*promised, "next_response", "answered_late", 0): 1,
        ("response_channel", team, "other", top): 1,
        ("response_channel", team, "other", 63): waited,
        ("response_clocks", source, team, "routing", 0): 1,
        ("response_clocks", source, team, "human", top): 1,
        ("response_clocks", source, team, "human", 63): waited,
        ("response_clocks", source, team, "closed", 0): 1,
        ("response_clocks", source, team, "business", top): 1,
        ("response_clocks", source, team, "business", 63): waited,
        ("next_response", source, team, "business", top): 1,
        ("next_response", source, team, "business", 63): 100 * MINUTE_MS,
        ("next_response", source, team, "wall", top): 1,
        ("next_response", source, team, "wall", 63): 100 * MINUTE_MS,
        ("replies", source, team, "replied", 0): 1,
        ("unplanned", team, 0): -1,  # what ended at the closing; it began in an earlier pane
        ("contacts_after_close", source, team, "contact", "lost", 0): 1,
        ("collisions", source, team, 0): 1,
    }
    assert found["response", source, team, "contact", top] == 1


def test_an_age_is_kept_to_the_millisecond_beside_the_biggest_group_number() -> None:
    shard = feed(full_shard(), [LIFE[0]()])
    (start,) = ages(shard)["open_age", "the source"]
    assert start % MINUTE_MS == 59_994
    assert ages(shard)["unanswered_age", "the team"] == {start: 1}
    minute = LATEST_MS // MINUTE_MS - 1
    for family in (OPEN_AGE, UNANSWERED_AGE):
        cell = minute << MINUTE | family.key | 1023 << 18 | 59_999
        assert (age_start(cell), age_group(cell)) == (minute * MINUTE_MS + 59_999, 1023)


def test_starts_of_ages_are_kept_apart_from_what_goes_into_panes() -> None:
    shard = feed(Shard(FUNNEL), [created(0, "A")])
    assert {cell >> FAMILY & 63 for cell in shard.cells.ages} == {OPEN_AGE.number, UNANSWERED_AGE.number}
    assert all(series < FIRST_AGE for series in _series(shard))
    shard.merge()
    assert not shard.cells
    assert all(series < FIRST_AGE for _, pane in shard.panes.all() for series in pane)


def test_series_of_every_family_are_told_by_their_own_names() -> None:
    shard = feed(full_shard(), [created(0, "A", source="the source", team="the team"), won(5, "A")])
    assert {key[3] for key in named(shard, dict.fromkeys(_series(shard), 1)) if key[0] == "closed"} == {STATUS_NAMES[1]}


def _series(shard: Shard) -> list[int]:
    return [cell & SERIES for cell in flat(shard.cells)]
