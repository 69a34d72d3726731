"""What is open now, and who has not been answered."""

from __future__ import annotations

from typing import Any

from msgspec import structs

from processors.changelog import Changelog, restore
from processors.funnel import MINUTE_MS
from processors.policies import WALL, Policy, targets
from processors.shard import Shard
from tests.processors.events import (
    FUNNEL,
    T0_MS,
    assigned,
    automatic_mail,
    call,
    created,
    inbound,
    lost,
    merged,
    reopened,
    stage,
    won,
)
from tests.processors.looks import Log, ages, feed, panes
from tests.processors.telling import live, oldest, shard_of


def bands(shard: Shard) -> dict[str, int]:
    return {key[3]: count for key, count in panes(shard).get(0, {}).items() if key[0] == "unanswered"}


def test_an_open_lead_counts_in_the_stage_it_is_in() -> None:
    assert live("open", created(0)) == {("web", "new"): 1}
    assert live("open", created(0), stage("qualified", 3)) == {("web", "qualified"): 1}
    assert live("open", created(0), stage("qualified", 3), won(5)) == {}


def test_a_lead_is_unanswered_until_a_person_reaches_it() -> None:
    waits = {("web", "north", "on_time"): 1}
    assert live("unanswered", created(0)) == waits
    for nothing in (call("no_answer", 3), automatic_mail(3), inbound(3)):
        assert live("unanswered", created(0), nothing) == waits
    assert live("unanswered", created(0), call("connected", 3)) == {}


def test_an_unanswered_lead_waits_for_the_team_it_was_assigned_to() -> None:
    assert live("unanswered", created(0), assigned("south", 3)) == {("web", "south", "on_time"): 1}
    assert live("unanswered", created(0), assigned("", 3)) == {("web", "unassigned", "on_time"): 1}
    assert live("unanswered", created(0), assigned("south", 3), assigned("north", 4)) == {
        ("web", "north", "on_time"): 1
    }
    assert live("unanswered", created(0), call("connected", 2), assigned("south", 3)) == {}


def test_a_closed_lead_waits_no_longer_and_a_reopened_one_again() -> None:
    assert live("unanswered", created(0), lost(3)) == {}
    assert live("unanswered", created(0), lost(3), assigned("south", 4)) == {}
    assert live("unanswered", created(0), lost(3), reopened(5)) == {("web", "north", "on_time"): 1}
    assert live("unanswered", created(0), lost(3), call("connected", 4)) == {}
    assert live("unanswered", created(0), lost(3), call("connected", 4), reopened(5)) == {}


def test_the_oldest_open_lead_is_known_per_source_and_the_oldest_unanswered_per_team() -> None:
    events = [created(1.5, "A"), created(2, "B"), created(3, "C", source="ads", team="south")]
    shard = shard_of(*events)
    assert oldest(shard, "open_age") == {"web": 1.5, "ads": 3}
    assert oldest(shard, "unanswered_age") == {"north": 1.5, "south": 3}
    feed(shard, [call("connected", 4, "A"), assigned("north", 4, "C")])
    assert oldest(shard, "open_age") == {"web": 1.5, "ads": 3}
    assert oldest(shard, "unanswered_age") == {"north": 2}
    feed(shard, [won(5, "A"), lost(5, "", "C")])
    assert oldest(shard, "open_age") == {"web": 2}
    feed(shard, [reopened(6, "A")])
    assert oldest(shard, "open_age") == {"web": 1.5}, "the age is the lead's, not its last opening's"
    assert oldest(shard, "unanswered_age") == {"north": 2}, "it was answered once"
    feed(shard, [merged("Z", 7, "A"), merged("Z", 7, "B")])
    assert oldest(shard, "open_age") == {}


def test_ages_are_exact_to_the_millisecond_and_come_back_after_a_restart() -> None:
    events: list[Any] = [created(n / 60_000, f"L{n}") for n in (59_999, 60_000, 60_001, 119_999)]
    events += [call("connected", 9, "L59999"), won(9, "L60000"), created(0, "M"), merged("L60001", 3, "M")]
    shard, back, log = feed(Shard(FUNNEL), events), Shard(FUNNEL), Log()
    log.commit(Changelog(shard))
    restore(back, log.records.items())
    assert ages(back) == ages(shard)
    assert oldest(back, "open_age") == {"web": 59_999 / 60_000}
    assert oldest(back, "unanswered_age") == {"north": 60_001 / 60_000}


def test_a_late_attempt_leaves_a_lead_as_on_time_as_its_contact_is() -> None:
    #  created 0    attempt due 5      attempted 7           contact due 60
    #  on_time      breached           on_time again         …
    policy = Policy(name="p", clock=WALL, targets=targets(first_attempt=5 * MINUTE_MS, first_contact=60 * MINUTE_MS))
    funnel = structs.replace(FUNNEL, policies=(policy,))
    shard = feed(Shard(funnel), [created(0)])
    shard.tick(T0_MS + 6 * MINUTE_MS)
    assert bands(shard) == {"breached": 1}
    feed(shard, [call("no_answer", 7)])
    assert bands(shard) == {"on_time": 1}


def test_a_lead_that_was_attempted_waits_for_nothing_that_was_promised_where_only_the_attempt_was() -> None:
    policy = Policy(name="p", clock=WALL, targets=targets(first_attempt=5 * MINUTE_MS))
    shard = feed(Shard(structs.replace(FUNNEL, policies=(policy,))), [created(0), call("no_answer", 2)])
    assert bands(shard) == {"unpromised": 1}
