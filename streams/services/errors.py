"""What goes wrong with a service that runs beside leadpulse."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

_LINES_SHOWN = 12
_LINE_LENGTH = 300
_TROUBLE = re.compile(r"\b(ERROR|FATAL)\b|^(Exception in thread|Error:|Error occurred|Unrecognized|Invalid|\*\*\*)")


class ServiceError(RuntimeError):
    """A service cannot be brought up, or ended by itself; the message says what to do or where to look."""


def with_log(message: str, log_file: Path, offset: int = 0) -> ServiceError:
    """Make the error that shows what the log says and where it is.

    Args:
        message: What happened, one sentence without a full stop.
        log_file: The service's log; it need not exist.
        offset: Where in it, in bytes, the part that matters begins.
    """
    try:
        with log_file.open("rb") as stream:
            stream.seek(offset)
            text = stream.read().decode(errors="replace")
    except OSError:
        text = ""
    shown = "".join(f"\n  {line}" for line in relevant_lines(text))
    return ServiceError(f"{message}; the log is {log_file}{shown}")


def relevant_lines(log: str, limit: int = _LINES_SHOWN) -> list[str]:
    """Choose what to show of a log: from its first error on, or else its end."""
    lines = [line[:_LINE_LENGTH] for line in log.splitlines() if line.strip()]
    first = next((index for index, line in enumerate(lines) if _TROUBLE.search(line)), None)
    return lines[-limit:] if first is None else lines[first : first + limit]
