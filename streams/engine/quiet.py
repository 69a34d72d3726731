"""A lid on repeated log lines: aiokafka writes thousands of them while a broker is away."""

import logging
import time
from collections.abc import Callable

MAX_KINDS = 1000
"""Bound on what the filter remembers, should a template hold changing text."""


class RepeatFilter(logging.Filter):
    """Lets each kind of line through once per interval, with the number of those held back since.

    Lines are of one kind when they share level and message template.
    """

    def __init__(self, interval: float = 10.0, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._interval = interval
        self._clock = clock
        self._shown: dict[tuple[int, str], float] = {}
        self._held_back: dict[tuple[int, str], int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether the line may pass."""
        kind = (record.levelno, str(record.msg))
        now = self._clock()
        if now - self._shown.get(kind, -self._interval) < self._interval:
            self._held_back[kind] = self._held_back.get(kind, 0) + 1
            return False
        if len(self._shown) > MAX_KINDS:
            self._shown.clear()
            self._held_back.clear()
        self._shown[kind] = now
        if count := self._held_back.pop(kind, 0):
            record.msg = f"{record.msg} (and {count} more like this)"
        return True


def quieten(prefix: str = "aiokafka") -> None:
    """Put the lid on every logger below a prefix; a filter on the parent would not see their lines."""
    for name in [prefix, *logging.root.manager.loggerDict]:
        logger = logging.getLogger(name)
        if (name == prefix or name.startswith(f"{prefix}.")) and not any(
            isinstance(known, RepeatFilter) for known in logger.filters
        ):
            logger.addFilter(RepeatFilter())
