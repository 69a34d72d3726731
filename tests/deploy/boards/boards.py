"""The committed dashboards, and a walk through their PromQL with the way from the top."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import promql_parser

from tests.integration.board_queries import boards, filled, values_of

RATE_INTERVAL = "4m3s"
"""Stands for $__rate_interval, as in Grafana's linter: a duration that nobody writes by chance."""
BOARDS = boards()


def panels(board: dict[str, Any]) -> list[dict[str, Any]]:
    return [panel for panel in board["panels"] if panel["type"] != "row"]


def parsed(expression: str, board: dict[str, Any]) -> promql_parser.Expr:
    """Parse an expression with business variables left as they are: they only stand in strings."""
    values = {name: f"${name}" for name in values_of(board)} | {"__rate_interval": RATE_INTERVAL}
    tree: promql_parser.Expr = promql_parser.parse(filled(expression, values))
    return tree


def walked(tree: promql_parser.Expr) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every node with those above it, the nearest last."""
    found: list[tuple[Any, tuple[Any, ...]]] = []
    above: list[Any] = []

    def down(node: Any) -> None:
        found.append((node, tuple(above)))
        above.append(node)

    def up(_: Any) -> None:
        above.pop()

    promql_parser.walk(tree, down, up)
    yield from found


def selectors(tree: promql_parser.Expr) -> Iterator[tuple[Any, tuple[Any, ...]]]:
    """Every selector with what is above it."""
    return ((node, above) for node, above in walked(tree) if isinstance(node, promql_parser.VectorSelector))
