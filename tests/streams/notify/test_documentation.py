"""The examples of docs/alarms.md work."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Callable
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from processors.alarms import Wording, alarm_of
from processors.notices import Change
from schemas.alerts import Alert
from streams.notify.webhook import SIGNATURE, TIMESTAMP, Webhook
from tests.processors.alerts import Wait, silent

GUIDE = (Path(__file__).parents[3] / "docs" / "alarms.md").read_text(encoding="utf-8")
WORDING = Wording(
    "leadpulse", {"warned": "warning", "breached": "critical", "escalated": "page", "source_silent": "warning"}, UTC
)


def block(language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
    assert found is not None
    return found[1]


@pytest.fixture
def amtool(tmp_path: Path) -> Callable[..., str]:
    """Alertmanager's own tool, asked about the configuration in the guide."""
    program = shutil.which("amtool")
    if program is None:
        pytest.skip("amtool is not installed; on Debian it is in the package prometheus-alertmanager")
    file = tmp_path / "alertmanager.yml"
    file.write_text(block("yaml"), encoding="utf-8")

    def run(*arguments: str) -> str:
        command = [str(file) if argument == "FILE" else argument for argument in (program, *arguments)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    return run


def test_alertmanager_takes_the_route(amtool: Callable[..., str]) -> None:
    assert "SUCCESS" in amtool("check-config", "FILE")


@pytest.mark.parametrize(
    ("alert", "receivers"),
    [(Wait().breached(), "chat"), (Wait().escalated(), "pager,chat"), (silent(), "marketing")],
)
def test_the_route_leads_where_the_guide_says(amtool: Callable[..., str], alert: Alert, receivers: str) -> None:
    labels = alarm_of(alert, WORDING).labels
    told = amtool("config", "routes", "test", "--config.file", "FILE", *(f"{name}={labels[name]}" for name in labels))
    assert told == receivers


def test_the_receiver_takes_what_is_ours_once_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    program: dict[str, Any] = {}
    exec(block("python"), program)  # noqa: S102  # the text of our own guide
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
