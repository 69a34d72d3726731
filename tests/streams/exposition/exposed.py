"""The text that a board tells, as one who scrapes reads it."""

from __future__ import annotations

from collections.abc import Mapping

from streams.exposition.board import Board
from streams.exposition.text import render


def exposed(board: Board, now: Mapping[int, int], *, openmetrics: bool) -> str:
    return b"".join(render(board, now, openmetrics=openmetrics)).decode()
