"""The command `leadpulse`.

A command is a module of this package with a Typer application `app`, and one line in COMMANDS. Modules are imported
when their command runs: `leadpulse --help` answers at once, whatever the commands need.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.exceptions import TyperException

from streams.cli.errors import CliError, ExitCode
from streams.cli.helptext import tidy_help
from streams.cli.invocation import Config, Debug, Invocation, Overrides, share_options

COMMANDS = {
    "demo": "Show it all on this machine: Kafka, a sales floor, a worker, a live board.",
    "worker": "Turn events into numbers and alerts: read Kafka, serve /metrics.",
    "notify": "Hand alarms to Alertmanager or to a webhook.",
    "simulate": "Write the events of a made-up sales floor to Kafka.",
    "replay": "Write a CSV or JSON-lines export to Kafka as events.",
    "services": "Run Kafka, and Redis if asked for, on this machine, to play with.",
    "topics": "List, create and check the topics.",
    "config": "Check and show the settings.",
    "dlq": "List, show and put back dead letters.",
    "lead": "Show what is known of one lead.",
    "waiting": "Show who waits for an answer, soonest deadline first, live.",
}
"""Command, which is also its module in this package -> what it does. In the order of the help."""

_EPILOG = (
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 69 Kafka or a worker is out of reach, "
    "70 a defect of leadpulse, 78 wrong settings, 130 interrupted."
)


_ROOT_ONLY = {"install_completion", "show_completion"}  # Typer adds them to every application


def load_command(name: str) -> Any:
    """Import a command, one of COMMANDS."""
    module = importlib.import_module(f"streams.cli.{name}")
    command = typer.main.get_command(module.app)
    command.params = [param for param in command.params if param.name not in _ROOT_ONLY]
    tidy_help(command)
    return command


class LazyCommands(TyperGroup):
    """A group whose commands are known by name and summary, and imported when one is called."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self.commands = {name: TyperCommand(name, help=summary) for name, summary in COMMANDS.items()}

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is called, and import it."""
        name, command, rest = super().resolve_command(ctx, args)
        if name is not None:
            command = load_command(name)
            share_options(command, self)
        return name, command, rest


app = typer.Typer(
    cls=LazyCommands,
    epilog=_EPILOG,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _print_version(value: bool) -> None:
    if value:
        metadata = importlib.import_module("importlib.metadata")  # slow, and needed here only
        typer.echo(f"leadpulse {metadata.version('leadpulse')}")
        raise typer.Exit


@app.callback()
def root(
    config: Config = None,
    overrides: Overrides = None,
    debug: Debug = False,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Nobody waits unseen: events of leads in from Kafka, live numbers and alarms out."""


def _complain(*lines: str) -> None:
    for line in lines:
        typer.echo(line, err=True)


def _report(error: Exception) -> ExitCode:
    """Say on standard error what went wrong, and return the exit code."""
    match error:
        case CliError():
            _complain(*error.lines)
            return error.code
        case TyperException():
            return _report_usage(error)
        case typer.Abort():
            return ExitCode.INTERRUPTED
        case OSError(filename=str(name)):
            _complain(f"leadpulse: {name}: {error.strerror}")
            return ExitCode.FAILURE
    _complain(f"leadpulse: {type(error).__name__}: {error} (a defect of leadpulse; --debug shows where)")
    return ExitCode.DEFECT


def _report_usage(error: TyperException) -> ExitCode:
    context = getattr(error, "ctx", None)
    if not error.format_message() or type(error).__name__ == "NoArgsIsHelpError":
        return ExitCode.USAGE  # Typer has printed the help
    path = context.command_path if context else "leadpulse"
    _complain(f"{path}: {error.format_message()} (see {path} --help)")
    return ExitCode(error.exit_code)


def run(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code.

    Args:
        arguments: What follows the name of the command; the process's own if not given.
    """
    shared = Invocation()
    try:
        result = typer.main.get_command(app).main(
            args=arguments, prog_name="leadpulse", standalone_mode=False, obj=shared
        )
    except Exception as error:  # the outermost handler: every error ends as one line
        if shared.debug:
            traceback.print_exc()
        return _report(error)
    return result if isinstance(result, int) else ExitCode.OK


def main() -> None:
    """Be the command `leadpulse`."""
    sys.exit(run())
