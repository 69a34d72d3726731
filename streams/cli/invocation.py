"""What holds for every command: which settings file, which overrides, how much to say about errors."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from streams.cli.errors import SettingsRefused

if TYPE_CHECKING:
    from streams.settings import Loaded, Settings

SHARED_PANEL = "Shared options"


class Invocation:
    """The shared options of one run of the command.

    Attributes:
        config: Settings file.
        options: "section.field" -> value, as given with --set.
        debug: Whether to show tracebacks.
    """

    def __init__(self) -> None:
        self.config: Path | None = None
        self.options: dict[str, object] = {}
        self.debug = False

    def read(self, config: Path | None = None) -> Loaded:
        """Read the settings; a command may name another file.

        Raises:
            SettingsRefused: Something is wrong with them.
        """
        from streams.settings import SettingsError, read  # noqa: PLC0415  # help and usage errors do without

        try:
            return read(config or self.config, options=self.options)
        except SettingsError as error:
            raise SettingsRefused(error.problems) from error


def invocation(ctx: typer.Context) -> Invocation:
    """Return the shared options of the run that a context belongs to."""
    return ctx.find_root().ensure_object(Invocation)


def settings_of(ctx: typer.Context, **options: object) -> Settings:
    """Return the settings that a command runs with.

    Args:
        ctx: The command's context.
        options: Options of the command itself that stand for settings, as section__field; those that are None are not
            given. They win over --set.

    Raises:
        SettingsRefused: Something is wrong with them.
    """
    run = invocation(ctx)
    run.options |= {name.replace("__", "."): value for name, value in options.items() if value is not None}
    return run.read().settings


def _keep_config(ctx: typer.Context, value: Path | None) -> Path | None:
    if value is not None:
        invocation(ctx).config = value
    return value


def _keep_options(ctx: typer.Context, values: list[str] | None) -> list[str] | None:
    for text in values or ():
        name, equals, value = text.partition("=")
        if not equals:
            message = f"{text!r} is not SECTION.FIELD=VALUE"
            raise typer.BadParameter(message)
        invocation(ctx).options[name.strip()] = value
    return values


def _keep_debug(ctx: typer.Context, value: bool) -> bool:
    invocation(ctx).debug |= value
    return value


Config = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        help="Settings file (TOML). \\[env var: LEADPULSE_CONFIG]",
        callback=_keep_config,
        rich_help_panel=SHARED_PANEL,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.FIELD=VALUE",
        help="Override one setting; may be repeated.",
        callback=_keep_options,
        rich_help_panel=SHARED_PANEL,
    ),
]
Debug = Annotated[
    bool,
    typer.Option(
        "--debug",
        envvar="LEADPULSE_DEBUG",
        help="Show the traceback of an error.",
        callback=_keep_debug,
        rich_help_panel=SHARED_PANEL,
    ),
]


def share_options(command: Any, root: TyperGroup) -> None:
    """Give the shared options of the root to a command, or to all commands of a group: `leadpulse worker -c FILE`."""
    if isinstance(command, TyperGroup):
        for member in command.commands.values():
            share_options(member, root)
        return
    for param in root.params:
        if getattr(param, "rich_help_panel", None) == SHARED_PANEL:
            shared = copy.copy(param)
            shared.expose_value = False  # the command's function does not take it
            command.params.append(shared)
