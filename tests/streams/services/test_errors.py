"""What of a log is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.services.errors import relevant_lines, with_log

if TYPE_CHECKING:
    from pathlib import Path


def test_the_first_error_and_what_follows_is_shown() -> None:
    log = "INFO fine\n\nERROR no room (kafka.Log)\njava.io.IOException: no space\n\tat x\nINFO stopping\n"

    assert relevant_lines(log, 3) == ["ERROR no room (kafka.Log)", "java.io.IOException: no space", "\tat x"]


def test_without_an_error_the_end_is_shown() -> None:
    assert relevant_lines("a\nb\nc\n", 2) == ["b", "c"]


def test_what_java_says_before_it_can_log_counts_as_an_error() -> None:
    log = "Error: Could not find or load main class kafka.Kafka\nCaused by: x\n" + "later\n" * 20

    assert relevant_lines(log, 2) == ["Error: Could not find or load main class kafka.Kafka", "Caused by: x"]


def test_long_lines_are_cut() -> None:
    assert relevant_lines("x" * 5000) == ["x" * 300]


def test_an_error_names_the_log_and_shows_only_this_start(tmp_path: Path) -> None:
    log = tmp_path / "kafka.log"
    log.write_text("ERROR of yesterday\n")
    offset = log.stat().st_size
    log.write_text("ERROR of yesterday\nERROR of today\n")

    assert str(with_log("Kafka ended", log, offset)) == f"Kafka ended; the log is {log}\n  ERROR of today"


def test_a_log_that_is_not_there_is_named_all_the_same(tmp_path: Path) -> None:
    assert str(with_log("Kafka ended", tmp_path / "kafka.log")) == f"Kafka ended; the log is {tmp_path / 'kafka.log'}"
