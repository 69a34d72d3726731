"""How leads move through the funnel.

new -> contacted -> qualified -> proposal -> negotiation        rank 0 .. 4
"""

from __future__ import annotations

from processors.funnel import Funnel, Stage
from tests.processors.events import call, created, disqualified, lost, reopened, stage, won
from tests.processors.telling import counted, live, times

ENDING = Funnel(
    stages=(
        Stage("contacted"),
        Stage("signed", "won"),
        Stage("qualified"),
        Stage("no budget", "lost"),
        Stage("spam", "disqualified"),
    )
)


def test_every_move_counts_from_stage_to_stage_at_its_time() -> None:
    events = created(0), stage("contacted", 1), stage("qualified", 5)
    assert counted("moved", *events) == {("web", "new", "contacted"): 1, ("web", "contacted", "qualified"): 1}
    assert times("moved", *events) == [1, 5]


def test_skipped_stages_count_as_reached() -> None:
    events = created(0), stage("proposal", 4)
    assert counted("moved", *events) == {("web", "new", "proposal"): 1}
    assert counted("reached", *events) == {("web", s): 1 for s in ("contacted", "qualified", "proposal")}
    assert times("reached", *events) == [4, 4, 4], "when the later one was entered"


def test_a_skipped_stage_that_is_entered_later_was_already_reached() -> None:
    events = created(0), stage("proposal", 4), stage("contacted", 9)
    assert times("reached", *events) == [4, 4, 4]


def test_going_back_is_a_move_and_takes_nothing_reached_away() -> None:
    events = created(0), stage("proposal", 1), stage("contacted", 2), stage("proposal", 3)
    assert counted("moved", *events) == {
        ("web", "new", "proposal"): 1,
        ("web", "proposal", "contacted"): 1,
        ("web", "contacted", "proposal"): 1,
    }
    assert counted("reached", *events)["web", "proposal"] == 1, "a stage entered again is reached once"
    assert live("open", *events) == {("web", "proposal"): 1}


def test_the_stage_it_is_in_already_is_no_move() -> None:
    events = created(0), stage("contacted", 1), stage("contacted", 2)
    assert times("moved", *events) == [1]
    assert times("moved", *events, stage("qualified", 1.5)) == [1, 1, 2], "unless another one came between"


def test_furthest_stage_counts_show_where_leads_drop_out() -> None:
    #  A  new -> contacted                       x
    #  B  new -> contacted -> qualified          x
    #  C  new ------------------------> proposal x
    a = created(0, "A"), stage("contacted", 1, "A"), lost(9, "", "A")
    b = created(0, "B"), stage("contacted", 1, "B"), stage("qualified", 2, "B"), lost(9, "", "B")
    c = created(0, "C"), stage("proposal", 3, "C"), lost(9, "", "C")
    assert counted("reached", *a, *b, *c) == {("web", "contacted"): 3, ("web", "qualified"): 2, ("web", "proposal"): 1}


def test_a_stage_move_of_a_closed_lead_is_ignored() -> None:
    for closing in (won(5), lost(5), disqualified(5)):
        events = created(0), stage("contacted", 1), closing, stage("qualified", 6)
        assert times("moved", *events) == [1]
        assert counted("reached", *events) == {("web", "contacted"): 1}


def test_a_reopened_lead_goes_on_from_the_stage_it_was_closed_in() -> None:
    events = created(0), stage("contacted", 1), lost(5), stage("qualified", 6), reopened(7), stage("proposal", 8)
    assert counted("moved", *events) == {("web", "new", "contacted"): 1, ("web", "contacted", "proposal"): 1}
    assert live("open", *events[:-1]) == {("web", "contacted"): 1}


def test_a_late_move_is_put_between_the_others() -> None:
    events = created(0), stage("contacted", 1), stage("proposal", 9), stage("qualified", 5)
    assert counted("moved", *events) == {
        ("web", "new", "contacted"): 1,
        ("web", "contacted", "qualified"): 1,
        ("web", "qualified", "proposal"): 1,
    }
    assert times("reached", *events) == [1, 5, 9]


def test_a_lead_that_is_won_without_a_stage_reached_none() -> None:
    assert counted("reached", created(0), won(5)) == {}


def test_entering_a_stage_of_a_closing_kind_closes_the_lead_with_the_stage_as_reason() -> None:
    for name, outcome, reason in (
        ("signed", "won", "unspecified"),
        ("no budget", "lost", "no budget"),
        ("spam", "disqualified", "spam"),
    ):
        events = created(0), stage("contacted", 1), stage(name, 5)
        assert counted("close_reasons", *events, funnel=ENDING) == {("web", reason, outcome): 1}
        assert times("moved", *events, funnel=ENDING) == [1], "closing is no move"
        assert live("open", *events, funnel=ENDING) == {}


def test_a_closing_stage_of_a_closed_lead_supersedes_like_any_closing() -> None:
    events = created(0), won(3), stage("no budget", 5), stage("qualified", 6)
    assert counted("close_reasons", *events, funnel=ENDING) == {("web", "no budget", "lost"): 1}


def test_closing_stages_have_no_place_in_the_order_of_the_funnel() -> None:
    assert counted("reached", created(0), stage("qualified", 5), funnel=ENDING) == {
        ("web", "contacted"): 1,
        ("web", "qualified"): 1,
    }


def test_at_one_instant_the_stage_is_entered_before_the_lead_is_closed() -> None:
    for ending in (won(5, event_id="a"), stage("signed", 5, event_id="a"), stage("no budget", 5, event_id="z")):
        events = created(0), ending, stage("qualified", 5, event_id="m")
        assert counted("reached", *events, funnel=ENDING)["web", "qualified"] == 1
        assert live("open", *events, funnel=ENDING) == {}


def test_at_one_instant_a_closing_with_its_own_reason_beats_a_closing_stage() -> None:
    events = created(0), stage("no budget", 5, event_id="z"), lost(5, "price", event_id="a")
    assert counted("close_reasons", *events, funnel=ENDING) == {("web", "price", "lost"): 1}


def test_interactions_move_no_lead() -> None:
    assert counted("moved", created(0), call("connected", 3)) == {}
