"""The rules that hold for all tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

_SKIPPED_FILE = "import pytest\npytest.skip('not today', allow_module_level=True)\n"
_SKIPPED_TEST = "import pytest\n@pytest.mark.skip('not today')\ndef test_it(): pass\n"
_EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_it(): assert False\n"


def _run(folder: Path, test: str, *, ci: bool) -> int:
    shutil.copy(Path(__file__).with_name("conftest.py"), folder)
    (folder / "pytest.ini").write_text("[pytest]\n")
    (folder / "test_it.py").write_text(test)
    environment = os.environ | {"CI": "true" if ci else "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "ignore", str(folder)]
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, check=False).returncode


@pytest.mark.thorough
@pytest.mark.parametrize("test", [_SKIPPED_FILE, _SKIPPED_TEST])
def test_a_skip_in_ci_is_a_failure(tmp_path: Path, test: str) -> None:
    assert _run(tmp_path, test, ci=True) in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}


@pytest.mark.thorough
def test_elsewhere_a_skip_is_a_skip(tmp_path: Path) -> None:
    assert _run(tmp_path, _SKIPPED_TEST, ci=False) == pytest.ExitCode.OK


@pytest.mark.thorough
def test_an_expected_failure_is_no_skip(tmp_path: Path) -> None:
    assert _run(tmp_path, _EXPECTED_FAILURE, ci=True) == pytest.ExitCode.OK
