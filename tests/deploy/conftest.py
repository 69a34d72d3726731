from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="session")
def promtool() -> str:
    """The program that comes with Prometheus; CI has one, see `.ci/run`."""
    program = shutil.which("promtool")
    if program is None:
        pytest.skip("promtool is not installed; on Debian it is in the package prometheus")
    return program
