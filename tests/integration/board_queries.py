"""The queries of a dashboard, taken out of its JSON, and run against a Prometheus as Grafana would run them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from deploy.boards.documents import FOLDER
from tests.integration.prometheus import Prometheus

DASHBOARDS = Path(__file__).parents[2] / FOLDER
_LABEL_VALUES = re.compile(r"label_values\((.*), (\w+)\)\Z", re.DOTALL)
_VARIABLE = re.compile(r"\$(?:\{(\w+)[^}]*\}|(\w+))")


class BoardQuery(NamedTuple):
    """One query.

    Attributes:
        board: Name of the dashboard.
        place: What has it: a panel by its title, `variable …` or `annotation …`.
        name: What its series are called; empty for a variable.
        expr: As it stands in the file.
        instant: Whether it asks for now only.
    """

    board: str
    place: str
    name: str
    expr: str
    instant: bool


def boards(folder: Path = DASHBOARDS) -> dict[str, dict[str, Any]]:
    """Return all dashboards by name."""
    return {file.stem: json.loads(file.read_text()) for file in sorted(folder.glob("*.json"))}


def queries(name: str, board: Mapping[str, Any]) -> Iterator[BoardQuery]:
    """Return every query of a dashboard: of its panels, its variables and its annotations."""
    for panel in board["panels"]:
        yield from panel_queries(name, panel)
    for variable in board["templating"]["list"]:
        if variable["type"] == "query":
            yield BoardQuery(name, f"variable {variable['name']}", "", variable["query"], instant=True)
    for annotation in board["annotations"]["list"]:
        yield BoardQuery(name, f"annotation {annotation['name']}", "", annotation["expr"], instant=False)


def panel_queries(name: str, panel: Mapping[str, Any]) -> Iterator[BoardQuery]:
    """Return every query of a panel of a dashboard."""
    for target in panel.get("targets", ()):
        yield BoardQuery(name, panel["title"], target["legendFormat"], target["expr"], target["instant"])


def values_of(board: Mapping[str, Any], **chosen: str) -> dict[str, str]:
    """Return the variables of a board as they are when it is opened, with some chosen by hand."""
    found = {}
    for variable in board["templating"]["list"]:
        all_of_them = variable.get("includeAll") and variable["allValue"]
        found[variable["name"]] = all_of_them or variable.get("current", {}).get("value") or variable.get("query", "")
    return found | chosen


def filled(expr: str, values: Mapping[str, str]) -> str:
    """Return an expression with the values of its variables.

    Raises:
        KeyError: It names a variable that the board does not have.
    """
    return _VARIABLE.sub(lambda found: values[found.group(1) or found.group(2)], expr)


async def has_data(
    prometheus: Prometheus, query: BoardQuery, values: Mapping[str, str], since: float, at: float
) -> bool:
    """Run a query and tell whether it gave a number, or a variable a value.

    Raises:
        AssertionError: Prometheus refused it.
    """
    expr = filled(query.expr, values)
    if found := _LABEL_VALUES.match(expr):
        return bool(await prometheus.label_values(found.group(2), found.group(1)))
    series = await prometheus.values(expr, at if query.instant else since, at)
    return any(not math.isnan(value) for points in series.values() for value in points.values())
