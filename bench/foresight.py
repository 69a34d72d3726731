"""`python -m bench.foresight`: how good are the forecast and the judge of silences, on made-up floors and real data?"""

from __future__ import annotations

import csv
import gzip
import sys
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, time
from itertools import pairwise
from pathlib import Path
from random import Random

from msgspec import Struct

from processors.arrivals import Heard
from processors.forecast import HORIZONS, Scores, new_scores
from processors.funnel import DAY_MS, HOUR_MS, MINUTE_MS, Funnel
from processors.policies import BUSINESS, WALL, Policy, targets
from processors.shard import Shard
from processors.silence import Judge, Profile, SilenceRules
from processors.working_hours import CLOSED, CalendarPlan, CalendarSpec, Shift
from streams.simulation import EVERYDAY, HURRIED, Parameters, history
from streams.simulation.arrivals import arrivals_at
from streams.simulation.parameters import DAYS, Rhythm, Team

START = int(datetime(2026, 1, 5, tzinfo=UTC).timestamp() * 1000)
"""A Monday."""
ZONE = "Europe/Amsterdam"

# -- forecast ----------------------------------------------------------------------------------------------------


def hours_of(team: Team) -> CalendarSpec:
    """Return the hours of a simulated team as a working calendar."""
    week = []
    for day in DAYS:
        spans = [(_minutes(s.start), _minutes(s.end)) for s in team.shifts if day in s.days]
        week.append(tuple(Shift(begin, end if end > begin else end + 1440) for begin, end in spans) or CLOSED)
    mon, tue, wed, thu, fri, sat, sun = week
    return CalendarSpec(zone=team.zone, week=(mon, tue, wed, thu, fri, sat, sun))


def _minutes(clock: str) -> int:
    if clock == "24:00":
        return 1440
    at = time.fromisoformat(clock)
    return at.hour * 60 + at.minute


def floor_funnel(parameters: Parameters, promise: int, *, clock: str = BUSINESS) -> Funnel:
    """Return a funnel that promises the first contact within some ms, in the hours of the floor's teams."""
    return Funnel(
        zone=ZONE,
        policies=(Policy(name="promise", clock=clock, targets=targets(first_contact=promise)),),
        calendars=CalendarPlan(teams={team.name: hours_of(team) for team in parameters.teams}),
    )


def play(  # noqa: PLR0913  # all but two by name
    parameters: Parameters, funnel: Funnel, *, leads: int, days: float, seed: int, step: int = 10_000
) -> Scores:
    """Let a shard live through a floor's history, and return the score of its forecasts.

    Args:
        parameters: The floor.
        funnel: What its leads are promised.
        leads: How many leads.
        days: Over how many days.
        seed: Source of all chance.
        step: ms between two looks at the clock.
    """
    scores = new_scores()
    shard = Shard(funnel, scores)
    now = START
    shard.tick(now)
    for record in history(parameters, seed=seed, start=START, end=START + int(days * DAY_MS), leads=leads):
        while record.due > now + step:
            now += step
            shard.tick(now)
        if record.event is not None:
            shard.apply(record.event)
        shard.alerts.clear()
    return scores


def score_lines(name: str, scores: Scores) -> Iterator[str]:
    """Yield the score of a floor as rows of a table."""
    for horizon, score in zip(HORIZONS, scores, strict=True):
        n = sum(score.forecasts)
        if n:
            yield (
                f"| {name} | {horizon // MINUTE_MS} min | {n:,} | {sum(score.breaches) / n:.3f} "
                f"| {sum(score.expected) / n:.3f} | {score.brier / n:.4f} | {score.reference / n:.4f} "
                f"| {1 - score.brier / score.reference:.0%} |"
            )


def calibration_lines(scores: Scores) -> Iterator[str]:
    """Yield forecast and truth by decile, for the last horizon."""
    score = scores[-1]
    for decile, (n, expected, breaches) in enumerate(zip(score.forecasts, score.expected, score.breaches, strict=True)):
        if n:
            yield f"| {decile / 10:.1f}-{(decile + 1) / 10:.1f} | {n:,} | {expected / n:.3f} | {breaches / n:.3f} |"


# -- silence -----------------------------------------------------------------------------------------------------


class Trial(Struct):
    """What a judge said about a source that was well, and how soon it noticed when it stopped.

    Attributes:
        days: How long it was judged.
        alarms: How often it was called silent, wrongly.
        delays: Hours from each time it was stopped to the alarm.
    """

    days: float
    alarms: int
    delays: list[float]


def poisson(rng: Random, a_day: float, weeks: int, *, bunch: float = 1.0, moods: float = 0.0) -> list[int]:
    """Return arrival times of a source with the everyday rhythm.

    Args:
        rng: Source of all chance.
        a_day: Arrivals a day on average.
        weeks: For how long.
        bunch: Mean size of the bunches they come in; 1 for one by one.
        moods: How much days differ: the standard deviation of their factor.
    """
    end = START + weeks * 7 * DAY_MS
    found: list[int] = []
    factors: dict[int, float] = {}
    most = 1 + 4 * moods
    rhythm = Rhythm(zone=ZONE, days=EVERYDAY.rhythm.days, hours=EVERYDAY.rhythm.hours)
    for at in arrivals_at(rhythm, rng, START, a_day / 24 / bunch * most):
        if at >= end:
            return found
        factor = factors.setdefault(at // DAY_MS, min(most, max(0.0, rng.gauss(1, moods))))
        if rng.random() * most < factor:
            size = 1
            while rng.random() > 1 / bunch:
                size += 1
            found += [at + int(rng.random() * MINUTE_MS) for _ in range(size)]
    raise AssertionError("arrivals never end")


def try_out(arrivals: Sequence[int], rules: SilenceRules, stops: int = 10) -> Trial:
    """Judge a source that is well every moment of its life, and stop it now and then.

    A silence is called by its end, if at all: between two arrivals the chance only falls.
    """
    judge, times = Judge(rules), sorted(arrivals)
    begin = times[0] + rules.min_history
    counts, trial = Counter(at // rules.grain for at in times), Trial((times[-1] - begin) / DAY_MS, 0, [])
    profile, day = None, 0
    for number, (last, following) in enumerate(pairwise(times)):
        if last < begin:
            continue
        if profile is None or last // DAY_MS > day:
            day, profile = last // DAY_MS, _learn(judge, counts, times[0], last)
        if judge.is_known("", profile):
            finding = judge.judge(profile, last, following)
            trial.alarms += finding is not None and finding.is_silent
            if number % (len(times) // stops) == 0:
                trial.delays.append(_delay(judge, profile, last))
    return trial


def _learn(judge: Judge, counts: Counter[int], first: int, last: int) -> Profile:
    slot = last // judge.rules.grain
    known = {at: count for at, count in counts.items() if at < slot}
    return judge.learn(Heard(first, last, known), last)


def _delay(judge: Judge, profile: Profile, last: int) -> float:
    """Return after how many hours the source is called silent, if nothing follows."""
    moments = range(last, last + judge.rules.give_up, 10 * MINUTE_MS)

    def calls(moment: int) -> bool:
        finding = judge.judge(profile, last, moment)
        return finding is not None and finding.is_silent

    found = bisect_right(moments, False, key=calls)
    return (moments[min(found, len(moments) - 1)] - last) / HOUR_MS


def trial_line(name: str, trials: Iterable[Trial]) -> str:
    """Return the row of several trials."""
    trials = list(trials)
    days, alarms = sum(t.days for t in trials), sum(t.alarms for t in trials)
    delays = sorted(delay for t in trials for delay in t.delays) or [float("nan")]
    middle, most = delays[len(delays) // 2], delays[int(len(delays) * 0.9)]
    each = f"{1000 * alarms / days:.1f}" if days else "-"
    return f"| {name} | {days:,.0f} | {alarms} | {each} | {middle:.1f} h | {most:.1f} h |"


def creations(file: Path) -> list[int]:
    """Return when the applications of the BPI Challenge 2012 were submitted, ms."""
    with gzip.open(file, "rt") as rows:
        found = [row["ts"] for row in csv.DictReader(rows) if row["activity"] == "A_SUBMITTED"]
    return sorted(int(datetime.fromisoformat(at).timestamp() * 1000) for at in found)


# -- all of it ---------------------------------------------------------------------------------------------------


def _floors() -> Iterator[tuple[str, Scores]]:
    half_hour = floor_funnel(EVERYDAY, 30 * MINUTE_MS)
    yield "everyday, 30 working minutes", play(EVERYDAY, half_hour, leads=12_000, days=40, seed=1)
    four_hours = floor_funnel(EVERYDAY, 240 * MINUTE_MS)
    yield "everyday, 4 working hours", play(EVERYDAY, four_hours, leads=12_000, days=40, seed=2)
    on_the_wall = floor_funnel(EVERYDAY, 60 * MINUTE_MS, clock=WALL)
    yield "everyday, an hour on the wall", play(EVERYDAY, on_the_wall, leads=12_000, days=40, seed=3)
    seconds = floor_funnel(HURRIED, 15_000)
    yield "hurried, 15 seconds", play(HURRIED, seconds, leads=15_000, days=0.2, seed=4, step=1_000)


def _forecasts() -> None:
    print("| floor and promise | horizon | scored | broken | forecast | Brier | base rate | skill |")
    print("|---|---|---|---|---|---|---|---|")
    floors = list(_floors())
    for name, scores in floors:
        print(*score_lines(name, scores), sep="\n")
    print("\n| forecast | waits | mean forecast | came true |\n|---|---|---|---|")
    print(*calibration_lines(floors[0][1]), sep="\n", flush=True)


def _silences(files: Sequence[str]) -> None:
    rules = SilenceRules(zone=ZONE)
    kinds = ("one by one", 1.0, 0.0), ("days differ by 30%", 1.0, 0.3), ("bunches of 4", 4.0, 0.0)
    print("\n| source | days judged | false alarms | in 1,000 days | noticed after, median | 90% |")
    print("|---|---|---|---|---|---|")
    for a_day in (2, 10, 50, 200):
        for name, bunch, moods in kinds:
            chances = (Random(f"{a_day} {name} {seed}") for seed in range(8))  # noqa: S311  # no secret
            trials = [try_out(poisson(rng, a_day, 30, bunch=bunch, moods=moods), rules) for rng in chances]
            print(trial_line(f"{a_day} a day, {name}", trials), flush=True)
    for file in files:
        print(trial_line("BPI 2012", [try_out(creations(Path(file)), rules)]))


def main(arguments: Sequence[str]) -> None:
    """Print all tables; an argument names the BPI 2012 file."""
    _forecasts()
    _silences(arguments)


if __name__ == "__main__":
    main(sys.argv[1:])
