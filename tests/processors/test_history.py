"""What arrives late, twice, with other content, or after too much else."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

from processors.funnel import Funnel
from processors.results import ACCEPTED, DUPLICATE, TOO_LATE
from processors.rows import SIZE, rows
from processors.shard import Shard
from schemas.refusals import Refusal
from tests.processors.events import (
    FUNNEL,
    STAGES,
    amount_changed,
    assigned,
    call,
    created,
    inbound,
    interaction,
    lost,
    merged,
    reopened,
    scored,
    stage,
    won,
)
from tests.processors.looks import ages, facts, feed, panes, recomputed
from tests.processors.telling import counted, live, shard_of, times


def short_memory(rows_kept: int = 16) -> Shard:
    shard = Shard(FUNNEL)
    shard.history.max_log = rows_kept * SIZE
    return shard


def busy_life(n: int) -> list[Any]:
    """Stage moves, closings and reopenings, a minute apart."""
    kinds: list[Callable[[int], Any]] = [
        lambda m: stage(STAGES[m % 4], m),
        lambda m: assigned("ns"[m % 2], m),
        won,
        reopened,
        lambda m: lost(m, "x"),
    ]
    return [created(0), *(kinds[(3 * m + m // 5) % 5](m) for m in range(1, n)), call("connected", n)]


def test_any_order_of_arrival_of_a_life_gives_the_same_numbers() -> None:
    life = created(0), stage("qualified", 2), call("connected", 3), lost(4, "price"), reopened(5)
    wanted = panes(shard_of(*life))
    assert all(panes(feed(Shard(FUNNEL), order)) == wanted for order in permutations(life))


def test_an_event_known_by_its_id_is_a_duplicate() -> None:
    shard = feed(Shard(FUNNEL), [created(0)])
    event, other = stage("qualified", 3), call("connected", 2)
    assert [shard.apply(e) for e in (event, event, other, other)] == [ACCEPTED, DUPLICATE, ACCEPTED, DUPLICATE]
    assert panes(shard) == panes(shard_of(created(0), event, other))


def test_ids_are_told_apart_per_lead() -> None:
    events = created(0, "A"), created(0, "B"), won(3, "A", event_id="same"), won(3, "B", event_id="same")
    assert counted("closed", *events) == {("web", "north", "won"): 2}


def test_of_two_events_with_one_id_the_earlier_stays() -> None:
    early, late = lost(3, "price", event_id="e"), lost(8, "silence", event_id="e")
    assert counted("close_reasons", created(0), late, early) == {("web", "price", "lost"): 1}
    assert times("closed", created(0), late, early) == [3]


def test_of_two_events_with_one_id_and_time_the_names_decide_and_never_the_arrival() -> None:
    pairs: list[tuple[Any, Any]] = [
        (lost(3, "a", event_id="e"), lost(3, "b", event_id="e")),
        (lost(3, "a", competitor="x", event_id="e"), lost(3, "a", competitor="y", event_id="e")),
        (assigned("a", 3, event_id="e"), assigned("b", 3, event_id="e")),
        (assigned("a", 3, owner="ann", event_id="e"), assigned("a", 3, owner="bob", event_id="e")),
        (stage("negotiation", 3, event_id="e"), stage("qualified", 3, event_id="e")),
        (call("connected", 3, event_id="e"), call("no_answer", 3, event_id="e")),
        (call("connected", 3, actor="ann", event_id="e"), call("connected", 3, actor="bob", event_id="e")),
        (scored(1.0, 3, event_id="e"), scored(2.0, 3, event_id="e")),
        (won(3, event_id="e"), reopened(3, event_id="e")),
    ]
    for one, two in pairs:
        # The numbers of the names come from the order of first appearance: mix it up with another lead.
        other = type(two)(**{f: getattr(two, f) for f in two.__struct_fields__} | {"lead_id": "X"})
        orders = [[created(0, event_id="c"), *order] for order in ([one, two], [two, one], [other, two, one])]
        kept = [facts(feed(Shard(FUNNEL), order))["L"] for order in orders]
        assert kept[0] == kept[1] == kept[2]
        assert len(kept[0][0]) == 1


def test_events_of_one_instant_are_taken_in_a_fixed_order_whatever_arrived_first() -> None:
    events = [
        created(0, event_id="c"),
        reopened(0, event_id="r"),
        won(0, event_id="w"),
        call("connected", 0, event_id="t"),
        stage("qualified", 0, event_id="s"),
        assigned("south", 0, event_id="a"),
    ]
    shard = shard_of(*events)
    lead = shard.look("L")
    assert lead is not None
    codes = [row.code for row in rows(lead.log)]
    assert codes == sorted(codes)
    assert counted("response", *events)["web", "south", "contact"] == 1, "assigned, entered, answered, won, reopened"
    assert live("open", *events) == {("web", "qualified"): 1}


def test_a_very_long_log_is_bounded_and_the_panes_keep_what_it_drops() -> None:
    life = busy_life(400)
    short, full = feed(short_memory(), life), feed(Shard(FUNNEL), life)
    assert panes(short) == panes(full)
    assert ages(short) == ages(full)
    lead = short.look("L")
    assert lead is not None
    assert 8 * SIZE <= len(lead.log) <= 17 * SIZE


def test_a_log_is_shortened_only_when_it_is_longer_than_512_rows() -> None:
    for n, left in ((512, 512), (513, 257)):
        calls = [call("no_answer", m) for m in range(n)]
        for events in ([created(0), *calls], [*calls, created(0)]):
            lead = feed(Shard(FUNNEL), events).look("L")
            assert lead is not None
            assert len(lead.log) // SIZE == left


def test_an_event_older_than_what_a_long_log_kept_is_too_late() -> None:
    life = busy_life(40)
    shard = feed(short_memory(), life)
    before = panes(shard)
    assert shard.apply(stage("proposal", 0.5)) == TOO_LATE
    results = [shard.apply(event) for event in life[1:]]
    assert results == [TOO_LATE] * 24 + [DUPLICATE] * 16, "known or not: the row is gone"
    assert panes(shard) == before


def test_a_late_event_within_what_a_long_log_kept_is_exact() -> None:
    life, late = busy_life(40), stage("proposal", 38.5)
    short, full = feed(short_memory(), [*life, late]), feed(Shard(FUNNEL), [*life, late])
    assert panes(short) == panes(full)


def test_a_creation_or_a_merge_after_the_log_was_shortened_is_too_late() -> None:
    shard = feed(short_memory(), busy_life(40))
    before = panes(shard)
    assert shard.apply(created(-5)) == TOO_LATE
    assert shard.apply(merged("M", 50)) == TOO_LATE
    assert shard.apply(created(5)) == DUPLICATE, "a later creation never counts"
    assert panes(shard) == before


def test_a_long_history_without_a_creation_is_shortened_and_says_so() -> None:
    shard = feed(short_memory(), [call("connected", m) for m in range(1, 18)])
    assert shard.counts["forgotten"] == 8, "the older half of 17 can never count"
    feed(shard, [created(0)])
    assert panes(shard) == recomputed(shard)
    contact = {key: n for pane in panes(shard).values() for key, n in pane.items() if key[0] == "response"}
    assert contact["response", "web", "north", "contact", 63] == 9 * 60_000, "the ninth contact is the first known one"


def test_a_merged_lead_with_a_very_long_log_stays_merged() -> None:
    calls = [call("no_answer", m) for m in range(20, 60)]
    shard = feed(short_memory(), [created(0), merged("M", 1), *calls, scored(0.5, 99), call("connected", 58.5)])
    assert panes(shard) == {}
    again = merged("N", 98, event_id="m")
    feed(shard, [again, lost(97, event_id="m")])
    assert panes(shard) == {}, "nor does another merge that is taken back bring it to life"


def test_a_merge_that_is_replaced_by_an_earlier_event_of_its_id_is_no_merge() -> None:
    events = created(0), merged("M", 9, event_id="e"), won(3, event_id="e")
    assert counted("closed", *events) == {("web", "north", "won"): 1}


def test_notes_of_replaced_and_dropped_events_are_forgotten() -> None:
    shard = feed(Shard(FUNNEL), [amount_changed(50, 9, event_id="e"), amount_changed(25, 3, event_id="e")])
    assert list(facts(shard)["L"][1][4].values()) == ["25"]
    feed(shard, [won(2, event_id="e")])
    assert facts(shard)["L"][1][4] is None
    many = feed(short_memory(), [amount_changed(m, m) for m in range(1, 18)])
    lead = many.look("L")
    assert lead is not None
    assert lead.notes is not None
    assert sorted(map(int, lead.notes.values())) == list(range(9, 18))


def test_after_a_change_of_meaning_a_shortened_lead_keeps_its_creation_outcome_and_live_state() -> None:
    closed = created(0), lost(1, "x"), *(call("no_answer", m) for m in range(2, 19))
    for life in ((*busy_life(60), won(99)), (*busy_life(60), reopened(99)), closed, (*closed, reopened(99))):
        shard = feed(short_memory(), life)
        kept = {"created", "closed", "close_reasons", "open", "unanswered", "replies"}
        wanted = {start: {k: v for k, v in p.items() if k[0] in kept} for start, p in panes(shard).items()}
        found = {start: {k: v for k, v in p.items() if k[0] in kept} for start, p in recomputed(shard).items()}
        assert {s: p for s, p in found.items() if p} == {s: p for s, p in wanted.items() if p}
        assert len(recomputed(shard)) < len(panes(shard)), "what its dropped rows contributed is lost"


def test_after_a_change_of_meaning_a_reaction_replaces_the_silence_of_a_dropped_attempt() -> None:
    moves = [assigned("ns"[n % 2], 2 + n) for n in range(20)]
    shard = feed(short_memory(), [created(0), call("no_answer", 1), *moves, inbound(30)])
    replies = [{k: n for k, n in p.items() if k[0] == "replies"} for p in recomputed(shard).values()]
    assert [found for found in replies if found] == [{("replies", "web", "north", "replied", 0): 1}]


def test_a_refused_event_leaves_no_trace() -> None:
    shard = Shard(Funnel())
    before = {table: list(labels.names) for table, labels in shard.labels.items()}
    for bad in (stage("no such", 3), lost(-60 * 24 * 366 * 30, "price"), interaction(60 * 24 * 366 * 40)):
        assert isinstance(shard.apply(bad), Refusal)
    assert not shard.hot
    assert not shard.cells
    assert len(shard) == shard.watermark == 0
    assert {table: list(labels.names) for table, labels in shard.labels.items()} == before
