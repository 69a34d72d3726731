"""How our applications are served, workers' and notifiers' alike."""

from __future__ import annotations

import logging

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError


class _NoFaultsOfClients(logging.Filter):
    """Leaves out requests that are no HTTP, or too long: answered with 400, and their text may hold a token."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], HttpProcessingError))


_logger = logging.getLogger(__name__)
_logger.addFilter(_NoFaultsOfClients())


def runner_of(app: web.Application) -> web.AppRunner:
    """Return what serves an application: nothing is logged of a request but our own defects."""
    return web.AppRunner(app, access_log=None, logger=_logger, shutdown_timeout=2)
