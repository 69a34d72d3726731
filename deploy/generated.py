"""The files of this folder that are made from code: `python -m deploy.generated [--check]`."""

from __future__ import annotations

import sys

from deploy.boards.documents import board_documents
from deploy.boards.terms import Terms
from streams import generated
from streams.settings import Settings


def terms_of(settings: Settings) -> Terms:
    """Return what the boards take from the worker's settings."""
    return Terms(
        answer_target=settings.response.target.ms / 1000,
        stages=tuple(stage.name for stage in settings.funnel.stages if stage.kind == "open"),
        rolling=tuple(window.text for window in settings.windows.rolling),
        calendar=settings.windows.calendar,
    )


def texts(settings: Settings | None = None) -> dict[str, str]:
    """Return every generated file for some settings, by default for the defaults: path below the root -> text."""
    return board_documents(terms_of(settings or Settings()))


if __name__ == "__main__":
    sys.exit(generated.main(sys.argv[1:], wanted=texts(), module="deploy.generated"))
