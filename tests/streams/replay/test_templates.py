"""Values put together from columns."""

import pytest

from streams.replay.templates import Template

ROW = {"a": "1", "b c": "two", "n": 3, "yes": True, "nothing": None}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("plain", "plain"),
        ("{a}", "1"),
        ("{n}", 3),
        ("{missing}", None),
        ("x-{a}-{b c}", "x-1-two"),
        ("{n}{yes}{nothing}{missing}", "3true"),
        ("{{a}} {a}", "{a} 1"),
        ("{{{a}}}", "{1}"),
        ("", ""),
    ],
)
def test_columns_stand_in_braces_and_two_braces_are_one(text: str, value: object) -> None:
    assert Template(text).value(ROW) == value


@pytest.mark.parametrize("text", ["{a", "a}", "{}", "{a}}", "x{{{a"])
def test_a_brace_without_its_partner_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="without its partner"):
        Template(text)


def test_a_column_is_only_a_name_and_nothing_is_looked_up_in_its_value() -> None:
    assert Template("x{a.__class__}{a!r}").value(ROW) == "x"
