"""The examples of docs/alarms.md work."""

from __future__ import annotations

import re
import shutil
import subprocess
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from processors.alarms import Wording
from processors.notices import Change
from streams.notify.webhook import SIGNATURE, TIMESTAMP, Webhook
from tests.processors.alerts import Wait

GUIDE = (Path(__file__).parents[3] / "docs" / "alarms.md").read_text(encoding="utf-8")
WORDING = Wording("leadpulse", {"warned": "warning", "breached": "critical", "escalated": "page"}, UTC)


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


def test_alertmanager_takes_the_route(tmp_path: Path) -> None:
    amtool = shutil.which("amtool")
    if amtool is None:
        pytest.skip("amtool is not installed; on Debian it is in the package prometheus-alertmanager")
    file = tmp_path / "alertmanager.yml"
    file.write_text(block("yaml"), encoding="utf-8")
    checked = subprocess.run([amtool, "check-config", str(file)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_receiver_takes_what_is_ours_once_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    program: dict[str, Any] = {}
    exec(block("python"), program)  # noqa: S102 # the text of our own guide
    receive, now = program["receive"], 1_772_440_000
    monkeypatch.setattr(program["time"], "time", lambda: float(now))
    hook = Webhook("", program["SECRET"].decode, WORDING, gathering=0, lines=20)
    changes = [Change(Wait(lead).breached(), ()) for lead in "AB"]
    (both,) = hook.messages(changes, now)
    (one,) = hook.messages(changes[:1], now)
    assert [line.split()[1] for line in receive(both.headers, both.body)] == ["A", "B"]
    assert receive(one.headers, one.body) == []
    with pytest.raises(PermissionError, match="forged"):
        receive({**one.headers, SIGNATURE: both.headers[SIGNATURE]}, one.body)
    with pytest.raises(PermissionError, match="forged"):
        receive({**one.headers, TIMESTAMP: str(now + 1)}, one.body)
    (late,) = hook.messages(changes, now - 301)
    with pytest.raises(PermissionError, match="replay"):
        receive(late.headers, late.body)
