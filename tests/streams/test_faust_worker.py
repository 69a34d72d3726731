"""Our logging under Faust's worker, and the behaviour of the pinned Faust and mode that makes it necessary."""

from __future__ import annotations

import io
import json
import logging
from pathlib import Path
from typing import Any, cast

import faust
import pytest

from streams.faust_worker import worker_class
from streams.logs import setup_logging
from streams.settings.sections import Log

JSON = Log(format="json")


def app() -> faust.App:
    """Return an app that never reaches a broker."""
    return faust.App("logging-test", broker="kafka://127.0.0.1:1", Worker=worker_class(JSON))


async def start(**options: Any) -> tuple[faust.Worker, io.StringIO]:
    """Go through a worker's first start, up to where it would start its services."""
    errors = io.StringIO()
    faust_app = app()
    kind = cast(type[faust.Worker], faust_app.conf.Worker)  # what Faust's own command line makes
    worker = kind(faust_app, stdout=io.StringIO(), stderr=errors, **options)
    await worker.on_first_start()
    return worker, errors


async def test_a_worker_logs_in_our_shape() -> None:
    worker, errors = await start(loglevel="WARN")
    worker.log.info("Ready")
    logging.getLogger("aiokafka").debug("hidden")
    record = json.loads(errors.getvalue())
    assert (record["event"], record["logger"], record["level"]) == ("[^Worker]: Ready", "faust.worker", "info")
    assert logging.getLogger().level == logging.INFO
    assert worker.spinner is None


@pytest.mark.parametrize(
    ("asked", "level"),
    [
        ("WARN", logging.INFO),
        (None, logging.INFO),
        ("debug", logging.DEBUG),
        ("error", logging.ERROR),
        ("crit", logging.ERROR),
    ],
)
async def test_a_level_asked_of_faust_goes_first(asked: str | None, level: int) -> None:
    await start(loglevel=asked)
    assert logging.getLogger().level == level


async def test_a_log_file_asked_of_faust_is_written(tmp_path: Path) -> None:
    file = tmp_path / "worker.log"
    worker, errors = await start(logfile=str(file))
    worker.log.warning("to the file")
    assert json.loads(file.read_text(encoding="utf-8"))["level"] == "warning"
    assert errors.getvalue() == ""
    handler = logging.getLogger().handlers[-1]
    assert isinstance(handler, logging.StreamHandler)
    handler.stream.close()  # a worker leaves it to the end of the process


async def test_starting_a_worker_after_our_own_set_up_does_not_double_the_lines() -> None:
    setup_logging(JSON, before := io.StringIO())
    worker, errors = await start()
    worker.log.error("once")
    assert before.getvalue() == ""
    assert errors.getvalue().count("\n") == 1


async def test_stock_faust_replaces_the_handlers_and_sets_the_root_logger_to_debug() -> None:
    """The trap: when a new version no longer does this, `worker_class` may go."""
    setup_logging(JSON, ours := io.StringIO())
    worker = faust.Worker(app(), loglevel="WARN", stdout=io.StringIO(), stderr=io.StringIO(), redirect_stdouts=False)
    await worker.on_first_start()
    logging.getLogger("some.library").error("boom")
    assert ours.getvalue() == ""
    assert logging.getLogger().level == logging.DEBUG
