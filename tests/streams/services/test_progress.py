"""A download is shown, on a terminal and elsewhere."""

from __future__ import annotations

import io

from rich.console import Console

from streams.services.progress import shown_download


def _shown(console: Console, parts: list[int]) -> str:
    with shown_download("Kafka", sum(parts), console) as advance:
        for part in parts:
            advance(part)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_elsewhere_a_few_plain_lines_tell_it() -> None:
    lines = _shown(Console(file=io.StringIO()), [1_000_000] * 40).splitlines()

    assert lines[:-1] == ["Kafka: 40 MB to download, this once", "Kafka: 25 %", "Kafka: 50 %", "Kafka: 75 %"]
    assert lines[-1].startswith("Kafka: done in ")


def test_one_large_part_prints_each_quarter_once() -> None:
    assert _shown(Console(file=io.StringIO()), [90, 10]).splitlines()[1:-1] == ["Kafka: 75 %"]


def test_a_terminal_gets_a_bar() -> None:
    output = _shown(Console(file=io.StringIO(), force_terminal=True, width=120), [50, 50])

    assert "━" in output
    assert "100/100 bytes" in output
