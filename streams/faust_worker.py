"""Faust's worker without its own logging.

Left alone, it clears the handlers of the root logger when it starts and installs its own; and at a level above info,
which is the default of its command line, it sets the root logger to DEBUG and draws a spinner for every record.
"""

from __future__ import annotations

from typing import TextIO, cast

import faust
from msgspec import structs

from streams.logs import setup_logging
from streams.settings.sections import Log

_UNASKED = "WARN"  # what Faust's command line passes when no level was given
_LEVELS = {
    "DEBUG": "debug",
    "INFO": "info",
    "WARNING": "warning",
    "ERROR": "error",
    "CRIT": "error",
    "CRITICAL": "error",
}


def _with_level(log: Log, level: str | int | None) -> Log:
    name = str(level or _UNASKED).upper()
    return structs.replace(log, level=_LEVELS[name]) if name in _LEVELS else log


def worker_class(log: Log) -> type[faust.Worker]:
    """Return the worker for an app's setting `Worker`, so that `faust -A … worker` logs as `leadpulse worker` does.

    Args:
        log: How to log. The options --loglevel and --logfile of Faust's command line go before it; `-l warn` cannot be
            told from no option at all and leaves the level as it is here.
    """

    class Worker(faust.Worker):
        """A worker that logs as the settings say."""

        def _setup_logging(self) -> None:  # mode.Worker calls this at its first start, tests pin it
            stream = self.stderr
            if isinstance(self.logfile, str):
                stream = open(self.logfile, "a", encoding="utf-8")  # noqa: SIM115  # open as long as the process lives
            setup_logging(_with_level(log, self.loglevel), cast(TextIO, stream))
            self.spinner = None  # it would draw between the lines of the log

    return Worker
