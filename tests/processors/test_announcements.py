"""What others are told of single leads: once, in time, and with an end."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import pytest
from msgspec import structs

from processors.changelog import Changelog, restore
from processors.funnel import HOUR_MS, MINUTE_MS, Funnel
from processors.policies import WALL, Policy, targets
from processors.shard import Shard
from schemas.alerts import AnsweredLate, Breached, Escalated, LeadAlert, Resolved, Warned
from tests.processors.events import FUNNEL, T0_MS, assigned, at, call, created, inbound, lost, merged, reopened, won
from tests.processors.looks import Log, feed

HOT = Policy(
    name="hot",
    clock=WALL,
    targets=targets(first_contact=10 * MINUTE_MS, next_response=30 * MINUTE_MS),
    warn_share=0.5,
    escalations=(5 * MINUTE_MS, HOUR_MS),
)
SOUTH = structs.replace(HOT, name="south", teams=frozenset({"south"}), targets=targets(first_contact=HOUR_MS))
PROMISING = structs.replace(FUNNEL, policies=(SOUTH, HOT))
EAGER = structs.replace(FUNNEL, policies=(structs.replace(HOT, targets=targets(first_attempt=2 * MINUTE_MS)),))


def look(shard: Shard, minutes: float) -> list[LeadAlert]:
    """What comes of a look at the clock."""
    shard.tick(T0_MS + round(minutes * MINUTE_MS))
    return taken(shard)


def taken(shard: Shard) -> list[LeadAlert]:
    alerts, shard.alerts = shard.alerts, []
    return alerts


def told(*story: Any, funnel: Funnel = PROMISING) -> list[LeadAlert]:
    """Events, and looks at the clock as numbers of minutes, in their order."""
    shard = Shard(funnel)
    for part in story:
        if isinstance(part, int | float):
            shard.tick(T0_MS + round(part * MINUTE_MS))
        else:
            shard.apply(part)
    return shard.alerts


def kinds(alerts: Iterable[LeadAlert]) -> list[str]:
    return [f"{type(a).__name__} {a.reason}" if isinstance(a, Resolved) else type(a).__name__ for a in alerts]


def test_a_waiting_lead_is_warned_of_then_breached_then_escalated_each_at_its_time() -> None:
    shard = feed(Shard(PROMISING), [created(0)])
    assert look(shard, 5 - 1 / 60_000) == []
    assert kinds(look(shard, 5)) == ["Warned"]
    assert look(shard, 9.9) == []
    assert kinds(look(shard, 10)) == ["Breached"]
    (first,) = look(shard, 15)
    assert isinstance(first, Escalated)
    assert first.step == 1
    (second,) = look(shard, 70)
    assert isinstance(second, Escalated)
    assert second.step == 2
    assert look(shard, 9999) == [], "there is nothing after the last step"


def test_an_alert_says_who_waits_since_when_and_where_the_time_went() -> None:
    (alert,) = told(created(0, team="n"), assigned("north", 2, owner="ann"), 5)
    assert isinstance(alert, Warned)
    assert (alert.lead_id, alert.team, alert.owner, alert.source) == ("L", "north", "ann", "web")
    assert (alert.policy, alert.obligation, alert.clock) == ("hot", "first_contact", "wall")
    assert (alert.began_at, alert.at, alert.deadline) == (at(0), at(5), at(10))
    assert (alert.routing_seconds, alert.human_seconds, alert.closed_seconds) == (120, 180, 0)
    assert alert.delayed_seconds == 0


def test_a_step_that_is_noticed_late_bears_its_own_time_and_says_how_late() -> None:
    (alert,) = told(created(0), 12)
    assert isinstance(alert, Breached)
    assert (alert.at, alert.delayed_seconds) == (at(10), 120)


def test_a_warning_that_is_noticed_after_the_breach_is_left_out() -> None:
    assert kinds(told(created(0), 12)) == ["Breached"]
    assert kinds(told(created(0), 100)) == ["Breached", "Escalated", "Escalated"]


def test_an_answer_in_the_backlog_keeps_everybody_quiet() -> None:
    assert told(created(0), call("connected", 9), 100) == []


def test_an_answer_at_the_moment_of_the_deadline_is_in_time() -> None:
    assert told(created(0), call("connected", 10), 100) == []
    assert kinds(told(created(0), call("connected", 10 + 1 / 60_000), 100)) == ["AnsweredLate"]


def test_an_answer_in_time_resolves_the_warning() -> None:
    warned, resolved = told(created(0), 5, call("connected", 7))
    assert isinstance(resolved, Resolved)
    assert (resolved.reason, resolved.at, resolved.incident_id) == ("answered", at(7), warned.incident_id)


def test_a_late_answer_ends_what_was_announced() -> None:
    warned, breached, late = told(created(0), 5, 10, call("connected", 12))
    assert isinstance(late, AnsweredLate)
    assert (late.answered_at, late.deadline) == (at(12), at(10))
    assert warned.incident_id == breached.incident_id == late.incident_id
    assert len({warned.alert_id, breached.alert_id, late.alert_id}) == 3


def test_a_late_answer_is_told_also_when_nothing_was_announced() -> None:
    assert kinds(told(created(0), call("connected", 12))) == ["AnsweredLate"]


def test_a_late_answer_that_is_taken_back_after_it_was_told_leaves_another_wait() -> None:
    """The id comes a second time with an earlier event, which stays."""
    late, breached = told(created(0), call("connected", 12, event_id="x"), assigned("west", 3, event_id="x"), 13)
    assert isinstance(late, AnsweredLate)
    assert isinstance(breached, Breached)
    assert breached.incident_id != late.incident_id, "nothing comes after the end of an incident"


def test_an_attempt_is_no_contact_and_ends_nothing_that_was_promised_of_one() -> None:
    assert kinds(told(created(0), 5, call("no_answer", 7), 10)) == ["Warned", "Breached"]
    assert kinds(told(created(0), 1.5, call("no_answer", 1.75), funnel=EAGER)) == ["Warned", "Resolved answered"]


@pytest.mark.parametrize(("event", "reason"), [(won(7), "closed"), (lost(7), "closed"), (merged("M", 7), "merged")])
def test_a_lead_that_is_closed_or_merged_waits_no_longer(event: Any, reason: str) -> None:
    warned, resolved = told(created(0), 5, event)
    assert isinstance(resolved, Resolved)
    assert (resolved.reason, resolved.at, resolved.incident_id) == (reason, at(7), warned.incident_id)


def test_a_lead_that_goes_where_something_else_is_promised_begins_anew_there() -> None:
    warned, resolved, again = told(created(0), 5, assigned("south", 7), 31)
    assert isinstance(resolved, Resolved)
    assert (resolved.reason, resolved.policy, resolved.at) == ("superseded", "hot", at(7))
    assert isinstance(again, Warned)
    assert (again.policy, again.deadline, again.at) == ("south", at(60), at(30))
    assert again.incident_id not in {warned.incident_id, resolved.alert_id}


def test_a_lead_that_stays_under_its_policy_is_not_told_of_again() -> None:
    assert kinds(told(created(0), 5, assigned("west", 7), 9)) == ["Warned"]


def test_a_reopened_lead_has_an_incident_of_its_own() -> None:
    alerts = told(created(0), 5, lost(6), reopened(7), 11, won(12))
    assert kinds(alerts) == ["Warned", "Resolved closed", "Breached", "Resolved closed"]
    assert alerts[0].incident_id == alerts[1].incident_id != alerts[2].incident_id == alerts[3].incident_id


def test_a_late_answer_is_late_too_when_a_long_history_has_dropped_the_breach() -> None:
    moves = [assigned("north", 12 + n / 10, owner="ab"[n % 2]) for n in range(520)]
    assert kinds(told(created(0), 11, *moves, call("connected", 100))) == ["Breached", "AnsweredLate"]


def test_what_was_broken_before_a_reopening_is_news_since_that() -> None:
    *_, again, _ = told(created(0), 5, 10, lost(12), reopened(13), 13.5, won(14))
    assert isinstance(again, Breached)
    assert (again.at, again.deadline, again.delayed_seconds) == (at(13), at(10), 30.0)


def test_a_lead_that_was_given_away_while_it_was_closed_is_looked_at_by_what_holds_there() -> None:
    elsewhere = structs.replace(SOUTH, targets=targets(first_attempt=HOUR_MS))
    funnel = structs.replace(FUNNEL, policies=(elsewhere, HOT))
    alerts = told(created(0), 10, lost(12), assigned("south", 13), reopened(14), 31, funnel=funnel)
    assert kinds(alerts) == ["Breached", "Resolved closed", "Warned"]
    assert isinstance(alerts[-1], Warned)
    assert (alerts[-1].policy, alerts[-1].deadline) == ("south", at(60))


def test_what_they_write_again_is_a_wait_of_its_own() -> None:
    alerts = told(created(0), call("connected", 1), inbound(100), 115, call("connected", 140), inbound(200), 215)
    assert kinds(alerts) == ["Warned", "AnsweredLate", "Warned"]
    assert {alert.obligation for alert in alerts} == {"next_response"}
    assert [alert.began_at for alert in alerts] == [at(100), at(100), at(200)]


def test_a_next_response_in_time_is_not_told_of() -> None:
    assert told(created(0), call("connected", 1), inbound(100), call("connected", 129), 999) == []


def test_an_answer_that_comes_to_light_after_the_alarm_unsays_it() -> None:
    warned, breached, end = told(created(0), 5, 11, call("connected", 9))
    assert isinstance(end, Resolved)
    assert (end.reason, end.incident_id) == ("answered", breached.incident_id)
    assert isinstance(warned, Warned)


def test_an_earlier_creation_that_comes_to_light_ends_the_wait_that_was_spoken_of() -> None:
    alerts = told(created(0), 5, created(-30), 5)
    assert kinds(alerts) == ["Warned", "Resolved superseded", "Breached", "Escalated"]


def test_nothing_is_told_twice_however_often_one_looks_or_hears() -> None:
    again = created(0)
    assert kinds(told(again, 5, 5, 6, again, 7, 10, 10, again, 11)) == ["Warned", "Breached"]


def test_nothing_is_told_of_a_lead_that_nobody_promised_anything() -> None:
    assert told(created(0), 9999, call("connected", 10_000), funnel=structs.replace(FUNNEL, policies=(SOUTH,))) == []
    assert told(created(0), 9999, funnel=structs.replace(FUNNEL, policies=())) == []


def test_a_lead_without_a_creation_waits_for_nothing_until_it_comes() -> None:
    assert told(assigned("north", 1), 60) == []
    assert kinds(told(assigned("north", 1), 60, created(0), 61)) == ["Breached", "Escalated"]


def test_a_restart_neither_repeats_nor_forgets() -> None:
    shard, log = feed(Shard(PROMISING), [created(0)]), Log()
    assert kinds(look(shard, 5)) == ["Warned"]
    log.commit(Changelog(shard))
    back = Shard(PROMISING)
    restore(back, log.records.items())
    assert look(back, 6) == []
    assert kinds(look(back, 10)) == ["Breached"]


def test_after_a_change_of_policies_what_was_announced_under_the_old_one_is_over() -> None:
    shard, log = feed(Shard(PROMISING), [created(0)]), Log()
    (warned,) = look(shard, 5)
    log.commit(Changelog(shard))
    other = structs.replace(
        FUNNEL, policies=(structs.replace(HOT, name="mild", targets=targets(first_contact=HOUR_MS)),)
    )
    back = Shard(other)
    restore(back, log.records.items())
    (resolved,) = look(back, 6)
    assert isinstance(resolved, Resolved)
    assert (resolved.reason, resolved.policy, resolved.incident_id) == ("superseded", "hot", warned.incident_id)
    (again,) = look(back, 30)
    assert (again.policy, again.at) == ("mild", at(30))


def test_what_is_told_by_a_second_look_at_one_time_is_to_be_committed_too() -> None:
    shard = feed(Shard(PROMISING), [created(0)])
    assert kinds(look(shard, 5)) == ["Warned"]
    feed(shard, [created(-30)])
    assert kinds(taken(shard)) == ["Resolved superseded"]
    assert shard.tick(T0_MS + 5 * MINUTE_MS) is True
    assert kinds(taken(shard)) == ["Breached", "Escalated"]


def test_a_tick_says_whether_there_is_anything_to_commit() -> None:
    shard = feed(Shard(PROMISING), [created(0)])
    assert shard.tick(T0_MS + 4 * MINUTE_MS) is False
    assert shard.tick(T0_MS + 5 * MINUTE_MS) is True
    assert shard.tick(T0_MS + 5 * MINUTE_MS) is False
    feed(shard, [call("connected", 6)])
    assert shard.tick(T0_MS + 60 * MINUTE_MS) is False, "nobody waits any more"
