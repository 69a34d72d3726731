"""What holds for all tests."""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, TypeVar

import pytest
import structlog
from hypothesis import settings

from tests.examples import examples

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

_Report = TypeVar("_Report", pytest.TestReport, pytest.CollectReport)
_IN_CI = os.environ.get("CI") == "true"

# A busy machine is no fault of the code: speed is measured in bench/.
settings.register_profile("leadpulse", examples(100))
settings.load_profile("leadpulse")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI, a test that was skipped has failed: what did not run was not shown to work."""
    return _skipping_fails((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file."""
    return _skipping_fails((yield))


def _skipping_fails(report: _Report) -> _Report:
    if _IN_CI and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped in CI: {report.longrepr}"
    return report


@pytest.fixture(autouse=True)
def _untouched_logging() -> Iterator[None]:
    """Logging is global: what a test or the command it runs sets up is gone after it."""
    before = {logger: _kept(logger) for logger in _loggers()}
    yield
    for logger in _loggers():
        level, propagate, handlers, filters = before.get(logger, (logging.NOTSET, True, [], []))
        if logger.level != level:  # setting it makes every logger forget what it knows
            logger.setLevel(level)
        logger.propagate = propagate
        logger.handlers[:] = handlers
        logger.filters[:] = filters
    logging.captureWarnings(False)
    structlog.reset_defaults()


def _loggers() -> list[logging.Logger]:
    known = list(logging.root.manager.loggerDict.values())
    return [logging.getLogger(), *(logger for logger in known if isinstance(logger, logging.Logger))]


def _kept(logger: logging.Logger) -> tuple[int, bool, list[logging.Handler], list[logging._FilterType]]:
    return logger.level, logger.propagate, list(logger.handlers), list(logger.filters)
