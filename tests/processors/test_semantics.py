"""The page of meanings names the tests that hold it: they must exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "semantics.md").read_text("utf-8")


def defined() -> set[str]:
    return {
        node.name
        for path in (ROOT / "tests").rglob("test_*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def test_every_test_that_the_page_of_meanings_names_exists() -> None:
    named = set(re.findall(r"\btest_\w+(?!\.py)\b", PAGE))
    assert len(named) > 80
    assert named - defined() == set()


def test_every_rule_of_the_page_names_a_test() -> None:
    rules = [block for block in PAGE.split("\n\n") if block.startswith("- **")]
    assert rules
    for rule in (line for block in rules for line in re.split(r"\n(?=- \*\*)", block)):
        assert "`test_" in rule, f"no test holds this rule: {rule[:80]}"
