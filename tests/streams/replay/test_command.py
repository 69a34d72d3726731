"""`leadpulse replay`, as far as it goes without Kafka."""

from pathlib import Path

import pytest

from streams.cli.main import run

EXAMPLES = Path(__file__).parents[3] / "examples"
MAPPING = ["--mapping", str(EXAMPLES / "crm-export.toml")]


def test_a_dry_run_says_what_would_be_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", str(EXAMPLES / "crm-export.csv"), *MAPPING, "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "6 rows read, 22 events would be written, 0 rows left out"
    assert lines[1].split() == ["created", "6"]


def test_a_limit_ends_it_after_so_many_events(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", str(EXAMPLES / "crm-export.csv"), *MAPPING, "--dry-run", "--limit", "3"]) == 0
    assert "3 events would be written" in capsys.readouterr().out


def test_faulty_rows_are_told_with_their_lines_and_end_it_only_when_strict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = (EXAMPLES / "crm-export.csv").read_text(encoding="utf-8").replace("02.11.2026 09:47", "soon")
    export = tmp_path / "export.csv"
    export.write_text(text, encoding="utf-8")
    problem = f"{export}:3: rule created: column \"Created\": not a time like '%d.%m.%Y %H:%M': 'soon'"
    assert run(["replay", str(export), *MAPPING, "--dry-run"]) == 0
    assert problem in capsys.readouterr().err
    assert run(["replay", str(export), *MAPPING, "--dry-run", "--strict"]) == 1
    assert capsys.readouterr().err == f"leadpulse: {problem}\n"


def test_rows_without_a_rule_are_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping, export = tmp_path / "m.toml", tmp_path / "export.csv"
    mapping.write_text(
        'lead_id = "{id}"\nevent_id = "{id}"\n[time]\ncolumn = "at"\n[[rule]]\nwhen = { a = "x" }\nevent = "won"\n',
        encoding="utf-8",
    )
    export.write_text("id,at,a\n1,2026-11-22T09:00Z,y\n2,2026-11-22T09:00Z,y\n", encoding="utf-8")
    assert run(["replay", str(export), "-m", str(mapping), "--dry-run"]) == 0
    assert "2 rows fit no rule:\n           2 x a='y'\n" in capsys.readouterr().err


def test_a_wrong_mapping_is_a_wrong_setting(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mapping = tmp_path / "m.toml"
    mapping.write_text("lead = 1\n", encoding="utf-8")
    assert run(["replay", str(EXAMPLES / "crm-export.csv"), "-m", str(mapping)]) == 78
    assert capsys.readouterr().err == f'leadpulse: {mapping}:1: unknown key "lead"; did you mean "lead_id"?\n'


def test_a_missing_export_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["replay", "nowhere.csv", *MAPPING]) == 1
    assert capsys.readouterr().err == "leadpulse: nowhere.csv: cannot be read: No such file or directory\n"
