"""Do prospects react when we turn to them?"""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from processors.follow_up import FollowUp
from processors.funnel import HOUR_MS
from tests.processors.events import (
    FUNNEL,
    assigned,
    automatic_mail,
    call,
    created,
    inbound,
    interaction,
    merged,
    won,
)
from tests.processors.telling import counted, times

HOUR = 60
FUNNEL_2H = structs.replace(FUNNEL, follow_up=FollowUp(reply=2 * HOUR_MS))


def replies(*events: Any) -> dict[tuple[Any, ...], int]:
    return {key[1:]: n for key, n in counted("replies", created(0), *events, funnel=FUNNEL_2H).items()}


def when(*events: Any) -> list[int]:
    return times("replies", created(0), *events, funnel=FUNNEL_2H)


REPLIED, SILENT = {("north", "replied"): 1}, {("north", "silent"): 1}


def test_a_lead_that_reacts_in_time_to_the_first_attempt_replied() -> None:
    assert replies(call("no_answer", 10), inbound(60)) == REPLIED
    assert replies(call("no_answer", 10), inbound(10 + 2 * HOUR)) == REPLIED, "at the last moment"


def test_a_lead_that_does_not_is_silent() -> None:
    assert replies(call("no_answer", 10)) == SILENT
    assert replies(call("no_answer", 10), inbound(11 + 2 * HOUR)) == SILENT, "too late is too late"
    assert replies(call("no_answer", 10), won(20)) == SILENT


def test_either_counts_when_the_time_to_react_has_passed_so_that_the_share_of_a_young_source_is_no_better() -> None:
    """One of two replies.

    attempts  :00  :10
    reply     .......  :20
    told                    2:00 replied  2:10 silent
    """
    assert when(call("no_answer", 0), inbound(20)) == [2 * HOUR]
    assert when(call("no_answer", 10)) == [10 + 2 * HOUR]
    assert when(call("connected", 10)) == [10 + 2 * HOUR]


def test_only_the_first_attempt_and_the_first_reaction_count() -> None:
    assert replies(call("no_answer", 10), call("no_answer", 2 * HOUR), inbound(3 * HOUR)) == SILENT
    assert when(call("no_answer", 10), inbound(60), inbound(70), call("connected", 80)) == [10 + 2 * HOUR]


def test_before_the_first_attempt_nobody_was_asked_to_react() -> None:
    assert replies(inbound(5)) == {}
    assert replies(inbound(5), call("no_answer", 10)) == SILENT
    assert replies(automatic_mail(3), inbound(5)) == {}, "a machine asks nobody"


@pytest.mark.parametrize("outcome", ["connected", "replied", "booked", "held"])
def test_talking_with_us_is_a_reaction(outcome: Any) -> None:
    assert replies(call(outcome, 10)) == REPLIED
    assert replies(call("no_answer", 10), call(outcome, 60)) == REPLIED


def test_a_message_that_was_sent_is_no_reaction_yet_and_an_automatic_one_of_theirs_never() -> None:
    sent = interaction(10, channel="email")
    assert replies(sent) == SILENT
    away = interaction(20, direction="in", channel="email", actor_kind="automation", outcome="replied")
    assert replies(sent, away) == SILENT
    assert replies(sent, inbound(30)) == REPLIED


def test_both_count_for_the_team_of_the_first_attempt() -> None:
    assert replies(call("no_answer", 10), assigned("south", 20), inbound(60)) == REPLIED
    assert replies(assigned("south", 5), call("no_answer", 10), assigned("north", 20)) == {("south", "silent"): 1}


def test_a_reaction_or_an_attempt_that_comes_late_puts_it_right() -> None:
    assert replies(inbound(60), call("no_answer", 10)) == REPLIED
    assert when(inbound(60), call("no_answer", 50), call("no_answer", 10)) == [10 + 2 * HOUR]
    assert replies(inbound(60), call("no_answer", 50), call("no_answer", 10)) == REPLIED
    assert replies(call("no_answer", 10), merged("M", 20)) == {}
