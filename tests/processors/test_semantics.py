"""The pages of meanings name the tests that hold them: they must exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = {"semantics.md": 80, "response.md": 60}
"""Page -> how many tests it names at least."""


def defined() -> set[str]:
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def text_of(page: str) -> str:
    return (ROOT / "docs" / page).read_text("utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_every_test_that_a_page_of_meanings_names_exists(page: str) -> None:
    named = set(re.findall(r"\btest_\w+(?!\.py)\b", text_of(page)))
    assert len(named) > PAGES[page]
    assert named - defined() == set()


@pytest.mark.parametrize("page", PAGES)
def test_every_rule_of_a_page_names_a_test(page: str) -> None:
    rules = [block for block in text_of(page).split("\n\n") if block.startswith("- **")]
    assert rules
    for rule in (line for block in rules for line in re.split(r"\n(?=- \*\*)", block)):
        assert "`test_" in rule, f"no test holds this rule: {rule[:80]}"
