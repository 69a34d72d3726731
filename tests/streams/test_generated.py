from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from streams import generated


def test_the_generated_files_of_the_repository_are_fresh() -> None:
    assert generated.check() == []


def test_stale_and_missing_files_are_found_and_written(tmp_path: Path) -> None:
    assert generated.check(tmp_path) == list(generated.texts())
    assert generated.write(tmp_path) == list(generated.texts())
    assert generated.check(tmp_path) == []
    (tmp_path / "docs/configuration.md").write_text("by hand", encoding="utf-8")
    assert generated.check(tmp_path) == ["docs/configuration.md"]
    assert generated.write(tmp_path) == ["docs/configuration.md"]
    assert generated.write(tmp_path) == []


def test_no_two_generators_make_the_same_file() -> None:
    paths = [path for generate in generated.GENERATORS for path in generate()]
    assert len(paths) == len(set(paths))


def test_the_command_checks_or_writes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert generated.main(["--check"], tmp_path) == 1
    assert "docs/configuration.md: stale, run `make generate`\n" in capsys.readouterr().out
    assert generated.main([], tmp_path) == 0
    assert "docs/configuration.md: written\n" in capsys.readouterr().out
    assert generated.main(["--check"], tmp_path) == 0
    assert generated.main(["--chek"], tmp_path) == 2
    assert capsys.readouterr().err == "usage: python -m streams.generated [--check]\n"


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "streams.generated", "--nonsense"], capture_output=True, check=False)
    assert done.returncode == 2
