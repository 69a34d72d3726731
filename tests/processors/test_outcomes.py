"""How leads end."""

from __future__ import annotations

from tests.processors.events import assigned, created, disqualified, lost, reopened, won
from tests.processors.telling import counted, live, times


def test_an_outcome_counts_at_the_closing_under_the_team_that_had_the_lead_then() -> None:
    events = created(0), assigned("south", 3), won(7), assigned("west", 9)
    assert counted("closed", *events) == {("web", "south", "won"): 1}
    assert times("closed", *events) == [7]
    taken_away = created(0), assigned("", 3), won(7)
    assert counted("closed", *taken_away) == {("web", "unassigned", "won"): 1}


def test_won_lost_and_disqualified_are_told_apart_with_their_reasons() -> None:
    assert counted("close_reasons", created(0), won(5)) == {("web", "unspecified", "won"): 1}
    assert counted("close_reasons", created(0), lost(5, "price")) == {("web", "price", "lost"): 1}
    assert counted("close_reasons", created(0), lost(5)) == {("web", "unspecified", "lost"): 1}
    assert counted("close_reasons", created(0), disqualified(5, "spam")) == {("web", "spam", "disqualified"): 1}


def test_a_second_closing_supersedes_the_first() -> None:
    events = created(0), lost(5, "price"), won(9)
    assert counted("closed", *events) == {("web", "north", "won"): 1}
    assert counted("close_reasons", *events) == {("web", "unspecified", "won"): 1}
    assert times("closed", *events) == [9]


def test_the_same_outcome_again_moves_the_closing_to_the_later_time() -> None:
    events = created(0), won(5), assigned("south", 6), won(9)
    assert counted("closed", *events) == {("web", "south", "won"): 1}
    assert times("closed", *events) == [9]


def test_reopening_takes_the_outcome_back() -> None:
    events = created(0), lost(5, "price"), reopened(6)
    assert counted("closed", *events) == counted("close_reasons", *events) == counted("cycle", *events) == {}
    assert live("open", *events) == {("web", "new"): 1}
    assert counted("closed", *events, won(8)) == {("web", "north", "won"): 1}


def test_reopening_an_open_lead_does_nothing() -> None:
    assert counted("closed", created(0), reopened(3), won(5)) == {("web", "north", "won"): 1}
    assert live("open", created(0), reopened(3)) == {("web", "new"): 1}


def test_closing_and_reopening_at_one_instant_leaves_the_lead_open() -> None:
    events = created(0), won(5, event_id="z"), reopened(5, event_id="a")
    assert counted("closed", *events) == {}


def test_of_two_outcomes_at_one_instant_the_less_happy_one_stays() -> None:
    events = created(0), won(5, event_id="z"), lost(5, "price", event_id="a")
    assert counted("closed", *events) == {("web", "north", "lost"): 1}
    assert counted("closed", *events, disqualified(5, "spam", event_id="0")) == {("web", "north", "disqualified"): 1}


def test_a_late_earlier_closing_is_superseded_by_the_known_one() -> None:
    events = created(0), won(9), lost(5, "price")
    assert times("closed", *events) == [9]
    assert counted("closed", *events) == {("web", "north", "won"): 1}
