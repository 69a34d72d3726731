"""Draws dashboards: from their JSON and the answers of a Prometheus, with Grafana's components, in a real Chromium."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from promql_parser import parse_duration

from tests.integration.board_queries import filled, values_of
from tests.integration.prometheus import Prometheus

DRAWING = Path(__file__).parents[2] / "deploy/boards/drawing"
POINTS = 240
"""Steps of a diagram over time."""
_WIDTHS, _WIDTH = {"wallboard": 1920, "operations": 1400, "response": 1400}, 1600
_ROW, _GAP = 30, 8
_TIMEOUT = 120
_LEAST_SIZE = 10_000
"""Bytes that a picture with anything on it has at least."""


def bundle(folder: Path) -> None:
    """Make the page that draws, in a folder; the packages of `deploy/boards/drawing` must be installed."""
    subprocess.run(["node", "build.mjs", str(folder)], cwd=DRAWING, check=True, timeout=_TIMEOUT)  # noqa: S607  # as found on PATH
    shutil.copy(DRAWING / "page.html", folder)


async def drawing(
    prometheus: Prometheus, board: Mapping[str, Any], span: tuple[float, float], width: int
) -> dict[str, Any]:
    """Ask everything that a board shows, and return what the page draws from.

    Args:
        prometheus: Whom to ask.
        board: The dashboard.
        span: From when to when its diagrams go, Unix time.
        width: Of the picture, in pixels.
    """
    start, end = span
    values = values_of(board, job="leadpulse")
    answers: dict[int, dict[str, Any]] = {}
    for panel in board["panels"]:
        step = max(1, round((end - start) / POINTS), seconds(panel.get("interval") or "1s"))
        values["__rate_interval"] = f"{max(45, 4 * step)}s"
        for target in panel.get("targets", ()):
            query = filled(target["expr"], values)
            if target["instant"]:
                result = (await prometheus.ask("query", query=query, time=str(end)))["result"]
            else:
                ask = prometheus.ask("query_range", query=query, start=str(start), end=str(end), step=str(step))
                result = (await ask)["result"]
            answer = {"result": result, "from": start, "to": end, "step": step}
            answers.setdefault(panel["id"], {})[target["refId"]] = answer
    zone = "utc" if board["timezone"] == "utc" else "browser"
    return {
        "board": board,
        "answers": answers,
        "from": start,
        "to": end,
        "values": values,
        "timeZone": zone,
        "width": width,
    }


def draw(folder: Path, what: Mapping[str, Any], picture: Path, zone: str = "UTC") -> None:
    """Take a picture of a board; `bundle` has prepared the folder.

    Raises:
        AssertionError: The page did not get to its end, or the picture is empty.
    """
    (folder / "data.js").write_text(f"window.drawing = {json.dumps(what)};")
    rows = max(panel["gridPos"]["y"] + panel["gridPos"]["h"] for panel in what["board"]["panels"])
    size = f"{what['width']},{rows * (_ROW + _GAP) + _GAP}"
    page = (folder / "page.html").as_uri()
    options = [
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        "--force-device-scale-factor=1",
        f"--user-data-dir={folder / 'chromium'}",
        "--virtual-time-budget=20000",
        f"--window-size={size}",
    ]
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.unlink(missing_ok=True)
    done = subprocess.run(
        ["chromium", *options, f"--screenshot={picture}", page],  # noqa: S607  # as found on PATH
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    assert "FAILED" not in done.stderr, done.stderr[-2000:]
    assert picture.is_file() and picture.stat().st_size > _LEAST_SIZE, done.stderr[-2000:]


async def draw_all(
    prometheus: Prometheus, boards: Mapping[str, Any], to: Path, folder: Path, zone: str = "UTC"
) -> None:
    """Draw some boards as they are when they are opened, one file each.

    Args:
        prometheus: Where the numbers are.
        boards: Dashboards by name.
        to: Folder of the pictures.
        folder: For the page that draws; it is made.
        zone: Time zone of the browser.
    """
    await asyncio.to_thread(folder.mkdir)
    await asyncio.to_thread(bundle, folder)
    for name, board in boards.items():
        end = math.floor(time.time())
        what = await drawing(prometheus, board, (end - seconds(board["time"]["from"]), end), _WIDTHS.get(name, _WIDTH))
        await asyncio.to_thread(draw, folder, what, to / f"{name}.png", zone)


def seconds(text: str) -> int:
    """Return the length of a span such as `now-6h` or `1h`."""
    return int(parse_duration(text.removeprefix("now-")).total_seconds())
