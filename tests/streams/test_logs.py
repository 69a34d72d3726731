from __future__ import annotations

import io
import json
import logging
import warnings
from typing import Any

import pytest
import structlog
from mode.utils.logging import get_logger

from streams.logs import RepeatLimit, setup_logging
from streams.settings import Duration, Secret
from streams.settings.sections import Log

JSON = Log(format="json")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def records(stream: io.StringIO) -> list[dict[str, Any]]:
    """Return the lines of a JSON log, each without its time."""
    found = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert all(record.pop("timestamp").endswith("Z") for record in found)
    return found


def test_our_records_and_those_of_libraries_have_one_shape() -> None:
    setup_logging(JSON, stream := io.StringIO())
    structlog.get_logger("streams.app").info("started", partitions=4)
    logging.getLogger("aiokafka.conn").info("connected to %s", "a:1")
    get_logger("faust.app").error("boom")
    assert records(stream) == [
        {"event": "started", "partitions": 4, "logger": "streams.app", "level": "info"},
        {"event": "connected to a:1", "logger": "aiokafka.conn", "level": "info"},
        {"event": "boom", "logger": "faust.app", "level": "error"},
    ]


def test_an_exception_is_part_of_its_record() -> None:
    setup_logging(JSON, stream := io.StringIO())
    secret = Secret("hunter2")
    for log in (structlog.get_logger("ours"), logging.getLogger("theirs")):
        try:
            _ = 1 / len([secret][1:])
        except ZeroDivisionError:
            log.exception("failed")
    for record in records(stream):
        assert record["event"] == "failed"
        assert record["exception"].startswith("Traceback (most recent call last):")
        assert record["exception"].endswith("ZeroDivisionError: division by zero")


def test_context_is_part_of_our_records() -> None:
    setup_logging(JSON, stream := io.StringIO())
    with structlog.contextvars.bound_contextvars(partition=3):
        structlog.get_logger("ours").info("recovered %d keys", 7)
    assert records(stream) == [{"event": "recovered 7 keys", "partition": 3, "logger": "ours", "level": "info"}]


def test_json_has_no_colours_even_on_a_terminal() -> None:
    setup_logging(JSON, stream := Terminal())
    structlog.get_logger("ours").warning("careful")
    assert "\x1b" not in stream.getvalue()
    assert records(stream)[0]["event"] == "careful"


@pytest.mark.parametrize(
    ("format_", "stream", "no_color", "is_json", "is_coloured"),
    [
        ("auto", io.StringIO, False, True, False),
        ("auto", Terminal, False, False, True),
        ("auto", Terminal, True, False, False),
        ("console", io.StringIO, False, False, False),
    ],
)
def test_a_terminal_gets_a_console(  # noqa: PLR0913, PLR0917  # one row of the table above
    format_: Any,
    stream: type[io.StringIO],
    no_color: bool,
    is_json: bool,
    is_coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
    setup_logging(Log(format=format_), out := stream())
    logging.getLogger("theirs").error("away")
    assert out.getvalue().startswith("{") == is_json
    assert ("\x1b[" in out.getvalue()) == is_coloured
    assert "away" in out.getvalue()


def test_a_console_shows_no_local_variables() -> None:
    setup_logging(Log(format="console"), stream := io.StringIO())
    password = "".join(["hun", "ter2"])
    try:
        _ = 1 / len(password[9:])
    except ZeroDivisionError:
        structlog.get_logger("ours").exception("failed")
    assert "ZeroDivisionError" in stream.getvalue()
    assert "hunter2" not in stream.getvalue()


def test_what_is_below_the_level_is_not_logged() -> None:
    setup_logging(Log(format="json", level="warning"), stream := io.StringIO())
    structlog.get_logger("ours").info("no")
    logging.getLogger("theirs").info("no")
    structlog.get_logger("ours").warning("yes")
    assert [record["event"] for record in records(stream)] == ["yes"]


def test_debug_records_of_kafka_clients_are_never_logged_because_they_hold_passwords() -> None:
    setup_logging(Log(format="json", level="debug"), stream := io.StringIO())
    for name in ("kafka.admin.client", "aiokafka.conn"):
        logging.getLogger(name).debug("configuration: %s", {"sasl_plain_password": "hunter2"})
    structlog.get_logger("ours").debug("yes")
    assert [record["event"] for record in records(stream)] == ["yes"]


def test_setting_up_again_replaces_the_former_set_up() -> None:
    setup_logging(JSON, first := io.StringIO())
    setup_logging(JSON, second := io.StringIO())
    logging.getLogger("theirs").warning("once")
    structlog.get_logger("ours").warning("once")
    assert first.getvalue() == ""
    assert len(records(second)) == 2


def test_warnings_are_logged() -> None:
    setup_logging(JSON, stream := io.StringIO())
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)  # catch_warnings took the hook away
        warnings.warn("old ways", DeprecationWarning, stacklevel=1)
    assert "DeprecationWarning: old ways" in records(stream)[0]["event"]


def test_what_json_cannot_hold_is_logged_as_text() -> None:
    setup_logging(JSON, stream := io.StringIO())
    cycle: list[Any] = []
    cycle.append(cycle)
    log = structlog.get_logger("ours")
    log.info("a", by_partition={("leads", 0): 1})
    log.info("b", ratio=float("nan"))
    log.info("c", cycle=cycle)
    log.info("d", raw=b"\xff", text="\udcff\n", key=Secret("hunter2"))
    assert [record["event"] for record in records(stream)] == ["a", "b", "c", "d"]
    assert records(stream)[0]["by_partition"] == "{('leads', 0): 1}"
    assert records(stream)[3]["key"] == "Secret(***)"
    assert stream.getvalue().isascii()


def test_a_repeated_warning_of_a_library_is_logged_once_in_a_while_with_a_count() -> None:
    clock = Clock()
    setup_logging(Log(format="json", repeat_interval=Duration("30s")), stream := io.StringIO(), clock)
    log = logging.getLogger("aiokafka.conn")
    for second in range(61):
        clock.now = 1000.0 + second
        log.error("Unable connect to node %s: %s", second % 3, "refused")
    assert [(r["event"], r.get("suppressed")) for r in records(stream)] == [
        ("Unable connect to node 0: refused", None),
        ("Unable connect to node 0: refused", 29),
        ("Unable connect to node 0: refused", 29),
    ]


def test_only_the_same_warning_is_held_back() -> None:
    setup_logging(Log(format="json", repeat_interval=Duration("30s")), stream := io.StringIO(), Clock())
    log = logging.getLogger("aiokafka.conn")
    for _ in range(2):
        log.error("Unable connect")
        log.error("Topic not found")
        log.warning("Unable connect")
        logging.getLogger("aiokafka.client").error("Unable connect")
        log.info("Unable connect")
        logging.getLogger("streams.engine").error("ours")
        structlog.get_logger("streams.engine").error("ours")
    assert len(records(stream)) == 4 + 2 * 3


def test_no_limit_lets_everything_through() -> None:
    setup_logging(Log(format="json", repeat_interval=Duration("0s")), stream := io.StringIO(), Clock())
    for _ in range(3):
        logging.getLogger("faust").error("again")
    assert len(records(stream)) == 3


def test_texts_that_always_differ_do_not_fill_the_memory() -> None:
    limit = RepeatLimit(Duration("1h"), Clock())
    for n in range(5000):
        assert limit.filter(logging.LogRecord("kafka", logging.ERROR, "", 0, f"request {n} failed", None, None))
    assert len(limit._seen) <= 1000
