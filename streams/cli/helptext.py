"""Help texts as they are meant: docstrings whose paragraphs flow, and whose examples stay as they are."""

from __future__ import annotations

import inspect
from typing import Any

from typer.core import TyperGroup


def flowing(text: str) -> str:
    """Join the lines of each paragraph; indented lines, which are examples, keep their own."""
    lines: list[str] = []
    for line in inspect.cleandoc(text).split("\n"):
        if lines and line and lines[-1] and not line.startswith(" "):
            lines[-1] += f" {line}"
        else:
            lines.append(line)
    return "\n".join(lines)


def tidy_help(command: Any) -> None:
    """Give a command, and all commands of a group, a help text that fits any width."""
    command.help = flowing(command.help or "")
    if isinstance(command, TyperGroup):
        for member in command.commands.values():
            tidy_help(member)
