"""Shows how far a download is."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_PLAIN_STEPS = 4


def say(line: str, console: Console | None = None) -> None:
    """Print one line as it is, on stderr if no console is given."""
    (console or Console(stderr=True)).print(line, soft_wrap=True, highlight=False, markup=False)


@contextmanager
def shown_download(title: str, total: int, console: Console | None = None) -> Iterator[Callable[[int], None]]:
    """Show a download on stderr: a bar on a terminal, a few plain lines elsewhere.

    Args:
        title: What is downloaded.
        total: How much there is, in bytes.
        console: Where to show it.

    Yields:
        What to call, from any thread, with each number of bytes received.
    """
    console = console or Console(stderr=True)
    with _bar(title, total, console) if console.is_terminal else _lines(title, total, console) as advance:
        yield advance


@contextmanager
def _bar(title: str, total: int, console: Console) -> Iterator[Callable[[int], None]]:
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=console) as progress:
        task = progress.add_task(title, total=total)
        yield lambda received: progress.advance(task, received)


@contextmanager
def _lines(title: str, total: int, console: Console) -> Iterator[Callable[[int], None]]:
    lock = threading.Lock()
    began, received, printed = time.monotonic(), 0, 0

    def advance(count: int) -> None:
        nonlocal received, printed
        with lock:
            received += count
            step = received * _PLAIN_STEPS // max(total, 1)
            if printed < step < _PLAIN_STEPS:
                printed = step
                say(f"{title}: {100 * step // _PLAIN_STEPS} %", console)

    say(f"{title}: {total / 1e6:.0f} MB to download, this once", console)
    yield advance
    say(f"{title}: done in {time.monotonic() - began:.1f} s", console)
