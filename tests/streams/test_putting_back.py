"""The judge; what is put back for real is shown with a broker, in tests/integration."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from msgspec import json, structs

from processors.shard import Shard
from schemas.dead_letters import DeadLetter
from schemas.refusals import Reason
from streams import putting_back
from streams.producing import partition_of
from streams.putting_back import Judge, Returning, returning
from streams.settings import Settings, load

PARTITIONS = {"leads.v1": 4, "interactions.v1": 4}


def record(key: bytes | None = b"L1", value: bytes | None = None, **fields: Any) -> Returning:
    event = {
        "type": "created",
        "event_id": "1",
        "lead_id": "L1",
        "occurred_at": datetime.now(UTC) - timedelta(hours=1),
        **fields,
    }
    value = json.encode(event) if value is None else value
    return Returning(topic="leads.v1", partition=partition_of(b"L1", 4), key=key, value=value)


def reason(of: Returning, settings: Settings | None = None) -> Reason | None:
    refusal = Judge(settings or load(environ={}), PARTITIONS).refusal(of)
    return None if refusal is None else refusal.reason


def test_a_letter_goes_back_as_the_record_it_was() -> None:
    letter = DeadLetter("leads.v1", 3, 9, b"k", b"v", (("h", b"1"),), Reason.FUTURE, "", "")
    assert returning(letter) == Returning(topic="leads.v1", partition=3, key=b"k", value=b"v", headers=(("h", b"1"),))


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (record(), None),
        (record(value=b"{"), Reason.MALFORMED),
        (structs.replace(record(), value=None), Reason.MALFORMED),
        (record(type="create"), Reason.UNKNOWN_TYPE),
        (record(amount="5"), Reason.INVALID),
        (record(key=b"L2"), Reason.KEY_MISMATCH),
        (record(key=None), Reason.KEY_MISMATCH),
        (record(occurred_at=datetime.now(UTC) + timedelta(hours=1)), Reason.FUTURE),
        (structs.replace(record(), topic="interactions.v1"), Reason.UNKNOWN_TYPE),
    ],
)
def test_a_record_is_judged_as_a_worker_does(of: Returning, expected: Reason | None) -> None:
    assert reason(of) == expected


def test_the_settings_of_now_decide() -> None:
    moved = record(type="stage_changed", stage="signed")
    assert reason(moved) is Reason.INVALID
    assert reason(moved, load(environ={}, options={"funnel.stages": [{"name": "signed"}]})) is None
    early = record(occurred_at=datetime.now(UTC) + timedelta(hours=1))
    assert reason(early, load(environ={}, options={"worker.future_tolerance": "2h"})) is None
    assert reason(early, load(environ={}, options={"worker.clock": "event"})) is None


def test_a_record_that_still_breaks_the_processing_is_refused_and_the_next_is_judged_afresh(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    judge = Judge(load(environ={}), PARTITIONS)
    with monkeypatch.context() as broken:
        broken.setattr(Shard, "apply", lambda *_: 1 // 0)
        refusal = judge.refusal(record())
    assert refusal is not None
    assert refusal.reason is Reason.PROCESSING_ERROR
    assert "ZeroDivisionError" in refusal.detail
    assert judge.refusal(record()) is None


def test_one_verdict_does_not_colour_the_next() -> None:
    judge = Judge(load(environ={}), PARTITIONS)
    assert judge.refusal(record(value=b"{")) is not None
    assert judge.refusal(record()) is None
    assert judge.refusal(record()) is None  # a duplicate is no refusal: a worker passes over it


def test_the_memory_of_the_judge_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(putting_back, "_JUDGED_BY_ONE", 10)
    judge = Judge(load(environ={}), PARTITIONS)
    sizes = []
    for number in range(35):
        lead = f"L{number}"
        assert judge.refusal(record(key=lead.encode(), lead_id=lead)) is None
        sizes.append(len(judge._state.shard))
    assert max(sizes) <= 10


def test_a_record_needs_a_place() -> None:
    judge = Judge(load(environ={}), PARTITIONS)
    assert judge.has_no_place(record()) is None
    other = judge.has_no_place(structs.replace(record(), topic="leads.v0"))
    assert other is not None
    assert other.detail == "leads.v0 is no input of this application"
    empty = judge.has_no_place(structs.replace(record(), key=None, value=None))
    assert empty is not None
    assert "neither key nor value" in empty.detail
    beyond = judge.has_no_place(structs.replace(record(), partition=4))
    assert beyond is not None
    assert beyond.detail == "leads.v1 has 4 partitions, 4 is none"


def test_a_record_with_a_wrong_key_gets_its_lead_id_and_the_partition_of_that() -> None:
    judge = Judge(load(environ={}), PARTITIONS)
    wrong = structs.replace(record(key=b"L2"), partition=0)
    mended = judge.rekeyed(wrong)
    assert (mended.key, mended.partition, mended.value) == (b"L1", partition_of(b"L1", 4), wrong.value)
    assert judge.refusal(mended) is None
    unreadable = record(value=b"{")
    assert judge.rekeyed(unreadable) == unreadable


def test_an_edited_key_in_the_old_partition_is_noticed() -> None:
    judge = Judge(load(environ={}), PARTITIONS)
    assert judge.strays(record()) is None
    home = partition_of(b"L1", 4)
    strayed = judge.strays(structs.replace(record(), partition=(home + 1) % 4))
    assert strayed is not None
    assert strayed.reason is Reason.KEY_MISMATCH
    assert f"partition {home}" in strayed.detail
