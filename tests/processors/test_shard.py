"""What a shard takes, refuses, tells others and knows of its leads."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import structs

from processors.changelog import Changelog, restore
from processors.funnel import Funnel
from processors.policies import WALL, Policy, targets
from processors.results import ACCEPTED
from processors.shard import Shard
from schemas.alerts import AnsweredLate
from schemas.refusals import Reason, Refusal
from tests.processors.events import FUNNEL, T0, T0_MS, assigned, at, call, created, merged, reopened, stage, won
from tests.processors.looks import Log, feed, state


def moved_to(event: Any, moment: datetime) -> Any:
    return structs.replace(event, occurred_at=moment)


def reason(result: object) -> Reason | None:
    return result.reason if isinstance(result, Refusal) else None


def test_times_outside_2000_to_2060_are_refused() -> None:
    shard = Shard(FUNNEL)
    first, last = datetime(2000, 1, 1, tzinfo=UTC), datetime(2060, 1, 1, tzinfo=UTC)
    millisecond = timedelta(milliseconds=1)
    for event in (created(0), won(0)):
        assert reason(shard.apply(moved_to(event, first - millisecond))) is Reason.INVALID
        assert reason(shard.apply(moved_to(event, last))) is Reason.INVALID
        assert shard.apply(moved_to(event, last - millisecond)) == ACCEPTED
    assert shard.apply(moved_to(won(0), first)) == ACCEPTED


def test_a_time_beyond_the_clock_and_its_tolerance_is_refused_as_future() -> None:
    shard, latest = Shard(FUNNEL), T0_MS + 5 * 60_000
    assert shard.apply(created(5), latest) == ACCEPTED
    refused = shard.apply(created(5 + 1 / 60_000), latest)
    assert reason(refused) is Reason.FUTURE
    assert isinstance(refused, Refusal)
    assert "2026-03-20T22:05:00" in refused.detail
    assert reason(shard.apply(moved_to(won(0), datetime(2061, 1, 1, tzinfo=UTC)), latest)) is Reason.FUTURE


def test_a_stage_that_is_not_configured_is_refused_with_the_known_ones() -> None:
    refused = Shard(FUNNEL).apply(stage("kontakted", 3))
    assert isinstance(refused, Refusal)
    assert (refused.reason, refused.field) == (Reason.INVALID, "stage")
    assert "contacted, qualified, proposal, negotiation" in refused.detail


def test_the_watermark_is_the_largest_event_time_that_was_applied() -> None:
    shard = feed(Shard(FUNNEL), [created(9), won(3)])
    assert shard.watermark == T0_MS + 9 * 60_000
    feed(shard, [stage("no such", 30)])
    assert shard.watermark == T0_MS + 9 * 60_000


def test_fractions_of_a_millisecond_are_cut_off() -> None:
    shard = feed(Shard(FUNNEL), [moved_to(created(0), T0 + timedelta(microseconds=1999))])
    assert shard.watermark == T0_MS + 1


def test_a_lead_answered_after_the_target_is_told_once() -> None:
    shard = feed(Shard(FUNNEL), [created(0), assigned("south", 2, owner="ann"), call("connected", 6)])
    (alert,) = shard.alerts
    assert isinstance(alert, AnsweredLate)
    assert (alert.lead_id, alert.team, alert.owner, alert.source) == ("L", "south", "ann", "web")
    assert (alert.began_at, alert.deadline, alert.answered_at, alert.at) == (at(0), at(5), at(6), at(6))
    assert (alert.policy, alert.obligation, alert.clock) == ("default", "first_contact", "wall")
    assert (alert.routing_seconds, alert.human_seconds, alert.closed_seconds) == (120, 240, 0)
    feed(shard, [call("connected", 7), call("connected", 5.5), assigned("north", 8)])
    assert shard.alerts == [alert]


def test_a_lead_answered_at_the_target_is_in_time() -> None:
    assert feed(Shard(FUNNEL), [created(0), call("connected", 5)]).alerts == []
    assert len(feed(Shard(FUNNEL), [created(0), call("connected", 5 + 1 / 60_000)]).alerts) == 1


def test_an_attempt_is_no_answer_and_raises_nothing() -> None:
    assert feed(Shard(FUNNEL), [created(0), call("no_answer", 60)]).alerts == []


def test_the_answer_is_judged_by_what_is_known_first() -> None:
    in_time_first = feed(Shard(FUNNEL), [created(0), call("connected", 3), created(-30)])
    assert in_time_first.alerts == [], "what comes to light later takes no praise away"
    late_first = feed(Shard(FUNNEL), [created(0), call("connected", 9), call("connected", 3)])
    assert len(late_first.alerts) == 1, "and unsays nothing that was said"


def test_an_answer_before_its_creation_arrives_is_judged_when_it_does() -> None:
    shard = feed(Shard(FUNNEL), [call("connected", 9)])
    assert shard.alerts == []
    feed(shard, [created(0)])
    assert len(shard.alerts) == 1


def test_a_merged_lead_raises_nothing() -> None:
    assert feed(Shard(FUNNEL), [created(0), merged("M", 1), call("connected", 9)]).alerts == []


def test_an_answer_stays_judged_after_a_restart() -> None:
    shard, back, log = feed(Shard(FUNNEL), [created(0), call("connected", 9)]), Shard(FUNNEL), Log()
    log.commit(Changelog(shard))
    restore(back, log.records.items())
    feed(back, [call("connected", 8)])
    assert back.alerts == []


def test_the_same_alert_made_again_has_the_same_id_and_another_target_is_another_judgement() -> None:
    events = [created(0), call("connected", 9)]
    one, two = feed(Shard(FUNNEL), events), feed(Shard(FUNNEL), events)
    assert one.alerts == two.alerts
    slower = Policy(name="default", clock=WALL, targets=targets(first_contact=9 * 60_000))
    assert feed(Shard(Funnel(policies=(slower,))), events).alerts == []


def test_a_lead_is_looked_at_without_being_changed() -> None:
    shard = feed(Shard(FUNNEL), [created(0)])
    Changelog(shard).flush()
    feed(shard, [won(3, "M")])
    before = state(shard)
    assert shard.look("nobody") is None
    for lead_id in ("L", "M"):
        lead = shard.look(lead_id)
        assert lead is not None
        lead.status, lead.log = 3, b""
    assert state(shard) == before
    assert len(shard) == 2
    assert sorted(lead_id for lead_id, _ in shard.leads()) == ["L", "M"]
    feed(shard, [won(4)])
    assert len(shard) == 2, "a lead in both forms is one"


@pytest.mark.parametrize("warm", [0, 1, 2])
def test_a_lead_that_stayed_decoded_goes_on_as_one_that_was_decoded_again(warm: int) -> None:
    events = [created(0), created(0, "M"), call("connected", 3), won(5, "M"), reopened(8, "M")]
    shard = Shard(FUNNEL)
    changelog, shard.most_warm = Changelog(shard), warm
    for event in events:
        shard.apply(event)
        changelog.flush()
    assert state(shard) == state(feed(Shard(FUNNEL), events))
