"""The numbers of days that have been, for a Prometheus that has just started.

The same core that a worker runs is driven through the same events with its clock set back, and what `/metrics` would
have said is put into blocks by promtool. For pictures: their diagrams go back further than a test can wait.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from processors.funnel import Funnel
from processors.shard import ANY_TIME, Shard
from streams.exposition.board import Board
from streams.simulation import Record
from tests.streams.exposition.exposed import exposed

STEP = 240
"""Seconds between two looks: less than the five minutes after which Prometheus takes a series for gone."""
_WINDOW = re.compile(r'window="(\w+)"')
_PER_FILE = 30
"""Looks in one file: promtool reads a file anew for every two hours that are in it."""
_TIMEOUT = 300


def fill(folder: Path, texts: Sequence[str]) -> None:
    """Make blocks of what was told, in the data folder of a Prometheus that does not run."""
    told = folder / "told.txt"
    for first in range(0, len(texts), _PER_FILE):
        told.write_text("".join(texts[first : first + _PER_FILE]) + "# EOF\n")
        command = ["promtool", "tsdb", "create-blocks-from", "openmetrics", "--quiet", str(told), str(folder)]
        subprocess.run(command, check=True, timeout=_TIMEOUT, capture_output=True)
    told.unlink()


def told(
    funnel: Funnel, records: Iterable[Record], times: Iterable[int], windows: frozenset[str], labels: str
) -> Iterator[str]:
    """Give what a worker with all partitions would have told, as OpenMetrics with time stamps.

    Args:
        funnel: What the events mean.
        records: What happened, in order of arrival; it is taken no further than the last of the times.
        times: When it was looked at, Unix time in ms, ascending.
        windows: Which windows are wanted.
        labels: What Prometheus adds to every series of its target, as it stands between braces.
    """
    shard, board = Shard(funnel), Board(funnel)
    board.follow({0: shard})
    coming = iter(records)
    record = next(coming)
    for now in times:
        while record.due <= now:
            if record.event is not None:
                shard.apply(record.event, ANY_TIME)
            record = next(coming)
        shard.tick(now)
        shard.alerts.clear()
        board.refresh(0, shard, now)
        yield "".join(_stamped(exposed(board, {0: now}, openmetrics=False), now, windows, labels))


def _stamped(text: str, now: int, windows: frozenset[str], labels: str) -> Iterator[str]:
    at = f"{now / 1000:.3f}"
    for line in (*text.splitlines(), 'leadpulse_partition_ready{partition="0"} 1', "leadpulse_partitions 1"):
        window = _WINDOW.search(line)
        if line.startswith("#") or (window and window.group(1) not in windows):
            continue
        name, _, value = line.rpartition(" ")
        name = name.replace("{", f"{{{labels},", 1) if "{" in name else f"{name}{{{labels}}}"
        yield f"{name} {value} {at}\n"
