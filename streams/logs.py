"""Logging: one shape for our records and those of the libraries, JSON lines for machines, a console for people."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from collections.abc import Callable
from typing import Any, TextIO

import structlog
from structlog.stdlib import ProcessorFormatter
from structlog.typing import Processor

from streams.settings.durations import Duration
from streams.settings.sections import Log

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

# Below these levels a library is never heard: its debug records carry passwords (kafka logs all its configuration,
# aiokafka all its requests), or it says the same with every scrape.
_FLOORS = {"kafka": logging.INFO, "aiokafka": logging.INFO, "aiohttp.access": logging.WARNING, "asyncio": logging.INFO}

_LIBRARIES = frozenset({"aiohttp", "aiokafka", "asyncio", "faust", "kafka", "mode"})
_MOST_MESSAGES = 1000


class RepeatLimit(logging.Filter):
    """Lets the same warning of a library through once in a while, and counts what it holds back.

    While a broker is away, aiokafka reports every attempt to reach it: thousands of lines a minute. The same means the
    same logger, level and unformatted text. Records below warning and our own records always pass.
    """

    def __init__(self, interval: Duration, clock: Callable[[], float] = time.monotonic) -> None:
        """Remember nothing yet.

        Args:
            interval: How long to hold back after a record was let through; 0 lets everything through.
            clock: Gives seconds, never back.
        """
        super().__init__()
        self._interval = interval.seconds
        self._clock = clock
        self._seen: dict[tuple[str, int, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Decide on a record; one let through after others were held back says how many, as `suppressed`."""
        if record.levelno < logging.WARNING or record.name.partition(".")[0] not in _LIBRARIES or not self._interval:
            return True
        key = record.name, record.levelno, str(record.msg)
        now = self._clock()
        since, held_back = self._seen.get(key, (-self._interval, 0))
        if now - since < self._interval:
            self._seen[key] = since, held_back + 1
            return False
        if held_back:
            record.suppressed = held_back
        if len(self._seen) >= _MOST_MESSAGES:
            self._seen.clear()  # texts that differ every time would fill the memory
        self._seen[key] = now, 0
        return True


class _Handler(logging.StreamHandler[TextIO]):
    """Ours, and known as such when logging is set up again."""


def _json(event: Any, **_: Any) -> str:
    try:
        return json.dumps(event, default=repr, allow_nan=False)
    except (TypeError, ValueError):  # inside a value: a key that is no text, a number that JSON lacks, a cycle
        return json.dumps({k: v if isinstance(v, str) else repr(v) for k, v in event.items()})


def _renderers(log: Log, stream: TextIO) -> list[Processor]:
    terminal = stream.isatty()
    if log.format == "console" or (log.format == "auto" and terminal):
        colors = terminal and "NO_COLOR" not in os.environ
        # Not rich's tracebacks: they show local variables, and those hold what must not be seen.
        return [structlog.dev.ConsoleRenderer(colors=colors, exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_json)]


def setup_logging(log: Log, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
    """Send all records, ours and those of libraries, to one stream in one shape. Calling it again replaces it.

    Args:
        log: What to log and how.
        stream: Where to; standard error if not given.
        clock: Gives seconds for the limit on repeated warnings.
    """
    stream = stream or sys.stderr
    described: list[Processor] = [
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            *described,
            structlog.stdlib.PositionalArgumentsFormatter(),
            structlog.processors.StackInfoRenderer(),
            ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = _Handler(stream)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[*described, structlog.stdlib.ExtraAdder(allow=["suppressed"])],
            processors=[ProcessorFormatter.remove_processors_meta, *_renderers(log, stream)],
        )
    )
    handler.addFilter(RepeatLimit(log.repeat_interval, clock))
    _install(handler, _LEVELS[log.level])


def _install(handler: logging.Handler, level: int) -> None:
    root = logging.getLogger()
    for former in [h for h in root.handlers if isinstance(h, _Handler)]:
        root.removeHandler(former)
    root.addHandler(handler)
    root.setLevel(level)
    for name, floor in _FLOORS.items():
        logging.getLogger(name).setLevel(max(level, floor))
    logging.captureWarnings(True)
