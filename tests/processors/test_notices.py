"""What a receiver has yet to be told, whatever it heard of before."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from processors.alarms import is_end
from processors.notices import Change, Incidents
from schemas.alerts import Alert
from tests.processors.alerts import Wait, resumed, silent

WAIT = Wait()


def taken(*alerts: Alert) -> Incidents:
    incidents = Incidents()
    for at, alert in enumerate(alerts):
        incidents.take(alert, at)
    return incidents


def tell(incidents: Incidents) -> list[Change]:
    changes = incidents.pending()
    incidents.trying(changes)
    incidents.told(changes)
    return changes


def test_a_warning_that_was_overtaken_by_its_breach_is_not_told() -> None:
    assert tell(taken(WAIT.warned(), WAIT.breached())) == [Change(WAIT.breached(), ())]


def test_a_source_that_is_silent_again_before_anybody_was_told_that_it_is_not_goes_on_being_silent() -> None:
    incidents = taken(silent())
    tell(incidents)
    incidents.take(resumed("given_up"), 1)
    incidents.take(silent(), 2)
    assert tell(incidents) == [Change(silent(), (silent(),))]
    assert incidents.open()


def test_a_breach_replaces_the_warning_that_was_told() -> None:
    incidents = taken(WAIT.warned())
    tell(incidents)
    incidents.take(WAIT.breached(), 1)
    assert tell(incidents) == [Change(WAIT.breached(), (WAIT.warned(),))]
    assert incidents.open() == [WAIT.breached()]
    assert len(incidents) == 0


def test_what_was_over_before_it_could_be_told_is_no_news() -> None:
    incidents = taken(WAIT.warned(), WAIT.breached(), WAIT.answered_late())
    assert incidents.pending() == []
    assert incidents.oldest is None


def test_an_end_whose_beginning_was_never_announced_is_no_news() -> None:
    assert taken(WAIT.answered_late()).pending() == []


def test_an_end_is_told_to_those_who_know_of_the_beginning_and_then_forgotten() -> None:
    incidents = taken(WAIT.breached())
    tell(incidents)
    incidents.take(WAIT.answered_late(), 1)
    (change,) = tell(incidents)
    assert (change.alert, change.shown, change.ends) == (WAIT.answered_late(), (WAIT.breached(),), True)
    assert incidents.pending() == []
    assert incidents.open() == []


def test_an_end_is_told_when_the_beginning_may_have_arrived() -> None:
    incidents = taken(WAIT.breached())
    incidents.trying(incidents.pending())  # and no answer
    incidents.take(WAIT.answered_late(), 1)
    assert incidents.pending() == [Change(WAIT.answered_late(), (WAIT.breached(),))]


def test_an_end_is_not_told_when_the_beginning_surely_did_not_arrive() -> None:
    incidents = taken(WAIT.breached())
    changes = incidents.pending()
    incidents.trying(changes)
    incidents.take(WAIT.answered_late(), 1)  # while the attempt is under way
    incidents.untold(changes)
    assert incidents.pending() == []


def test_all_steps_that_may_have_arrived_are_ended() -> None:
    incidents = taken(WAIT.warned())
    incidents.trying(incidents.pending())
    incidents.take(WAIT.breached(), 1)
    incidents.trying(incidents.pending())
    incidents.take(WAIT.resolved("closed", 9), 2)
    assert incidents.pending() == [Change(WAIT.resolved("closed", 9), (WAIT.warned(), WAIT.breached()))]


def test_what_comes_during_an_attempt_is_told_after_it() -> None:
    incidents = taken(WAIT.warned())
    changes = incidents.pending()
    incidents.trying(changes)
    incidents.take(WAIT.breached(), 1)
    incidents.told(changes)
    assert incidents.pending() == [Change(WAIT.breached(), (WAIT.warned(),))]


def test_what_somebody_before_us_told_is_open_and_not_told_again() -> None:
    incidents = taken(WAIT.warned(), WAIT.breached(), Wait("over").warned(), Wait("over").resolved())
    incidents.settle()
    assert incidents.pending() == []
    assert incidents.open() == [WAIT.breached()]


def test_what_somebody_before_us_tried_to_tell_is_told_again_and_so_is_its_end() -> None:
    incidents = Incidents()
    incidents.take(WAIT.breached(), 0, perhaps_known=True)
    assert incidents.pending() == [Change(WAIT.breached(), (WAIT.breached(),))]
    incidents.take(WAIT.answered_late(), 1)
    assert incidents.pending() == [Change(WAIT.answered_late(), (WAIT.breached(),))]


def test_two_waits_of_one_lead_are_two_incidents() -> None:
    first, second = Wait(number=1), Wait(number=2)
    incidents = taken(first.breached(), second.warned())
    assert [change.alert for change in tell(incidents)] == [first.breached(), second.warned()]


def test_the_oldest_is_the_one_that_waits_longest() -> None:
    incidents = taken(Wait("A").warned(), Wait("B").warned(), Wait("A").breached())
    assert (incidents.oldest, len(incidents)) == (0, 2)


def test_an_incident_of_which_nothing_is_heard_for_long_is_forgotten_once_it_is_told() -> None:
    incidents = taken(WAIT.warned(), Wait("young").warned())
    incidents.forget(1)
    assert len(incidents) == 2
    tell(incidents)
    incidents.forget(1)
    assert incidents.open() == [Wait("young").warned()]
    incidents.take(WAIT.answered_late(), 9)
    assert incidents.pending() == []


class Telling(RuleBasedStateMachine):
    """A receiver that is away now and then, or takes without an answer; the world goes on meanwhile."""

    def __init__(self) -> None:
        super().__init__()
        self.incidents = Incidents()
        self.stages: dict[str, int] = {}
        self.heard: dict[str, list[Alert]] = {}
        self.doubtful: set[str] = set()
        self.attempt: list[Change] = []

    @rule(lead=st.sampled_from("ABC"), skip=st.booleans())
    def goes_on(self, lead: str, skip: bool) -> None:
        stage = self.stages.get(lead, 0)
        wait = Wait(lead)
        stories = (wait.warned, wait.breached, wait.escalated, wait.answered_late)
        if stage < len(stories):  # an incident ends once
            stage = len(stories) - 1 if skip else stage
            self.incidents.take(stories[stage](), stage)
            self.stages[lead] = stage + 1

    @rule()
    def begins_an_attempt(self) -> None:
        self.ends_the_attempt("lost")
        self.attempt = self.incidents.pending()
        self.incidents.trying(self.attempt)

    @rule(outcome=st.sampled_from(["delivered", "away", "silent", "lost"]))
    def ends_the_attempt(self, outcome: str) -> None:
        if outcome in ("delivered", "silent"):
            for change in self.attempt:
                self.heard.setdefault(change.alert.incident_id, []).append(change.alert)
        if outcome == "delivered":
            self.incidents.told(self.attempt)
        elif outcome == "away":
            self.incidents.untold(self.attempt)
        else:
            self.doubtful |= {change.alert.incident_id for change in self.attempt}
        self.attempt = []

    @invariant()
    def nothing_is_told_that_is_known(self) -> None:
        for change in self.incidents.pending():
            last = self.heard.get(change.alert.incident_id, [None])[-1]
            assert change.alert.alert_id != getattr(last, "alert_id", "") or change.alert.incident_id in self.doubtful

    def teardown(self) -> None:
        self.ends_the_attempt("delivered")
        self.begins_an_attempt()
        self.ends_the_attempt("delivered")
        assert self.incidents.pending() == []
        for lead, stage in self.stages.items():
            wait = Wait(lead)
            incident = wait.warned().incident_id
            heard = self.heard.get(incident, [])
            if stage < 4:
                assert heard[-1] == (wait.warned, wait.breached, wait.escalated)[stage - 1]()
            elif incident in self.doubtful:
                assert not heard or heard[-1] == wait.answered_late()
            else:
                assert not heard or (is_end(heard[-1]) and len(heard) > 1)


TestTelling: Any = Telling.TestCase


@given(st.integers(0, 3))
def test_an_attempt_that_is_repeated_after_an_end_changes_nothing(times: int) -> None:
    incidents = taken(WAIT.breached())
    tell(incidents)
    incidents.take(WAIT.answered_late(), 1)
    changes = tell(incidents)
    for _ in range(times):
        incidents.told(changes)
        incidents.untold(changes)
    assert incidents.pending() == []
