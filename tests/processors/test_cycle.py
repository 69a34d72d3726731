"""How long a sale takes."""

from __future__ import annotations

from tests.processors.events import automatic_mail, call, created, lost, reopened, won
from tests.processors.telling import observed, times

DAY = 1440


def test_the_cycle_runs_from_creation_and_from_the_first_contact() -> None:
    #  0 created     1 d contact                 5 d won
    events = created(0), call("no_answer", 10), call("connected", DAY), won(5 * DAY)
    assert observed("cycle", *events) == {
        ("web", "won", "created"): [7 * DAY, 5 * DAY],
        ("web", "won", "contact"): [4 * DAY, 4 * DAY],
    }
    assert set(times("cycle", *events)) == {5 * DAY}


def test_without_a_contact_before_the_closing_there_is_only_the_cycle_from_creation() -> None:
    for contact in ((), (automatic_mail(3),), (call("no_answer", 3),), (call("connected", DAY + 1),)):
        assert set(observed("cycle", created(0), *contact, lost(DAY))) == {("web", "lost", "created")}


def test_a_contact_at_the_moment_of_closing_is_in_time() -> None:
    events = created(0), call("connected", DAY), won(DAY)
    assert observed("cycle", *events)["web", "won", "contact"] == [DAY, 0]


def test_open_leads_have_no_cycle_and_a_reopened_one_loses_its() -> None:
    assert observed("cycle", created(0), call("connected", 3)) == {}
    events = created(0), call("connected", 3), won(DAY), reopened(2 * DAY)
    assert observed("cycle", *events) == {}
    late_contact = created(0), won(DAY), call("connected", DAY + 9), reopened(2 * DAY)
    assert observed("cycle", *late_contact) == {}
    again = observed("cycle", *events, won(3 * DAY))
    assert again["web", "won", "created"] == [4 * DAY, 3 * DAY], "the time it was closed is part of it"


def test_a_closing_before_the_creation_is_a_cycle_of_nothing() -> None:
    assert observed("cycle", created(0), lost(-9)) == {("web", "lost", "created"): [DAY, 0]}


def test_a_cycle_of_exactly_a_threshold_is_within_it() -> None:
    assert observed("cycle", created(0), won(2 * DAY))["web", "won", "created"] == [2 * DAY, 2 * DAY]
