"""Texts from outside on the terminal: in tables and blocks, without control characters, and bounded."""

from __future__ import annotations

from msgspec import json
from rich.console import Console
from rich.table import Table
from rich.text import Text

from schemas.refusals import one_line

_WIDE = 240
"""Columns of a table that goes to a file or another program."""
_LONGEST_CELL = 400
_LONGEST_SHOWN = 65_536


def screen() -> Console:
    """Return standard output for tables, wide when nobody looks at it."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=_WIDE)


def cell(text: object, style: str = "") -> Text:
    """Return a text from outside for a terminal: no control characters, no markup, bounded."""
    return Text(one_line(str(text), _LONGEST_CELL), style)


def lines_of(data: bytes, limit: int = _LONGEST_SHOWN) -> list[str]:
    """Return bytes from outside as lines for a terminal: JSON laid out, text as it is, anything else as bytes."""
    try:
        text = json.format(data, indent=2).decode()
    except (ValueError, RecursionError):
        text = data.decode("utf-8", "backslashreplace")
    lines = [one_line(line, limit) for line in text[:limit].split("\n")]
    return lines if len(text) <= limit else [*lines, f"… {len(text) - limit:,} characters more"]


def grid(*columns: str, right: tuple[str, ...] = ()) -> Table:
    """Return an empty table without lines; the columns in `right` are numbers."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in columns:
        table.add_column(name, justify="right" if name in right else "left", overflow="fold")
    return table
