"""Events as rows, and rows as events: nothing is lost on the way."""

from __future__ import annotations

from datetime import UTC, timedelta
from itertools import product
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from processors.events import note_of
from processors.funnel import Funnel, Stage
from processors.labels import MISSING
from processors.rows import (
    ACTOR_KINDS,
    CHANNEL_BITS,
    CODE_NAMES,
    DIRECTIONS,
    EARLIEST_MS,
    EPOCH,
    KNOWN_CHANNELS,
    LATEST_MS,
    OUTCOMES,
    SECOND,
    SIZE,
    TOUCH_BITS,
    identity,
    milliseconds,
    pack_row,
    rows,
    split,
    touch_bits,
    touch_of,
)
from processors.shard import Shard
from schemas.interaction_events import CHANNELS
from tests.examples import examples
from tests.processors.events import (
    FUNNEL,
    KINDS,
    T0_MS,
    amount_changed,
    assigned,
    call,
    disqualified,
    interaction,
    lost,
    merged,
    opted_out,
    planned,
    reopened,
    scored,
    stage,
    won,
)
from tests.processors.looks import feed

TIMES = st.integers(EARLIEST_MS, LATEST_MS - 1)
ROWS = st.tuples(TIMES, st.integers(1, 11), st.binary(min_size=6, max_size=6), st.integers(0, 2**32 - 1))
NAMES = st.text(max_size=12)


def struct_tag(kind: Any) -> str:
    return str(kind.__struct_config__.tag)


def only_row(*events: Any, funnel: Funnel = FUNNEL) -> tuple[Shard, Any]:
    shard = feed(Shard(funnel), events)
    lead = shard.look("L")
    assert lead is not None
    return shard, list(rows(lead.log))[-1]


@given(st.lists(ROWS, max_size=20))
@examples(60)
def test_rows_are_what_was_packed_and_sort_by_time_and_then_by_kind(entries: list[tuple[int, int, bytes, int]]) -> None:
    packed = [pack_row(at << 8 | code, ident, arg) for at, code, ident, arg in entries]
    log = b"".join(packed)
    assert [tuple(row) for row in rows(log)] == entries
    assert split(log) == packed
    assert all(len(row) == SIZE for row in packed)
    assert list(rows(b"".join(sorted(packed)))) == sorted(entries)


def test_every_event_becomes_a_row_of_its_own_kind_at_its_time() -> None:
    made = {
        "assigned": assigned("n", 3),
        "stage_changed": stage("proposal", 3),
        "interaction": call("connected", 3),
        "won": won(3),
        "lost": lost(3, "price"),
        "disqualified": disqualified(3, "spam"),
        "reopened": reopened(3),
        "amount_changed": amount_changed(5, 3),
        "scored": scored(0.5, 3),
        "merged": merged("M", 3),
        "next_activity_set": planned(9, 3),
        "opted_out": opted_out(3),
    }
    assert {struct_tag(kind) for kind, _ in KINDS} == {*made, "created"}, "no event is forgotten"
    for name, event in made.items():
        _, row = only_row(event)
        assert CODE_NAMES[row.code] == name
        assert row.at == milliseconds(event.occurred_at)
        assert row.ident == identity(event.event_id)


def test_a_next_activity_is_kept_to_the_minute_and_never_earlier() -> None:
    _, row = only_row(planned(9.5, 3, channel="meeting"))
    assert row.arg == (T0_MS // 60_000 + 10) << CHANNEL_BITS | KNOWN_CHANNELS.index("meeting")
    assert only_row(planned(None, 3))[1].arg >> CHANNEL_BITS == 0


def test_opting_out_names_a_channel_or_none() -> None:
    assert only_row(opted_out(3))[1].arg == 0
    assert only_row(opted_out(3, "call"))[1].arg == KNOWN_CHANNELS.index("call") + 1
    assert only_row(opted_out(3, "fax"))[1].arg == KNOWN_CHANNELS.index("other") + 1


def test_a_closing_stage_is_told_as_the_stage_change_it_was() -> None:
    shard, row = only_row(stage("gone", 3), funnel=Funnel(stages=(Stage("gone", "lost"),)))
    assert CODE_NAMES[row.code] == "stage_changed"
    assert shard.history.words(row) == ("gone",)


@given(NAMES, NAMES)
@examples(60)
def test_names_in_rows_are_the_names_of_the_event(one: str, two: str) -> None:
    def called(table: str, name: str) -> str:
        return name or MISSING[table]

    shard, row = only_row(assigned(one, 3, owner=two))
    assert shard.history.words(row) == (called("team", one), called("actor", two))
    shard, row = only_row(lost(3, one, competitor=two))
    assert shard.history.words(row) == (called("reason", one), called("competitor", two))
    shard, row = only_row(disqualified(3, one))
    assert shard.history.words(row) == (called("reason", one),)
    shard, row = only_row(call("connected", 3, actor=one))
    assert shard.history.words(row)[1] == called("actor", one)


def test_the_second_name_of_a_row_leaves_the_first_alone() -> None:
    shard = Shard(FUNNEL)
    stored = {("team", 1023): "t", ("actor", 65_535): "a", ("reason", 1023): "r", ("competitor", 1023): "c"}
    shard.set_labels(stored)
    feed(shard, [assigned("t", 1, owner="a"), lost(2, "r", competitor="c"), call("no_show", 3, actor="a")])
    lead = shard.look("L")
    assert lead is not None
    to_team, closed, touched = rows(lead.log)
    assert shard.history.words(to_team) == ("t", "a")
    assert shard.history.words(closed) == ("r", "c")
    assert touch_of(touched.arg) == ("out", "human", "no_show", "call")
    assert touched.arg >> TOUCH_BITS == 65_535
    assert to_team.arg == 1023 | 65_535 << SECOND


def test_every_kind_of_interaction_has_bits_of_its_own() -> None:
    kinds = list(product(DIRECTIONS, ACTOR_KINDS, OUTCOMES, KNOWN_CHANNELS))
    bits = [touch_bits(*kind) for kind in kinds]
    assert len(set(bits)) == len(kinds)
    assert max(bits) < 1 << TOUCH_BITS
    assert [touch_of(b) for b in bits] == kinds


def test_a_channel_that_is_not_listed_is_other() -> None:
    for channel in (*CHANNELS, "fax", "carrier pigeon"):
        _, row = only_row(interaction(3, channel=channel))
        assert touch_of(row.arg).channel == (channel if channel in CHANNELS else "other")


def test_what_does_not_fit_a_row_is_noted() -> None:
    assert note_of(amount_changed(2**53 - 1, 3, currency="EUR")) == "9007199254740991 EUR"
    assert note_of(amount_changed(7, 3)) == "7"
    assert note_of(scored(0.25, 3)) is None
    assert note_of(merged("M", 3)) == "M"
    assert note_of(won(3)) is None
    _, one = only_row(merged("M", 3, event_id="e"))
    _, two = only_row(merged("N", 3, event_id="e"))
    assert one != two


@given(st.datetimes(min_value=EPOCH.replace(tzinfo=None, year=2000), timezones=st.just(UTC)))
@examples(60)
def test_times_are_milliseconds_rounded_down(moment: Any) -> None:
    left = moment - (EPOCH + timedelta(milliseconds=milliseconds(moment)))
    assert timedelta(0) <= left < timedelta(milliseconds=1)


@given(st.text(min_size=1), st.text(min_size=1))
@examples(60)
def test_event_ids_are_told_apart_by_eight_bytes(one: str, two: str) -> None:
    assert len(identity(one)) == 6
    assert (identity(one) == identity(two)) == (one == two)
