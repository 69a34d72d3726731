"""What a lead is, and when it counts."""

from __future__ import annotations

from processors.shard import Shard
from tests.processors.events import (
    FUNNEL,
    amount_changed,
    assigned,
    call,
    created,
    disqualified,
    inbound,
    lost,
    merged,
    reopened,
    scored,
    stage,
    won,
)
from tests.processors.looks import facts, feed
from tests.processors.telling import counted, families, live, observed, shard_of, times


def test_a_lead_counts_once_at_its_creation_under_the_source_and_team_it_came_with() -> None:
    events = created(7, source="portal", team="north"), assigned("south", 8)
    assert counted("created", *events) == {("portal", "north"): 1}
    assert times("created", *events) == [7]


def test_a_creation_without_source_and_team_is_unknown_and_unassigned() -> None:
    assert counted("created", created(0, source="", team="")) == {("unknown", "unassigned"): 1}


def test_the_earliest_creation_wins_with_all_its_facts() -> None:
    late, early = created(9, source="ads", team="south", amount=9), created(2, source="web", team="north", amount=2)
    assert counted("created", late, early) == {("web", "north"): 1}
    assert times("created", late, early) == [2]
    assert facts(shard_of(late, early))["L"][1][2] == 2, "the amount is the earliest creation's too"


def test_of_two_creations_at_one_instant_every_order_of_arrival_keeps_the_same() -> None:
    one, two = created(0, source="ads", event_id="a"), created(0, source="web", event_id="b")
    assert sum(counted("created", one, two).values()) == 1
    same_id = created(0, source="ads", event_id="a"), created(0, source="web", event_id="a")
    assert counted("created", *same_id) == {("ads", "north"): 1}, "of one id, the first in the alphabet"
    more = created(0, amount=3, event_id="a"), created(0, amount=2, event_id="a")
    assert facts(shard_of(*more))["L"][1][2] == 2, "and the smaller amount"


def test_a_creation_sent_again_changes_nothing() -> None:
    event = created(0)
    assert counted("created", event, event) == {("web", "north"): 1}


def test_an_earlier_creation_moves_the_lead_and_what_depends_on_it() -> None:
    events = created(10), call("connected", 12), created(2, source="ads")
    assert observed("response", *events)["ads", "north", "contact"] == [10, 10]


def test_a_lead_that_was_never_created_counts_nothing_but_uncreated() -> None:
    history = call("connected", 1), stage("qualified", 2), assigned("south", 3), won(4), inbound(5), scored(1.0, 6)
    assert families(*history) == {"uncreated"}
    assert live("uncreated", *history) == {(): 1}
    assert live("uncreated", *history, won(0, "M")) == {(): 2}


def test_when_the_creation_comes_the_whole_history_counts() -> None:
    history = call("connected", 3), stage("qualified", 4), won(5)
    assert families(*history, created(0)) == {"created", "response", "moved", "reached", "stage_time"} | {
        "closed",
        "close_reasons",
        "cycle",
        "response_channel",
        "response_clocks",
        "promises",
        "replies",
        "unplanned",
    }
    assert live("uncreated", *history, created(0)) == {}


def test_a_lead_is_uncreated_once_its_first_event_has_come_whatever_follows() -> None:
    assert live("uncreated", scored(1.0, 0), won(1)) == {(): 1}
    assert live("uncreated", won(1), won(1, event_id="b"), call("connected", 0)) == {(): 1}


def test_events_before_the_creation_count_at_their_own_time() -> None:
    events = stage("qualified", -30), created(0), won(-10)
    assert times("moved", *events) == [-30]
    assert counted("closed", *events) == {("web", "north", "won"): 1}
    assert times("closed", *events) == [-10]


def test_a_merged_lead_counts_nowhere() -> None:
    history = created(0), call("connected", 3), stage("qualified", 4), lost(5, "price")
    assert families(*history, merged("M", 6)) == set()
    assert families(*history, merged("M", -6)) == set(), "whenever the merge is said to have happened"
    assert families(won(3), merged("M", 6)) == set(), "nor is it uncreated"
    assert families(created(0), merged("M", 6), reopened(7), call("connected", 8)) == set(), "nothing brings it back"


def test_the_lead_that_stays_counts_its_own_events_only() -> None:
    events = created(0), call("connected", 3), created(1, "M"), merged("M", 6)
    assert counted("created", *events) == {("web", "north"): 1}
    assert counted("response", *events) == {}


def test_of_two_merges_the_first_name_in_the_alphabet_is_kept() -> None:
    shard = shard_of(created(0), merged("B", 1), merged("A", 2))
    assert facts(shard)["L"][1][3] == "A"


def test_amounts_are_kept_and_are_in_no_number() -> None:
    history = created(0), disqualified(9, "spam")
    with_amounts = (*history, amount_changed(1250, 3, currency="EUR"))
    assert families(*with_amounts) == families(*history)
    assert list(facts(shard_of(*with_amounts))["L"][1][4].values()) == ["1250 EUR"]


def test_amounts_that_differ_in_the_last_digit_are_different_facts() -> None:
    one, two = (feed(Shard(FUNNEL), [created(0, event_id="c"), e]) for e in _amounts(2**53 - 1, 2**53 - 2))
    assert facts(one) != facts(two)


def _amounts(*amounts: int) -> list[object]:
    return [amount_changed(amount, 3, event_id="a") for amount in amounts]
