"""What a measurement leaves behind: a table for people and a JSON file."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, json
from rich.console import Console
from rich.table import Table


class Report(Struct):
    """The outcome of one benchmark.

    Attributes:
        name: Of the benchmark.
        title: What was measured, and how much of it.
        columns: Names of the columns.
        rows: The figures, as they are to be shown.
        notes: What has to be known to read them.
        figures: All that was measured, for machines.
    """

    name: str
    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str | float]]
    notes: Sequence[str] = ()
    figures: dict[str, Any] = {}

    def show(self, console: Console) -> None:
        """Print the table."""
        table = Table(title=self.title, title_justify="left", title_style="bold")
        for n, column in enumerate(self.columns):
            table.add_column(column, justify="right" if n else "left")
        for row in self.rows:
            table.add_row(*(cell if isinstance(cell, str) else f"{cell:,}" for cell in row))
        console.print(table)
        for note in self.notes:
            console.print(f"  {note}")

    def write(self, folder: Path) -> Path:
        """Write all figures to `<folder>/<name>.json`, and return that."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.name}.json"
        content = {"measured_at": datetime.now(UTC), "machine": machine(), "figures": self.figures}
        path.write_bytes(json.format(json.encode(content)) + b"\n")
        return path


def machine() -> dict[str, Any]:
    """Return what is to be known of this machine to compare figures."""
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    return {"cores": os.cpu_count(), "python": platform.python_version(), "load": load, "system": platform.system()}
