import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.refusals import (
    MAX_DETAIL,
    MAX_FIELD,
    Reason,
    Refusal,
    class_name,
    key_mismatch,
    message_of,
    processing_error,
    refuse,
)


class Mute(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_the_reasons_are_a_closed_set() -> None:
    assert [reason.value for reason in Reason] == [
        "malformed",
        "unknown_type",
        "invalid",
        "key_mismatch",
        "future",
        "processing_error",
    ]


@given(st.text(st.characters(), max_size=700), st.text(st.characters(), max_size=700))
def test_every_text_of_a_refusal_is_one_bounded_line_that_utf_8_can_carry(field: str, detail: str) -> None:
    refusal = refuse(Reason.INVALID, field, detail)
    assert len(refusal.field) <= MAX_FIELD
    assert len(refusal.detail) <= MAX_DETAIL
    for text in (refusal.field, refusal.detail):
        assert text.isprintable()
        assert text.encode().decode() == text


@pytest.mark.parametrize(
    ("key", "found"),
    [
        (None, "no key"),
        (b"other", "key 'other'"),
        (b"\xff\n", r"key '\\xff\n'"),
        (b"x" * 1000, f"key '{'x' * 60}…'"),
    ],
)
def test_a_wrong_key_is_shown_beside_the_lead_id(key: bytes | None, found: str) -> None:
    assert key_mismatch(key, "L-1") == Refusal(
        Reason.KEY_MISMATCH, "lead_id", f"record has {found}, the lead id is 'L-1'"
    )


def test_a_defect_is_named_with_its_class_and_message() -> None:
    assert processing_error(KeyError("stage")) == Refusal(Reason.PROCESSING_ERROR, "", "KeyError: 'stage'")


def test_a_class_is_named_with_its_module_unless_built_in() -> None:
    assert class_name(ValueError()) == "ValueError"
    assert class_name(Mute()) == f"{__name__}.Mute"


def test_an_exception_that_cannot_tell_its_message_is_still_named() -> None:
    assert message_of(Mute()) == "(no message: its __str__ raises)"
