"""All boards, as the files that Grafana is provisioned with."""

from __future__ import annotations

import json
from collections.abc import Callable

from grafana_foundation_sdk.cog.encoder import JSONEncoder

from deploy.boards.alarms import alarms
from deploy.boards.frame import Board, built
from deploy.boards.funnel import funnel
from deploy.boards.operations import operations
from deploy.boards.response import response
from deploy.boards.sources import sources
from deploy.boards.terms import Terms
from deploy.boards.wallboard import wallboard

FOLDER = "deploy/grafana/dashboards"
BOARDS: tuple[Callable[[Terms], Board], ...] = (wallboard, response, funnel, sources, alarms, operations)
"""In the order in which people get to know them."""


def board_documents(terms: Terms) -> dict[str, str]:
    """Return every dashboard in the classic form: path below the root -> JSON."""
    boards = [make(terms) for make in BOARDS]
    return {f"{FOLDER}/{board.name}.json": _text(board, terms) for board in boards}


def _text(board: Board, terms: Terms) -> str:
    model = json.loads(json.dumps(built(board, terms), cls=JSONEncoder))
    return json.dumps(model, indent=2, ensure_ascii=False) + "\n"
