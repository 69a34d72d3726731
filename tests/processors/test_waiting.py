"""Who waits, by deadline: as of the last commit, whatever happened in between."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET, structs

from processors import waiting
from processors.changelog import Changelog, restore
from processors.funnel import Funnel
from processors.policies import WALL, Policy, targets
from processors.shard import Shard
from processors.waiting import MAX_CHANGED
from processors.waiting_card import WaitingCard
from processors.working_hours import CalendarPlan
from tests.examples import examples
from tests.processors.events import (
    FUNNEL,
    STREAMS,
    T0_MS,
    assigned,
    at,
    call,
    created,
    inbound,
    lost,
    merged,
    reopened,
    stage,
)
from tests.processors.looks import Log

RANDOM = st.randoms(use_true_random=False)
MINUTE = 60_000
POLICIES = (
    Policy(name="ads", clock=WALL, sources=frozenset({"ads"})),
    Policy(
        name="north",
        clock=WALL,
        teams=frozenset({"north", "n"}),
        targets=targets(first_attempt=5 * MINUTE, first_contact=10 * MINUTE, next_response=20 * MINUTE),
        escalations=(10 * MINUTE,),
    ),
    Policy(name="rest", clock=WALL, targets=targets(first_contact=60 * MINUTE)),
)
PROMISING = Funnel(zone=FUNNEL.zone, stages=FUNNEL.stages, policies=POLICIES, calendars=CalendarPlan())


class Partition:
    """A shard, its changelog, and the topic that it goes to."""

    def __init__(self) -> None:
        self.shard, self.log = Shard(PROMISING), Log()
        self.changelog = Changelog(self.shard)
        self.changelog.loaded()

    def apply(self, *events: Any) -> None:
        for event in events:
            self.shard.apply(event)

    def flush(self) -> None:
        self.shard.waiting.flushing(self.shard.hot)
        self.log.commit(self.changelog)

    def commit(self) -> None:
        self.flush()
        self.shard.waiting.committed()

    def restored(self) -> Shard:
        shard = Shard(PROMISING)
        restore(shard, self.log.records.items())
        return shard


def cards(shard: Shard, minutes: float = 0, team: str | None = None) -> list[WaitingCard]:
    now = T0_MS + int(minutes * MINUTE)
    found = [shard.waiting.card(lead_id, 0, now) for _, lead_id in shard.waiting.soonest(1000, team)]
    return [card for card in found if card is not None]


def card(*events: Any, minutes: float = 0) -> WaitingCard:
    """The card of the only lead, at some time, when everything is known and announced."""
    partition = Partition()
    partition.apply(*events)
    partition.shard.tick(T0_MS + int(minutes * MINUTE))
    partition.commit()
    (only,) = cards(partition.shard, minutes)
    return only


def test_a_new_lead_waits_for_what_is_due_first() -> None:
    found = card(created(0))
    assert (found.obligation, found.policy, found.clock, found.band) == ("first_attempt", "north", WALL, "on_time")
    assert (found.began_at, found.deadline) == (at(0), at(5))
    assert (found.team, found.source, found.stage, found.owner) == ("north", "web", "new", "")


def test_after_an_attempt_it_waits_for_the_contact() -> None:
    found = card(created(0), call("no_answer", 1), stage("contacted", 2))
    assert (found.obligation, found.deadline, found.stage) == ("first_contact", at(10), "contacted")


def test_when_they_write_again_it_waits_for_the_next_response_since_then() -> None:
    found = card(created(0), call("connected", 1), inbound(30))
    assert (found.obligation, found.began_at, found.deadline) == ("next_response", at(30), at(50))


def test_the_band_follows_what_the_clock_has_passed_and_the_alerts_have_told() -> None:
    assert (card(created(0), minutes=3.9).band, card(created(0), minutes=3.9).announced) == ("on_time", 0)
    assert (card(created(0), minutes=4.1).band, card(created(0), minutes=4.1).announced) == ("warned", 1)
    assert (card(created(0), minutes=5.1).band, card(created(0), minutes=5.1).announced) == ("breached", 2)
    assert (card(created(0), minutes=15.1).band, card(created(0), minutes=15.1).announced) == ("breached", 3)


def test_the_band_is_of_what_it_waits_for_now_though_an_earlier_promise_was_broken() -> None:
    found = card(created(0), call("no_answer", 6), minutes=7)
    assert (found.obligation, found.band) == ("first_contact", "on_time")


def test_a_lead_that_was_promised_nothing_waits_without_a_deadline_and_after_all_others() -> None:
    found = card(created(0, source="ads"))
    assert (found.obligation, found.band, found.policy, found.clock) == ("first_contact", "unpromised", "ads", "")
    assert found.deadline is UNSET
    partition = Partition()
    partition.apply(created(0, "A", source="ads"), created(9000, "B"))
    partition.commit()
    assert [found.lead_id for found in cards(partition.shard)] == ["B", "A"]


def test_a_deadline_that_was_announced_as_broken_stays_where_it_was() -> None:
    events = (created(0), assigned("n", 9, owner="ann"))
    found = card(*events, minutes=30)
    assert (found.deadline, found.owner, found.team) == (at(5), "ann", "n")


def test_the_clocks_so_far_add_up_to_the_time_since_the_creation() -> None:
    found = card(created(0), assigned("north", 2), minutes=3)
    assert (found.routing_seconds, found.human_seconds, found.closed_seconds) == (120, 60, 0)
    assert found.as_of - found.began_at == timedelta(minutes=3)


def test_nobody_waits_who_was_answered_closed_merged_or_never_created() -> None:
    partition = Partition()
    partition.apply(created(0, "A"), call("connected", 1, "A"))
    partition.apply(created(0, "B"), lost(1, "price", "B"))
    partition.apply(created(0, "C"), merged("A", 1, "C"))
    partition.apply(inbound(0, "D"))
    partition.commit()
    assert cards(partition.shard) == []
    partition.apply(reopened(5, "B"))
    partition.commit()
    assert [found.lead_id for found in cards(partition.shard)] == ["B"]


def test_a_team_sees_its_own_and_a_lead_that_moves_is_with_one_team_only() -> None:
    partition = Partition()
    partition.apply(created(0, "A"), created(1, "B", team="south"), created(2, "C", team=""))
    partition.commit()
    shard = partition.shard
    assert [found.lead_id for found in cards(shard, team="north")] == ["A"]
    assert [found.lead_id for found in cards(shard, team="unassigned")] == ["C"]
    assert cards(shard, team="nobody") == []
    partition.apply(assigned("south", 3, "A"))
    partition.commit()
    assert cards(shard, team="north") == []
    assert [found.lead_id for found in cards(shard, team="south")] == ["A", "B"]
    assert (shard.waiting.count(), shard.waiting.count("south"), shard.waiting.count("north")) == (3, 2, 0)


def test_nothing_is_told_before_it_is_committed() -> None:
    partition = Partition()
    partition.apply(created(0, "A"), created(0, "B"))
    partition.commit()
    before = cards(partition.shard)
    partition.apply(call("connected", 1, "A"), assigned("south", 1, "B"), created(1, "C"))
    assert cards(partition.shard) == before
    partition.flush()
    assert cards(partition.shard) == before
    partition.shard.waiting.committed()
    assert [(found.lead_id, found.team) for found in cards(partition.shard)] == [("C", "north"), ("B", "south")]


def test_a_reader_learns_which_leads_changed_and_too_many_changes_send_him_back_to_the_whole(
    monkeypatch: Any,
) -> None:
    partition = Partition()
    waiting_list = partition.shard.waiting
    partition.apply(created(0, "A"))
    partition.commit()
    assert waiting_list.changed is None, "nobody has asked"
    waiting_list.changed = set()
    partition.apply(call("connected", 1, "A"), created(1, "B"), created(1, "C"), call("connected", 1, "C"))
    partition.commit()
    assert waiting_list.changed == {"A", "B"}
    assert MAX_CHANGED > 1000
    monkeypatch.setattr(waiting, "MAX_CHANGED", 1)
    partition.apply(stage("contacted", 2, "B"), created(3, "D"))
    partition.commit()
    assert waiting_list.changed is None


@given(STREAMS, RANDOM)
@examples(60)
def test_cards_kept_up_to_date_equal_cards_made_from_the_log(events: list[Any], rng: random.Random) -> None:
    """After any events, ticks and commits: what a reader keeps by the changes is what a new owner would tell."""
    partition, minute = Partition(), 0
    kept: dict[str, WaitingCard] = {}
    partition.shard.waiting.changed = set()
    for event in [*events, None]:
        if event is not None:
            partition.apply(event)
        if rng.random() < 0.3:
            minute += rng.choice((1, 7, 300))
            partition.shard.tick(T0_MS + minute * MINUTE)
        if rng.random() < 0.2:  # a commit that is never heard of: nothing may show
            partition.flush()
            assert told(partition.shard) == kept
            partition.shard.waiting.committed()
        if event is None or rng.random() < 0.4:
            partition.commit()
        keep(kept, partition.shard)
        assert kept == told(partition.shard)
        assert kept == told(partition.restored())


def keep(kept: dict[str, WaitingCard], shard: Shard) -> None:
    changed, shard.waiting.changed = shard.waiting.changed or set(), set()
    for lead_id in changed:
        found = shard.waiting.card(lead_id, 0, T0_MS)
        if found is None:
            kept.pop(lead_id, None)
        else:
            kept[lead_id] = timeless(found)


def told(shard: Shard) -> dict[str, WaitingCard]:
    return {found.lead_id: timeless(found) for found in cards(shard)}


def timeless(found: WaitingCard) -> WaitingCard:
    """A card without what depends on when it is made: the clocks so far."""
    return structs.replace(found, as_of=at(0), routing_seconds=0, human_seconds=0, closed_seconds=0)
