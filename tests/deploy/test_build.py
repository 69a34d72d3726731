"""The build: which modules of the core are compiled."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

from hatch_build import compiled_modules
from tests.deploy.files import ROOT

if TYPE_CHECKING:
    from pathlib import Path


def test_what_every_event_passes_is_compiled() -> None:
    core = compiled_modules(ROOT)
    for module in ("shard", "fold", "record", "cells", "panes", "changelog", "questions/response", "calendars"):
        assert f"processors/{module}.py" in core
    assert all(path.startswith("processors/") for path in core)


def test_the_core_is_compiled_against_the_versions_that_it_runs_with() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    hook = project["tool"]["hatch"]["build"]["targets"]["wheel"]["hooks"]["custom"]
    compiler, *others = hook["dependencies"]
    assert compiler.startswith("mypy[mypyc]==")
    assert set(others) <= set(project["project"]["dependencies"])


def test_a_module_whose_classes_take_keywords_is_not_since_the_compiler_would_lose_them(tmp_path: Path) -> None:
    (tmp_path / "processors" / "inner").mkdir(parents=True)
    (tmp_path / "processors" / "plain.py").write_text("class Plain(Base):\n    x: int = 0\n")
    (tmp_path / "processors" / "inner" / "frozen.py").write_text("class Frozen(Struct, frozen=True):\n    x: int = 0\n")
    assert compiled_modules(tmp_path) == ["processors/plain.py"]
