import logging

import pytest

from streams.engine.quiet import MAX_KINDS, RepeatFilter, quieten


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


def line(text: str, *args: object, level: int = logging.ERROR) -> logging.LogRecord:
    return logging.LogRecord("aiokafka.conn", level, __file__, 1, text, args, None)


def test_a_line_is_held_back_until_the_interval_is_over_and_then_tells_how_many() -> None:
    clock = Clock()
    lid = RepeatFilter(10.0, clock)
    assert lid.filter(line("cannot connect to %s", "a"))
    assert not lid.filter(line("cannot connect to %s", "b"))
    assert not lid.filter(line("cannot connect to %s", "c"))
    clock.now += 10.0
    again = line("cannot connect to %s", "d")
    assert lid.filter(again)
    assert again.getMessage() == "cannot connect to d (and 2 more like this)"


def test_other_lines_and_other_levels_pass() -> None:
    lid = RepeatFilter(10.0, Clock())
    assert lid.filter(line("one"))
    assert lid.filter(line("two"))
    assert lid.filter(line("one", level=logging.WARNING))


def test_memory_is_bounded_when_templates_hold_changing_text() -> None:
    lid = RepeatFilter(10.0, Clock())
    for number in range(3 * MAX_KINDS):
        lid.filter(line(f"broker {number}"))
    assert len(lid._shown) <= MAX_KINDS + 1


def test_every_known_logger_below_the_prefix_gets_one_lid(caplog: pytest.LogCaptureFixture) -> None:
    logger = logging.getLogger("quiettest.conn")
    quieten("quiettest")
    quieten("quiettest")
    assert sum(isinstance(known, RepeatFilter) for known in logger.filters) == 1
    for _ in range(5):
        logger.error("cannot connect")
    assert len(caplog.records) == 1
    assert not any(isinstance(known, RepeatFilter) for known in logging.getLogger("quiettested").filters)
