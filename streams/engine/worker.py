"""Running the app without Faust's command line."""

import logging
from typing import Any

from streams.engine.app import EngineApp
from streams.engine.engine import EXIT_FAILED
from streams.engine.errors import EngineError

logger = logging.getLogger(__name__)


def run_worker(app: EngineApp, **worker_options: Any) -> int:
    """Run until SIGTERM or SIGINT, or until the engine ends itself.

    Args:
        app: The app, with its engine.
        worker_options: Arguments of `faust.Worker`, for instance `loglevel`.

    Returns:
        0 after an orderly stop, 70 after a failure that was logged.
    """
    worker = app.Worker(**worker_options)
    try:
        worker.execute_from_commandline()
    except SystemExit as stop:
        return EXIT_FAILED if stop.code or app.engine.failure is not None else 0
    except EngineError as error:
        logger.critical("%s", error)
    except Exception as error:  # already told by the engine or by Faust
        logger.debug("worker crashed", exc_info=error)
    return EXIT_FAILED
