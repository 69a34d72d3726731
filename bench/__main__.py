"""`python -m bench [core] [deadlines] [pipeline] [latency] [firing] [million]`: all of them without a name."""

from __future__ import annotations

import argparse
from importlib import import_module
from pathlib import Path

from rich.console import Console

NAMES = ("core", "deadlines", "pipeline", "latency", "firing", "million")


def main() -> None:
    """Measure, show and write down."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure leadpulse on this machine.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"{', '.join(NAMES)}; all of them by default")
    parser.add_argument("--quick", action="store_true", help="little data: shows that it runs, not how fast it is")
    parser.add_argument("--results", type=Path, default=Path("build/bench"), help="where the JSON files go")
    given = parser.parse_args()
    if unknown := set(given.names) - set(NAMES):
        parser.error(f"no benchmark is named {', '.join(sorted(unknown))}; there are {', '.join(NAMES)}")
    console = Console()
    for name in given.names or NAMES:
        report = import_module(f"bench.{name}").run(quick=given.quick, say=lambda text, name=name: _say(name, text))
        report.show(console)
        console.print(f"  all figures: {report.write(given.results)}\n")


def _say(name: str, text: str) -> None:
    Console(stderr=True).print(f"[dim]{name}: {text}[/dim]")


if __name__ == "__main__":
    main()
