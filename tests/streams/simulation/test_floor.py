"""The simulation as a whole."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise

import pytest
from msgspec.structs import replace

from schemas.interaction_events import Interaction
from schemas.lead_events import (
    Assigned,
    Created,
    Disqualified,
    Lost,
    NextActivitySet,
    OptedOut,
    Reopened,
    StageChanged,
    Won,
)
from schemas.refusals import Reason, Refusal
from streams.simulation import EVERYDAY, HURRIED, NO_FAULTS, Lapse, Parameters, Record, Totals, history, live
from streams.simulation.parameters import Faults
from tests.schemas.decoding import decode_interaction, decode_lead

END = int(datetime(2026, 11, 22, 9, tzinfo=UTC).timestamp() * 1000)
DAY = 86_400_000
POISONED = replace(EVERYDAY, faults=replace(EVERYDAY.faults, poison=0.05))


def past(parameters: Parameters = EVERYDAY, seed: int = 1, leads: int = 300, days: int = 20) -> list[Record]:
    return list(history(parameters, seed=seed, start=END - days * DAY, end=END, leads=leads))


def good(records: list[Record]) -> Iterator[Record]:
    return (record for record in records if record.event is not None and not record.duplicate)


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return past(POISONED, leads=1000)


def test_the_same_seed_gives_the_same_bytes() -> None:
    assert [(r.due, r.key, r.value) for r in past(seed=7)] == [(r.due, r.key, r.value) for r in past(seed=7)]


def test_another_seed_gives_another_floor() -> None:
    assert not {r.key for r in past(seed=7)} & {r.key for r in past(seed=8)}


def test_faults_change_how_events_arrive_and_not_which_there_are() -> None:
    clean = replace(EVERYDAY, faults=replace(NO_FAULTS, skewed_agents=EVERYDAY.faults.skewed_agents))
    assert sorted(r.value for r in good(past())) == sorted(r.value for r in past(clean))


def test_a_perfect_floor_sends_every_event_once_and_in_order() -> None:
    times = [r.event.occurred_at for r in past(replace(EVERYDAY, faults=NO_FAULTS)) if r.event]
    assert all(a <= b for a, b in pairwise(times))


def test_records_come_in_the_order_in_which_they_are_due(records: list[Record]) -> None:
    assert all(a.due <= b.due for a, b in pairwise(records))


def test_exactly_as_many_leads_are_created_as_were_asked_for(records: list[Record]) -> None:
    assert len({r.key for r in good(records) if isinstance(r.event, Created)}) == 1000


def test_nothing_happens_after_the_end(records: list[Record]) -> None:
    end = datetime.fromtimestamp(END / 1000, UTC)
    skew = timedelta(seconds=EVERYDAY.faults.skew_seconds)
    assert max(r.event.occurred_at for r in records if r.event) < end + skew


def test_every_good_record_is_read_by_the_codec_as_the_event_it_was_made_of(records: list[Record]) -> None:
    for record in records:
        if record.event is not None:
            decode = decode_interaction if record.interaction else decode_lead
            assert decode(record.value) == record.event
            assert record.key.decode() == record.event.lead_id


def test_every_kind_of_bad_record_is_there_and_is_bad_in_the_way_it_says(records: list[Record]) -> None:
    seen: Counter[Reason | None] = Counter()
    for record in records:
        if record.event is None:
            seen[record.reason] += 1
            event = decode_lead(record.value)
            if isinstance(event, Refusal):
                assert event.reason is record.reason
            elif record.reason is Reason.KEY_MISMATCH:
                assert record.key.decode() != event.lead_id
            else:
                assert event.occurred_at > datetime.now(UTC) + timedelta(days=365)
                assert record.reason is Reason.FUTURE
    assert set(seen) == set(Reason) - {Reason.PROCESSING_ERROR}


def test_a_duplicate_is_the_same_bytes_again(records: list[Record]) -> None:
    first = {r.event.event_id: r.value for r in good(records) if r.event}
    duplicates = [r for r in records if r.duplicate]
    assert len(duplicates) == pytest.approx(len(first) * POISONED.faults.duplicates, rel=0.3)
    assert all(r.event and first[r.event.event_id] == r.value for r in duplicates)


def test_some_events_overtake_others_of_the_same_lead_by_minutes(records: list[Record]) -> None:
    latest: dict[bytes, datetime] = {}
    overtaken = []
    for record in good(records):
        assert record.event is not None
        time = record.event.occurred_at
        overtaken.append(latest.get(record.key, time) - time)
        latest[record.key] = max(time, latest.get(record.key, time))
    assert sum(gap > timedelta(minutes=5) for gap in overtaken) > 5


def test_stages_are_those_of_the_funnel() -> None:
    floor = replace(EVERYDAY, stages=("one", "two", "three"))
    stages = Counter(r.event.stage for r in good(past(floor)) if isinstance(r.event, StageChanged))
    assert list(dict(stages.most_common())) == ["one", "two", "three"]


def test_journeys_skip_stages_and_come_back_to_them(records: list[Record]) -> None:
    moves: defaultdict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for record in good(records):
        if isinstance(record.event, StageChanged):
            moves[record.event.lead_id].append((record.event.occurred_at, EVERYDAY.stages.index(record.event.stage)))
    steps = Counter(b[1] - a[1] for path in moves.values() for a, b in pairwise(sorted(path)))
    assert set(steps) == {-1, 1, 2}
    assert steps[1] > 3 * (steps[2] + steps[-1])


def test_everything_that_can_happen_to_a_lead_happens(records: list[Record]) -> None:
    kinds = Counter(type(r.event) for r in good(records))
    assert all(kinds[kind] for kind in (Created, Assigned, StageChanged, Won, Lost, Disqualified, Reopened))
    talks = [r.event for r in good(records) if isinstance(r.event, Interaction)]
    assert {talk.actor_kind for talk in talks} == {"human", "bot", "automation"}
    assert {talk.outcome for talk in talks} >= {"connected", "replied", "no_answer", "booked", "held", "no_show"}
    assert {talk.direction for talk in talks} == {"in", "out"}


def test_nobody_but_a_bot_answers_at_night() -> None:
    office = replace(EVERYDAY, teams=EVERYDAY.teams[:1], faults=NO_FAULTS)
    hours = {
        r.event.occurred_at.hour
        for r in past(office)
        if isinstance(r.event, Interaction) and r.event.channel == "call" and r.event.actor_kind == "human"
    }
    assert hours <= set(range(7, 20))


def test_better_sources_win_more() -> None:
    totals = Totals()
    for record in past(HURRIED, leads=3000, days=1):
        totals.add(record)
    summary = totals.summary()
    rates = {name: summary.outcomes["won"].get(name, 0) / count for name, count in summary.created.items()}
    assert rates["referral"] > 2 * rates["website"] > 2 * rates["social"]


def test_totals_equal_a_recount_of_the_bytes(records: list[Record]) -> None:
    totals = Totals()
    passed = list(totals.watch(records))
    assert passed == records
    summary, (created, outcomes) = totals.summary(), _recount(passed)
    assert summary.records == len(records) == summary.events + summary.duplicates + sum(summary.dead_letters.values())
    assert summary.created == created
    assert {outcome: summary.leads(outcome) for outcome in ("won", "lost", "disqualified", "open")} == outcomes


def _recount(records: list[Record]) -> tuple[dict[str, int], dict[str, int]]:
    events = {}
    for record in records:
        event = None if record.reason or record.interaction else decode_lead(record.value)
        if event is not None and not isinstance(event, Refusal):
            events[event.event_id] = event
    ordered = sorted(events.values(), key=lambda event: event.occurred_at)
    sources = {event.lead_id: event.source for event in ordered if isinstance(event, Created)}
    standing = dict.fromkeys(sources, "open")
    for event in ordered:
        if isinstance(event, Won | Lost | Disqualified):
            standing[event.lead_id] = type(event).__name__.lower()
        elif isinstance(event, Reopened):
            standing[event.lead_id] = "open"
    return dict(Counter(sources.values())), dict(Counter(standing.values()))


def test_a_record_that_nobody_took_is_not_in_the_totals(records: list[Record]) -> None:
    totals = Totals()
    for number, _ in enumerate(totals.watch(records), 1):
        if number == 11:  # taken, and then not written
            break
    assert totals.summary().records == 10


def test_time_lapse_brings_the_future_near_and_leaves_the_journeys_alone() -> None:
    calm = replace(EVERYDAY, faults=NO_FAULTS)
    slow = [r.event for r in islice(live(calm, seed=3, rate=1, lapse=Lapse(END)), 500)]
    fast = [r.event for r in islice(live(calm, seed=3, rate=60, lapse=Lapse(END, 60)), 500)]
    start = datetime.fromtimestamp(END / 1000, UTC)
    assert [type(event) for event in slow] == [type(event) for event in fast]
    span = (slow[-1].occurred_at - start, fast[-1].occurred_at - start) if slow[-1] and fast[-1] else None
    assert span is not None
    assert span[0] / span[1] == pytest.approx(60, rel=0.01)


def test_a_hurried_floor_keeps_its_rate_after_a_minute_or_two() -> None:
    stream = live(replace(HURRIED, faults=Faults(poison=0, duplicates=0)), seed=5, rate=50, lapse=Lapse(END))
    times = [record.due for record in islice(stream, 15_000)]
    assert sum(END + 120_000 <= time < END + 220_000 for time in times) / 100 == pytest.approx(50, rel=0.15)


def test_a_hurried_lead_goes_its_way_within_a_minute_or_so() -> None:
    spans: defaultdict[bytes, list[datetime]] = defaultdict(list)
    for record in good(past(HURRIED, leads=500, days=1)):
        if record.event and not isinstance(record.event, Reopened):
            spans[record.key].append(record.event.occurred_at)
    lengths = sorted(max(times) - min(times) for times in spans.values())
    assert timedelta(seconds=10) < lengths[len(lengths) // 2] < timedelta(seconds=90)


def test_people_plan_ahead_call_twice_and_write_to_who_asked_for_silence(records: list[Record]) -> None:
    events = [record.event for record in good(records)]
    plans = [event for event in events if isinstance(event, NextActivitySet)]
    assert plans
    assert all(event.planned_for and event.planned_for > event.occurred_at for event in plans)
    silenced = {event.lead_id for event in events if isinstance(event, OptedOut)}
    assert silenced & {
        event.lead_id for event in events if isinstance(event, Interaction) and event.actor == "newsletter"
    }
    callers: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for event in events:
        if isinstance(event, Interaction) and event.outcome == "connected":
            callers[event.lead_id].append((event.occurred_at, event.actor))
    pairs = [pair for calls in callers.values() for pair in pairwise(sorted(calls))]
    assert any(one != two and after - before < timedelta(minutes=15) for (before, one), (after, two) in pairs)


def test_a_source_falls_silent_at_its_time_and_the_others_do_not() -> None:
    sources = tuple(
        replace(source, silent_after_minutes=10 * 1440, silent_for_minutes=5 * 1440)
        if source.name == "website"
        else source
        for source in EVERYDAY.sources
    )
    arrived = [
        (record.event.source, int(record.event.occurred_at.timestamp() * 1000) - (END - 20 * DAY))
        for record in past(replace(EVERYDAY, sources=sources, faults=NO_FAULTS), leads=2000)
        if isinstance(record.event, Created)
    ]
    silent = [source for source, at in arrived if 10 * DAY <= at < 15 * DAY]
    assert "website" not in silent
    assert len(silent) > 200
    for begin, end in ((0, 10), (15, 20)):
        spoken = [source for source, at in arrived if begin * DAY <= at < end * DAY]
        assert 0.2 < spoken.count("website") / len(spoken) < 0.4
    assert len(arrived) < 2000
