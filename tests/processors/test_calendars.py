"""Working time against a count of the minutes, over zones, years and any hours."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from processors.calendars import NEVER, Calendars, WorkCalendar
from processors.working_hours import CLOSED, CalendarPlan, CalendarSpec, Shift
from tests.examples import examples
from tests.processors.wall_clock import MINUTE_MS, Counted, is_open, minute, moment, office, shifts

ZONES = (
    "Europe/Amsterdam", "America/New_York", "Australia/Lord_Howe", "Asia/Tehran", "America/Sao_Paulo",
    "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu", "America/St_Johns", "UTC",
)  # fmt: skip
CHANGES = (
    "2011-10-30", "2026-03-29", "2026-11-01", "2026-04-05", "2026-10-04", "2022-03-22", "2022-09-22", "2018-02-18",
    "2018-11-04", "2026-02-15", "2026-03-22", "2011-12-30", "2010-11-07", "2000-01-02", "2060-12-29", "2052-10-27",
)  # fmt: skip
"""Days on which some of them change their clocks; the first and the last days of the calendars."""

SHIFT = st.builds(
    lambda begin, length: Shift(begin, begin + length),
    st.one_of(st.integers(0, 1439), st.sampled_from([0, 60, 90, 120, 150, 180, 1320, 1380, 1410])),
    st.one_of(st.integers(1, 1440), st.sampled_from([30, 60, 480, 1440])),
)
SHIFTS = st.lists(SHIFT, max_size=3).map(tuple)
DAY = st.one_of(st.sampled_from(CHANGES).map(date.fromisoformat), st.dates(date(2000, 1, 3), date(2060, 12, 28)))
COUNT = 3 * 1440
"""Minutes that are counted."""


@st.composite
def cases(draw: Any) -> tuple[CalendarSpec, int, list[int]]:
    """Return a calendar, the minute that counting begins with, and moments of the time that is counted."""
    day = draw(DAY)
    own = draw(st.dictionaries(st.integers(-1, 3), SHIFTS | st.just(CLOSED), max_size=3))
    spec = CalendarSpec(
        zone=draw(st.sampled_from(ZONES)),
        week=draw(st.tuples(*[SHIFTS] * 7)),
        dates=tuple(sorted((day + timedelta(days=n), hours) for n, hours in own.items())),
    )
    first = minute(day.isoformat()) - draw(st.integers(0, 1440))
    ms = st.integers(0, COUNT * MINUTE_MS) | st.integers(0, COUNT).map(lambda n: n * MINUTE_MS)
    return spec, first, [first * MINUTE_MS + n for n in draw(st.lists(ms, min_size=3, max_size=20))]


@given(cases())
@examples(30)
def test_working_time_is_what_a_count_of_the_minutes_gives(case: tuple[CalendarSpec, int, list[int]]) -> None:
    spec, first, moments = case
    calendar, counted = WorkCalendar(spec), Counted(spec, first, COUNT)
    start = first * MINUTE_MS
    for n in range(COUNT):
        assert is_open(calendar, start + n * MINUTE_MS) == counted.works[n]
    for begin, end in zip(moments, [*moments[1:], moments[0]], strict=True):
        low, high = sorted((begin, end))
        assert calendar.working_between(low, high) == counted.between(low, high)
        assert calendar.working_between(high, low) == 0


@given(cases())
@examples(12)
def test_working_time_adds_up_and_never_decreases(case: tuple[CalendarSpec, int, list[int]]) -> None:
    spec, _, moments = case
    work = WorkCalendar(spec).working_between
    a, b, c = sorted(moments[:3])
    assert work(a, b) + work(b, c) == work(a, c)
    assert 0 <= work(a, b) <= b - a
    for years in (1, 30):
        later = c + years * 31_557_600_000
        assert work(a, c) + work(c, later) == work(a, later)


@given(cases(), st.integers(1, 3 * 86_400_000), st.integers(0, 50_000_000_000))
@examples(12)
def test_the_moment_after_working_time_is_the_first_one_that_has_it(
    case: tuple[CalendarSpec, int, list[int]], working: int, long: int
) -> None:
    spec, _, moments = case
    calendar = WorkCalendar(spec)
    for begin, wanted in zip(moments, [working, long, 1] * 7, strict=False):
        end = calendar.after(begin, wanted)
        if end == NEVER:
            assert calendar.working_between(begin, NEVER) <= wanted
        else:
            assert calendar.working_between(begin, end) == wanted
            assert wanted == 0 or calendar.working_between(begin, end - 1) == wanted - 1
        worked = calendar.working_between(begin, begin + wanted)
        assert calendar.after(begin, worked) <= begin + wanted


def test_years_of_office_hours_equal_the_count_of_their_quarters_of_an_hour() -> None:
    begin, end = minute("2009-12-31T12:00"), minute("2013-01-01T12:00")
    spec = office(
        "Europe/Amsterdam", "08:00-18:00", d2010_12_24=shifts("08:00-12:00"), d2011_04_25=CLOSED, d2012_01_02=CLOSED
    )
    calendar, total = WorkCalendar(spec), 0
    for quarter in range(begin, end, 15):
        total += 15 * Counted(spec, quarter, 1).works[0]
        assert calendar.working_between(begin * MINUTE_MS, (quarter + 15) * MINUTE_MS) == total * MINUTE_MS
    assert total == (783 - 2) * 600 - 360  # 783 weekdays, two of them holidays, one half a day


def test_no_working_time_has_passed_at_once_and_the_rest_of_a_day_as_it_ends() -> None:
    calendar = WorkCalendar(office("UTC", "08:00-18:00"))
    night, evening, day_end = moment("2026-11-23T03:00"), moment("2026-11-23T17:00"), moment("2026-11-23T18:00")
    assert calendar.after(night, 0) == calendar.after(night, -5) == night
    assert calendar.after(evening, 3_600_000) == day_end
    assert calendar.after(evening, 3_600_001) == moment("2026-11-24T08:00") + 1
    assert calendar.after(day_end, 1) == moment("2026-11-24T08:00") + 1
    assert calendar.after(moment("2026-11-20T17:50"), 15 * MINUTE_MS) == moment("2026-11-23T08:05")  # over the weekend


def test_an_opening_belongs_to_the_working_time_and_a_closing_does_not() -> None:
    calendar = WorkCalendar(office("UTC", "08:00-18:00"))
    opening, closing = moment("2026-11-23T08:00"), moment("2026-11-23T18:00")
    assert [is_open(calendar, t) for t in (opening - 1, opening, closing - 1, closing)] == [False, True, True, False]


def test_what_never_comes_is_due_at_the_end_of_the_years() -> None:
    closed = WorkCalendar(office("UTC"))
    last_day = WorkCalendar(office("UTC", "08:00-18:00"))
    late = NEVER - 3_600_000
    for calendar in (closed, last_day):
        assert calendar.after(late, 1) == NEVER == moment("2061-01-01T00:00")
        assert calendar.after(NEVER + 7, 1) == NEVER + 7
        assert not is_open(calendar, NEVER + 7)
    assert closed.working_between(0, NEVER) == 0
    all_of_it = last_day.working_between(0, NEVER)
    assert last_day.after(0, all_of_it) == moment("2060-12-31T18:00")  # a Friday
    assert last_day.after(0, all_of_it + 1) == NEVER
    assert last_day.after(0, 1) == moment("2000-01-03T08:00") + 1


@given(st.integers(0, NEVER), st.integers(0, NEVER))
def test_without_a_calendar_business_time_is_wall_time(a: int, b: int) -> None:
    calendar = Calendars(CalendarPlan()).of("any", "where")
    assert calendar.working_between(a, b) == max(0, b - a)
    assert calendar.after(a, b) == min(max(a, NEVER), a + b)


def test_a_team_has_its_calendar_before_that_of_the_region_and_the_one_of_all() -> None:
    team, region, rest = (office("UTC", hours) for hours in ("08:00-09:00", "10:00-11:00", "12:00-13:00"))
    calendars = Calendars(CalendarPlan(teams={"inside": team}, regions={"NL": region}, default=rest))
    midnight = moment("2026-11-23T00:00")
    first_hour = {
        names: calendars.of(*names).after(midnight, 3_600_000) - midnight
        for names in (("inside", "NL"), ("inside", "DE"), ("field", "NL"), ("field", "DE"), ("", ""))
    }
    assert [ms // 3_600_000 for ms in first_hour.values()] == [9, 9, 11, 13, 13]


def test_the_meaning_changes_with_the_working_time_of_anybody_and_with_nothing_else() -> None:
    spec = office("Europe/Amsterdam", "08:00-12:00", "13:00-18:00")
    said_otherwise = office("Europe/Amsterdam", "13:00-15:00", "08:00-12:00", "15:00-18:00", d2026_11_21=CLOSED)
    holiday = office("Europe/Amsterdam", "08:00-12:00", "13:00-18:00", d2060_12_24=CLOSED)
    elsewhere = office("Europe/Brussels", "08:00-12:00", "13:00-18:00")
    abroad = office("America/New_York", "08:00-12:00", "13:00-18:00")

    def meaning(**plan: Any) -> bytes:
        return Calendars(CalendarPlan(**plan)).meaning()

    same = meaning(teams={"a": spec}, default=spec)
    assert same == meaning(teams={"a": said_otherwise}, default=spec) == meaning(teams={"a": elsewhere}, default=spec)
    assert len({
        same,
        meaning(),
        meaning(default=spec),
        meaning(default=holiday),
        meaning(teams={"a": holiday}, default=spec),
        meaning(teams={"a": abroad}, default=spec),
        meaning(teams={"b": spec}, default=spec),
        meaning(regions={"a": spec}, default=spec),
        meaning(teams={"a": spec}),
    }) == 9  # fmt: skip
