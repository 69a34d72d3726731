"""Prometheus' own tool, for checks that need no server."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest


class Promtool:
    """`promtool`; it comes with Prometheus."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder

    def complaints(self, metrics: str) -> str:
        """What `check metrics` has to say about an answer to a scrape."""
        done = subprocess.run(
            [self._program, "check", "metrics"], input=metrics.encode(), capture_output=True, check=False
        )
        said = (done.stdout + done.stderr).decode()
        assert said or not done.returncode
        return said

    def parses(self, *queries: str) -> str:
        """What is wrong with queries; empty for nothing."""
        rules = [{"record": f"r:{number}", "expr": query} for number, query in enumerate(queries)]
        return self._run("check", {"groups": [{"name": "g", "rules": rules}]})

    def gives(self, query: str, series: Mapping[str, float | None], expected: Sequence[tuple[str, float]]) -> str:
        """How the answer of a query over these series differs from the expected one; empty for not at all."""
        inputs = [{"series": name, "values": f"{value}"} for name, value in series.items() if value is not None]
        wanted = [{"labels": labels, "value": value} for labels, value in expected]
        check = {"expr": query, "eval_time": "0s", "exp_samples": wanted}
        return self._run("test", {"tests": [{"interval": "1s", "input_series": inputs, "promql_expr_test": [check]}]})

    def disagrees(self, test: Mapping[str, Any]) -> str:
        """What is wrong with a unit test of rules, in Prometheus' own form; empty for nothing."""
        return self._run("test", test)

    def refuses(self, rules: Mapping[str, Any]) -> str:
        """What is wrong with the content of a rule file; empty for nothing."""
        return self._run("check", rules)

    def _run(self, command: str, content: Any) -> str:
        file = self._folder / "rules.yml"
        file.write_text(json.dumps(content), encoding="utf-8")  # every JSON text is YAML
        done = subprocess.run([self._program, command, "rules", str(file)], capture_output=True, check=False)
        return (done.stdout + done.stderr).decode() if done.returncode else ""


@pytest.fixture
def promtool(tmp_path: Path) -> Promtool:
    """The tool that is on the path; CI has one, see `.ci/run`."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed; on Debian it is in the package prometheus")
    return Promtool(program, tmp_path)
