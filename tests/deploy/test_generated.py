from __future__ import annotations

import subprocess
import sys

from deploy.generated import texts
from streams import generated


def test_the_generated_files_are_fresh() -> None:
    assert generated.check(wanted=texts()) == []


def test_the_command_names_itself() -> None:
    command = [sys.executable, "-m", "deploy.generated", "--nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr == "usage: python -m deploy.generated [--check]\n"
