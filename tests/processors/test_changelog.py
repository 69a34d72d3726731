"""What a shard writes of itself, and what it becomes again from that."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import msgpack

from processors import changelog as module
from processors.cells import Numbers
from processors.changelog import FORMAT, Changelog, OtherFormatError, restore
from processors.service import ENDED
from processors.shard import Shard
from processors.stored import Checkpoint, Delta
from tests.examples import examples
from tests.processors.events import FUNNEL, LEFT_ALONE, T0_MS, call, created, reopened, stage, won
from tests.processors.looks import Log, at_once, feed, kinds, restored, state

NOW = T0_MS // 60_000
DAY = 1440
COUNTS = st.dictionaries(st.text(max_size=9), st.integers(0, 2**63 - 1), max_size=5)
SERIES, NUMBERS = st.integers(0, 2**34 - 1), st.integers(-(2**62), 2**62)
INTS = st.integers(0, 2**63 - 1)


# -- the form --------------------------------------------------------------------------------------------------------


@given(st.builds(Delta, INTS, COUNTS, INTS, st.lists(st.dictionaries(INTS, st.dictionaries(SERIES, NUMBERS)))))
@examples(60)
def test_a_delta_is_what_was_encoded(delta: Delta) -> None:
    encoded = msgpack.encode(delta)
    assert module._decode_delta(encoded) == delta
    assert isinstance(msgpack.decode(encoded, strict=False), list)


@given(st.builds(Checkpoint, st.just(FORMAT), INTS, COUNTS, INTS, st.tuples(INTS, INTS, INTS), st.binary(max_size=16)))
@examples(60)
def test_a_checkpoint_is_what_was_encoded(checkpoint: Checkpoint) -> None:
    encoded = msgpack.encode(checkpoint)
    assert module._decode_checkpoint(encoded) == checkpoint
    assert isinstance(msgpack.decode(encoded), list)


def test_a_small_commit_writes_its_leads_and_one_slot() -> None:
    shard = feed(Shard(FUNNEL), [created(0)])
    changelog = Changelog(shard)
    assert kinds(changelog.flush()).count(b"m") == 1, "the first commit is a checkpoint"
    feed(shard, [won(3), created(4, "M")])
    assert sorted(kinds(changelog.flush())) == [b"d", b"l", b"l"]


def test_commits_write_into_a_ring_of_slots_with_a_checkpoint_before_one_is_overwritten() -> None:
    shard = Shard(FUNNEL)
    changelog = Changelog(shard, checkpoint_every=4, slots=8)
    written = []
    for n in range(17):
        feed(shard, [created(n, f"L{n}")])
        written.append([key for key, _ in changelog.flush() if key[:1] in b"dm"])
    assert [b"m" in keys for keys in written] == [True] + [(n + 1) % 4 == 0 for n in range(1, 17)]
    slots = {key for keys in written for key in keys if key != b"m"}
    assert slots <= {b"d%d" % n for n in range(8)}


def test_a_checkpoint_writes_the_panes_that_changed_since_the_last_one() -> None:
    shard = feed(Shard(LEFT_ALONE), [created(0)])
    changelog = Changelog(shard, checkpoint_every=1)
    changelog.flush()
    feed(shard, [won(3)])
    assert {key for key, _ in changelog.flush() if key[:1] == b"p"} == {b"p%d" % start for start in (0, NOW + 3)}


def test_a_large_commit_is_a_checkpoint(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MAX_SLOT_CELLS", 7)
    shard = Shard(LEFT_ALONE)
    changelog = Changelog(shard)
    changelog.flush()
    feed(shard, [created(0)])
    assert b"d" in kinds(changelog.flush())
    feed(shard, [created(0, "M"), created(0, "N")])
    assert b"d" in kinds(changelog.flush()), "the same cells, few as they are"
    feed(shard, [stage("proposal", 3), won(5, "M")])
    assert b"m" in kinds(changelog.flush())


def test_a_fold_of_panes_is_a_checkpoint_and_takes_the_old_panes_away() -> None:
    shard, log = feed(Shard(LEFT_ALONE), [created(0)]), Log()
    changelog = Changelog(shard)
    log.commit(changelog)
    changelog.advance((NOW + 3 * DAY) * 60_000 + 5)
    feed(shard, [created(3 * DAY, "M")])
    log.commit(changelog)
    panes_stored = {key for key in log.records if key.startswith(b"p")}
    assert panes_stored == {b"p%d" % start for start in (0, NOW, NOW + 3 * DAY)}
    changelog.advance((NOW + 20 * DAY) * 60_000)
    log.commit(changelog)
    midnight = shard.panes.days.midnight
    assert {int(k[1:]) for k in log.records if k[:1] == b"p"} == {0, midnight(NOW), midnight(NOW + 3 * DAY)}
    assert state(restored(log, LEFT_ALONE)[0]) == state(shard)


def test_a_pane_that_becomes_empty_is_taken_away() -> None:
    shard, log = feed(Shard(FUNNEL), [created(0), won(3)]), Log()
    changelog = Changelog(shard, checkpoint_every=1)
    log.commit(changelog)
    assert b"p%d" % (NOW + 3) in log.records
    feed(shard, [reopened(5), call("no_answer", 5)])
    log.commit(changelog)
    left = shard.panes.snapshot()
    assert {int(key[1:]) for key in log.records if key[:1] == b"p"} == set(left)


def test_nothing_but_the_checkpoint_is_written_when_nothing_happened() -> None:
    changelog = Changelog(Shard(FUNNEL))
    changelog.flush()
    assert kinds(changelog.flush()) == [b"d"]


def test_how_fast_leads_are_answered_is_written_every_ten_seconds_and_only_after_something_was_learnt() -> None:
    shard = Shard(FUNNEL)
    changelog = Changelog(shard)

    def written(seconds: int) -> int:
        changelog.advance(T0_MS + seconds * 1000)
        return kinds(changelog.flush()).count(b"f")

    def learn() -> None:
        shard.service.learn((0, 0), 0, 5_000, T0_MS, ENDED)

    assert written(0) == 0
    learn()
    assert written(1) == 1
    learn()
    assert written(9) == 0
    assert written(10) == 1
    assert written(20) == 0


def test_a_lead_that_was_not_touched_is_not_written_again() -> None:
    shard = feed(Shard(FUNNEL), [created(0, "A"), created(0, "B")])
    changelog = Changelog(shard)
    changelog.flush()
    feed(shard, [won(3, "A")])
    assert [key for key, _ in changelog.flush() if key[:1] == b"l"] == [b"lA"]


# -- restoring -------------------------------------------------------------------------------------------------------


def test_counts_watermark_and_commit_number_come_back() -> None:
    shard, log = Shard(FUNNEL), Log()
    changelog = Changelog(shard)
    for n in range(3):
        feed(shard, [created(n, f"L{n}")])
        shard.counts["accepted"] += 1
        log.commit(changelog)
    for records in (list(log.records.items()), list(reversed(log.records.items()))):
        back = Shard(FUNNEL)
        going_on = restore(back, records)
        assert (back.counts["accepted"], back.watermark) == (3, shard.watermark)
        assert state(back) == state(shard)
        feed(back, [created(9, "M")])
        assert [key for key, _ in going_on.flush() if key[:1] == b"d"] == [b"d4"]


def test_slots_older_than_the_checkpoint_are_not_counted_again() -> None:
    shard, log = Shard(FUNNEL), Log()
    changelog = Changelog(shard, checkpoint_every=4, slots=8)
    for n in range(6):
        feed(shard, [created(n, f"L{n}")])
        log.commit(changelog)
    assert {b"d2", b"d3", b"d5"} <= set(log.records)
    assert state(restored(log)[0]) == state(shard)


def test_a_deleted_lead_and_a_deleted_pane_are_forgotten() -> None:
    shard, log = feed(Shard(LEFT_ALONE), [created(0, "A"), created(0, "B")]), Log()
    log.commit(Changelog(shard))
    back = Shard(LEFT_ALONE)
    changelog = Changelog(back)
    for key, value in log.records.items():
        changelog.load(key, value)
    changelog.load(b"lA", None)
    changelog.load(b"lnever there", None)
    changelog.load(b"p%d" % NOW, None)
    changelog.load(b"p%d" % (NOW + 77), None)
    assert set(back.cold) == {"B"}
    assert set(back.panes.snapshot()) == {0}


def test_an_empty_changelog_gives_an_empty_shard_that_begins_with_a_checkpoint() -> None:
    shard = Shard(FUNNEL)
    changelog = Changelog(shard)
    assert at_once(changelog.loaded()) is False
    assert b"m" in kinds(changelog.flush())


def test_lead_records_without_a_checkpoint_are_enough_to_recompute_everything() -> None:
    shard, log = feed(Shard(FUNNEL), [created(0), stage("proposal", 3), won(5)]), Log()
    log.commit(Changelog(shard))
    back = Shard(FUNNEL)
    changelog = Changelog(back)
    for key, value in log.records.items():
        if key[:1] in b"ln":
            changelog.load(key, value)
    assert at_once(changelog.loaded()) is True
    assert state(back) == state(shard)


def test_a_newer_format_is_refused() -> None:
    shard = Shard(FUNNEL)
    changelog = Changelog(shard)
    newer = [FORMAT + 1, "in whatever form", {"future": True}]
    with pytest.raises(OtherFormatError, match="newer version"):
        changelog.load(b"m", msgpack.encode(newer))


def test_an_older_format_that_cannot_be_read_is_refused_with_a_way_out() -> None:
    with pytest.raises(OtherFormatError, match=r"format 1, .* new id \(app\.id\)"):
        Changelog(Shard(FUNNEL)).load(b"m", msgpack.encode([1, "in whatever form"]))


# -- size --------------------------------------------------------------------------------------------------------------


def test_records_are_plain_arrays_of_a_known_size() -> None:
    rng = random.Random(1)
    shard = Shard(FUNNEL)
    for n in range(200):
        lead = f"{n:032x}"
        feed(shard, [created(n, lead)])
        moments = sorted(rng.randrange(n, n + 9000) for _ in range(19))
        feed(shard, [call("connected", m, lead, actor=f"person {m % 9}") for m in moments])
    records = [value for key, value in Changelog(shard).flush() if key[:1] == b"l" and value]
    assert len(records) == 200
    assert all(isinstance(msgpack.decode(record), list) for record in records)
    mean = sum(map(len, records)) / len(records)
    assert 460 < mean < 520, "19 rows of 18 bytes, the fold with its clocks and contacts, and what was said"


def test_deltas_keep_the_cells_as_they_were_merged() -> None:
    shard, cells = Shard(FUNNEL), list[dict[int, Numbers]]()
    changelog = Changelog(shard)
    changelog.flush()
    feed(shard, [created(0)])
    shard.merge()
    cells += shard.unlogged
    feed(shard, [won(3)])
    (slot,) = (value for key, value in changelog.flush() if key[:1] == b"d" and value)
    delta = module._decode_delta(slot)
    assert len(delta.cells) == 2, "a scrape between two commits merges, and swallows nothing"
    assert delta.cells[0] == cells[0]
