from __future__ import annotations

import json
from pathlib import Path

import pytest

from deploy.dashboards import main


def test_the_dashboards_are_written_for_settings_of_ones_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = tmp_path / "leadpulse.toml"
    settings.write_text('[response]\ntarget = "7m"\n')
    main(["--config", str(settings), "--into", str(tmp_path / "boards")])
    assert len(capsys.readouterr().out.splitlines()) == 6
    wallboard = json.loads((tmp_path / "boards/wallboard.json").read_text())
    queries = [target["expr"] for panel in wallboard["panels"] for target in panel["targets"]]
    assert "vector(420)" in queries
