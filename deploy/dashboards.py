"""Write the dashboards for your own settings: `python -m deploy.dashboards --help`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from deploy.boards.documents import board_documents
from deploy.generated import terms_of
from streams.settings import load


def main(arguments: Sequence[str] | None = None) -> None:
    """Write one file for each dashboard, and say which."""
    parser = argparse.ArgumentParser(prog="python -m deploy.dashboards", description=__doc__)
    parser.add_argument("--config", type=Path, help="the workers' settings: promises, windows, stages")
    parser.add_argument("--into", type=Path, required=True, metavar="FOLDER", help="it is made if it is missing")
    given = parser.parse_args(arguments)
    given.into.mkdir(parents=True, exist_ok=True)
    for path, text in board_documents(terms_of(load(given.config))).items():
        file = given.into / Path(path).name
        file.write_text(text, encoding="utf-8", newline="\n")
        print(file)


if __name__ == "__main__":
    main()
