"""How long leads stay in a stage."""

from __future__ import annotations

from tests.processors.events import created, lost, reopened, stage, won
from tests.processors.telling import observed, times


def test_a_stay_is_counted_when_it_ends_from_creation_for_the_first() -> None:
    #  0        10               70
    #  | new    | contacted      | qualified ...
    events = created(0), stage("contacted", 10), stage("qualified", 70)
    assert observed("stage_time", *events) == {("web", "new"): [60, 10], ("web", "contacted"): [60, 60]}
    assert 10 in times("stage_time", *events)


def test_the_stage_a_lead_is_in_is_not_counted_yet() -> None:
    assert observed("stage_time", created(0)) == {}


def test_closing_ends_the_stay() -> None:
    events = created(0), stage("contacted", 10), lost(100)
    assert observed("stage_time", *events)["web", "contacted"] == [240, 90]


def test_a_stay_of_exactly_a_threshold_is_within_it() -> None:
    assert observed("stage_time", created(0), stage("contacted", 60)) == {("web", "new"): [60, 60]}
    assert observed("stage_time", created(0), stage("contacted", 60.001)) == {("web", "new"): [240, 60.001]}


def test_a_second_closing_ends_no_second_stay() -> None:
    assert observed("stage_time", created(0), lost(30), won(50)) == {("web", "new"): [60, 30]}


def test_after_reopening_a_new_stay_begins_and_the_time_closed_is_nobodys() -> None:
    #  0      30 lost      100 reopened   130
    #  | new  |  (closed)  | new          | contacted
    events = created(0), lost(30), reopened(100), stage("contacted", 130)
    assert observed("stage_time", *events) == {("web", "new"): [60, 60, 60]}


def test_a_stage_entered_before_the_creation_ends_a_stay_of_nothing() -> None:
    assert observed("stage_time", stage("contacted", -5), created(0)) == {("web", "new"): [60, 0]}
