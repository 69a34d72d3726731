"""The files of this repository that are made from code: `python -m streams.generated [--check]`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from schemas.documents import generated_documents
from streams.cli.reference import cli_markdown
from streams.exposition.reference import metrics_markdown
from streams.settings.reference import example_toml, reference_markdown

ROOT = Path(__file__).parents[1]


def _settings_documents() -> dict[str, str]:
    return {"docs/configuration.md": reference_markdown(), "examples/leadpulse.toml": example_toml()}


def _metrics_documents() -> dict[str, str]:
    return {"docs/metrics.md": metrics_markdown()}


def _command_documents() -> dict[str, str]:
    return {"docs/cli.md": cli_markdown()}


GENERATORS: tuple[Callable[[], Mapping[str, str]], ...] = (
    generated_documents,
    _settings_documents,
    _metrics_documents,
    _command_documents,
)
"""Each returns files as path below the root -> text."""


def texts() -> dict[str, str]:
    """Return every generated file: path below the root -> text."""
    return {path: text for generate in GENERATORS for path, text in generate().items()}


def check(root: Path = ROOT, wanted: Mapping[str, str] | None = None) -> list[str]:
    """Return the paths whose file is missing or differs from what the code says now."""
    return [path for path, text in (wanted or texts()).items() if not _is_fresh(root / path, text)]


def write(root: Path = ROOT, wanted: Mapping[str, str] | None = None) -> list[str]:
    """Write the files that differ, and return their paths."""
    current = wanted or texts()
    stale = check(root, current)
    for path in stale:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(current[path], encoding="utf-8", newline="\n")
    return stale


def _is_fresh(file: Path, text: str) -> bool:
    return file.is_file() and file.read_bytes() == text.encode()


def main(
    arguments: Sequence[str],
    root: Path = ROOT,
    wanted: Mapping[str, str] | None = None,
    module: str = "streams.generated",
) -> int:
    """Bring generated files up to date, or with --check say which are not.

    Args:
        arguments: Of the command line.
        root: Folder that the paths are below.
        wanted: Path -> text; by default the files of this module.
        module: Whose command this is.

    Returns:
        The exit code: 1 when --check found a stale file, 2 for other arguments.
    """
    if list(arguments) not in ([], ["--check"]):
        print(f"usage: python -m {module} [--check]", file=sys.stderr)
        return 2
    checking = bool(arguments)
    stale = check(root, wanted) if checking else write(root, wanted)
    for path in stale:
        print(f"{path}: stale, run `make generate`" if checking else f"{path}: written")
    return 1 if checking and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
