"""Expected breaches, and the score of what was expected: counted by hand, and on made-up floors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from msgspec import msgpack, structs

from bench.foresight import floor_funnel, play
from processors import forecast as forecast_module
from processors.forecast import HORIZONS, Scores, new_scores
from processors.funnel import MINUTE_MS, Funnel
from processors.policies import FIRST_CONTACT, WALL, Policy, targets
from processors.service import ENDED
from processors.shard import Shard
from processors.working_hours import ALL_DAY, CLOSED, CalendarPlan, CalendarSpec
from streams.simulation import EVERYDAY, HURRIED
from tests.processors.events import T0_MS, assigned, call, created, inbound, merged, won


class Floor:
    """A shard whose clock is moved by hand, in minutes after T0."""

    def __init__(self, promise: int = 60, funnel: Funnel | None = None, **promises: int) -> None:
        wanted = targets(
            **{name: minutes * MINUTE_MS for name, minutes in (promises or {"first_contact": promise}).items()}
        )
        policy = Policy(name="promise", clock=WALL, targets=wanted)
        self.scores = new_scores()
        self.shard = Shard(structs.replace(funnel or Funnel(), policies=(policy,)), self.scores)
        self.live(0)

    def live(self, minutes: float) -> None:
        """Let time pass, twice: a look at all waits begins at one tick and may end at the next."""
        now = T0_MS + int(minutes * MINUTE_MS)
        for moment in (now - 2_500, now):
            self.shard.tick(moment)

    def see(self, *events: Any) -> None:
        for event in events:
            self.shard.apply(event)

    def expected(self, horizon: int, team: str = "north") -> float:
        found = self.shard.forecasts.expected
        assert found is not None
        number = self.shard.labels["team"].number(team)
        return found.get((number, HORIZONS.index(horizon * MINUTE_MS)), 0.0)

    def scored(self, horizon: int) -> tuple[int, int]:
        """How many forecasts were scored, and how many came true."""
        score = self.scores[HORIZONS.index(horizon * MINUTE_MS)]
        return sum(score.forecasts), sum(score.breaches)


def test_only_deadlines_within_the_horizon_count() -> None:
    floor = Floor(60)
    floor.see(created(0))
    floor.live(29)
    assert floor.expected(30) == floor.expected(15) == 0
    floor.live(31)
    assert 0 < floor.expected(30) < 1
    assert floor.expected(15) == 0
    floor.live(46)
    assert floor.expected(15) == floor.expected(30) > 0


def test_the_nearer_the_deadline_the_likelier_the_breach() -> None:
    floor = Floor(20)
    floor.see(created(0))
    chances = []
    for minutes in (1, 6, 12, 18, 19.9):
        floor.live(minutes)
        chances.append(floor.expected(30))
    assert chances == sorted(chances)
    assert chances[-1] > 0.95
    floor.live(21)
    assert floor.expected(30) == 0


def test_each_wait_counts_for_the_team_that_has_it() -> None:
    floor = Floor(20)
    floor.see(created(0), created(0, "M", team="south"), assigned("south", 1))
    floor.live(2)
    assert floor.expected(30) == 0
    assert 0.5 < floor.expected(30, "south") <= 2


@pytest.mark.parametrize("event", [call("connected", 5), won(5), merged("M", 5)], ids=["answered", "closed", "merged"])
def test_a_wait_that_is_over_is_expected_no_more_and_broke_no_promise(event: Any) -> None:
    floor = Floor(20)
    floor.see(created(0))
    floor.live(4)
    floor.see(event)
    floor.live(6)
    assert floor.expected(30) == 0
    assert not floor.shard.forecasts.watched
    floor.live(25)
    assert floor.scored(15) == (0, 0), "at 5 minutes before its time it was not asked for yet"
    assert floor.scored(30) == (1, 0)


def test_a_broken_promise_is_scored_at_both_horizons() -> None:
    floor = Floor(40)
    floor.see(created(0))
    for minutes in range(1, 43):
        floor.live(minutes)
    assert floor.scored(15) == floor.scored(30) == (1, 1)
    floor.see(call("connected", 50))
    floor.live(51)
    assert floor.scored(15) == (1, 1), "once"


def test_an_answer_at_the_deadline_is_in_time_and_one_after_it_is_not() -> None:
    for minutes, broken in ((20, 0), (20.01, 1)):
        floor = Floor(20)
        floor.see(created(0))
        floor.live(1)
        floor.see(call("connected", minutes))
        floor.live(21)
        assert floor.scored(15) == floor.scored(30) == (1, broken)


def test_the_forecast_is_that_of_its_moment_whenever_the_clock_is_looked_at() -> None:
    """One floor is looked at every few seconds, the other hardly ever: the same forecasts are scored."""
    sums = []
    for step in (0.1, 9.0):
        floor = Floor(25)
        north = floor.shard.labels["team"].number("north"), FIRST_CONTACT
        for n in range(1_000):  # so much is known that what this wait adds is next to nothing
            floor.shard.service.learn(north, 0, n * 3_600, T0_MS, ENDED)
        floor.see(created(0))
        minutes = 0.0
        while minutes < 45:
            minutes += step
            floor.live(minutes)
        sums.append([sum(score.expected) for score in floor.scores])
    assert sums[0] == pytest.approx(sums[1], rel=0.001)


def test_those_that_still_wait_are_learnt_from_before_any_of_them_has_ended() -> None:
    """On a new floor the quick answers come first: without the waits that go on, all would seem to end soon."""
    floor = Floor(20)
    for n in range(100):
        floor.see(created(0, f"quick-{n}"), call("connected", 0.1, f"quick-{n}"), created(0, f"slow-{n}"))
    floor.live(5)
    floor.live(5.1)
    assert floor.expected(30) > 80


def test_an_answer_that_is_read_late_takes_back_that_its_wait_went_on() -> None:
    lives = []
    for looks in ((1, 2, 3, 4, 5), (0.5,)):
        floor = Floor(20)
        floor.see(created(0))
        for minutes in looks:
            floor.live(minutes)
        floor.see(call("connected", 1))
        lives.append(msgpack.decode(floor.shard.service.packed()))
    (_, _, late), (_, _, in_time) = lives
    assert late.keys() == in_time.keys()
    for team, parts in in_time.items():
        for part, of_late in zip(parts, late[team], strict=True):
            assert of_late == pytest.approx(part, abs=100), "ms; weights differ by an instant"


def test_a_lead_whose_answer_is_read_first_counts_too() -> None:
    floor = Floor(20)
    floor.see(call("connected", 0.5), created(0.2))
    assert floor.scored(30) == (1, 0)


def test_deadlines_of_the_past_are_nobodys_forecast() -> None:
    floor = Floor(20)
    floor.see(created(-30), created(-25, "M"), call("connected", -24, "M"))
    floor.live(2)
    assert floor.expected(30) == 0
    assert floor.scored(30) == (0, 0)


def test_after_a_restart_only_forecasts_whose_moment_is_still_to_come_are_scored() -> None:
    floor = Floor(40)
    floor.see(created(0))
    floor.live(12)
    again = Floor(40)
    again.see(created(0))
    again.shard.forecasts.__init__(again.shard.fold.promises, again.shard.service, again.scores)  # type: ignore[misc]  # as a restart does
    again.live(12)  # it came into view with 28 minutes left
    assert len(again.shard.forecasts.watched) == 1
    assert again.expected(30) > 0
    again.live(50)
    assert again.scored(30) == (0, 0)
    assert again.scored(15) == (1, 1)


def test_a_lead_that_goes_to_another_team_is_forecast_on() -> None:
    floor = Floor(20)
    floor.see(created(0, team=""))
    floor.live(1)
    floor.see(assigned("north", 2))
    floor.live(30)
    assert floor.scored(30) == (1, 1)


def test_a_lead_that_gets_another_deadline_is_forecast_anew() -> None:
    calendars = CalendarPlan(teams={"away": CalendarSpec(zone="UTC", week=(CLOSED,) * 5 + (ALL_DAY, ALL_DAY))})
    floor = Floor(20, Funnel(calendars=calendars))
    business = structs.replace(floor.shard.funnel.policies[0], clock="business")
    floor.shard = Shard(structs.replace(floor.shard.funnel, policies=(business,)), floor.scores)
    floor.live(0)  # Friday, 22:00 UTC
    floor.see(created(0))
    floor.live(1)
    floor.see(assigned("away", 5))  # 20 minutes from Saturday on
    floor.live(21)
    assert floor.scored(30) == (0, 0)
    for minutes in range(100, 145):
        floor.live(minutes)
    assert floor.scored(30) == (1, 1)


def test_nobody_is_expected_to_answer_in_closed_hours() -> None:
    night = CalendarPlan(default=CalendarSpec(zone="UTC", week=(CLOSED,) * 5 + (ALL_DAY, CLOSED)))
    floor = Floor(20, Funnel(calendars=night))  # on the wall, on a Friday night
    floor.see(created(0))
    floor.live(1)
    assert floor.expected(30) == 1


def test_every_obligation_is_forecast() -> None:
    floor = Floor(first_attempt=10, first_contact=25, next_response=20)
    floor.see(created(0))
    floor.live(1)
    assert len(floor.shard.forecasts.watched) == 2
    floor.see(call("no_answer", 2))
    floor.live(3)
    assert [key[1] for key in floor.shard.forecasts.watched] == [1]
    floor.see(call("connected", 4))
    floor.live(30)
    floor.see(inbound(30))
    floor.live(31)
    assert [key[1] for key in floor.shard.forecasts.watched] == [2]
    floor.live(60)
    assert floor.scored(30) == (3, 1)


def test_a_contact_whose_attempt_has_all_its_steps_behind_it_comes_into_view_in_time() -> None:
    floor = Floor(first_attempt=5, first_contact=120)
    floor.see(created(0))
    for minutes in range(1, 125):
        floor.live(minutes)
    assert floor.scored(15) == floor.scored(30) == (2, 2)


@pytest.mark.uncompiled
def test_it_costs_nothing_that_others_wait() -> None:
    """A million leads that are due later are not looked at."""
    floor = Floor(60)
    looks = 0
    facts = floor.shard.facts

    def counted(lead_id: str) -> Any:
        nonlocal looks
        looks += 1
        return facts(lead_id)

    for number in range(2_000):
        floor.see(created(0.5, f"L{number}"))
    floor.shard.facts = counted  # type: ignore[method-assign]  # to count the calls
    floor.live(2)
    floor.live(17)
    assert looks == 0
    floor.live(19)  # the warnings are half an hour away: a look finds that the deadlines are not
    assert not floor.shard.forecasts.watched
    floor.live(31)
    assert len(floor.shard.forecasts.watched) == 2_000
    floor.live(32)
    assert looks == 4_000


def test_with_too_many_near_deadlines_there_is_no_forecast_rather_than_a_part_of_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forecast_module, "MOST", 3)
    floor = Floor(20)
    for number in range(5):
        floor.see(created(0.5, f"L{number}"))
    floor.live(1)
    assert floor.shard.forecasts.expected is None
    floor.live(21)
    floor.live(22)
    assert floor.shard.forecasts.expected == {}


def test_what_was_learnt_shows_in_the_forecast() -> None:
    chances = {}
    for name, answer in (("quick", 1.0), ("slow", 25.0)):
        floor = Floor(20)
        for number in range(200):
            minutes = number / 4
            floor.see(created(minutes, f"L{number}"), call("connected", minutes + answer, f"L{number}"))
            floor.live(minutes)
        floor.see(created(75))
        floor.live(75.1)
        chances[name] = floor.expected(30)
    assert chances["quick"] < 0.1
    assert chances["slow"] > 0.7


FLOORS: dict[str, Callable[[int], Scores]] = {
    "everyday": lambda seed: play(
        EVERYDAY, floor_funnel(EVERYDAY, 30 * MINUTE_MS), leads=2_500, days=10, seed=seed, step=60_000
    ),
    "hurried": lambda seed: play(
        HURRIED, floor_funnel(HURRIED, 15_000), leads=2_500, days=1 / 24, seed=seed, step=2_000
    ),
}


@pytest.mark.thorough
@pytest.mark.parametrize("floor", FLOORS)
def test_on_a_made_up_floor_the_forecast_is_calibrated_and_beats_the_base_rate(floor: str) -> None:
    scores = FLOORS[floor](3)
    for score in scores:
        count = sum(score.forecasts)
        assert count > 800
        assert sum(score.expected) / count == pytest.approx(sum(score.breaches) / count, abs=0.05)
        assert score.brier < score.reference
        for n, expected, breaches in zip(score.forecasts, score.expected, score.breaches, strict=True):
            if n > 300:
                assert expected / n == pytest.approx(breaches / n, abs=0.1)
