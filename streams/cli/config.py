"""`leadpulse config`: check, show and explain the settings."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from streams.cli.invocation import invocation
from streams.settings import Settings
from streams.settings.fields import fields_of, sections
from streams.settings.reference import example_toml, reference_markdown, settings_toml

app = typer.Typer(help="Check and show the settings.", no_args_is_help=True)

File = Annotated[Path | None, typer.Argument(metavar="FILE", help="Settings file; otherwise that of --config.")]


def _differing(settings: Settings) -> int:
    defaults = Settings()
    return sum(
        getattr(getattr(settings, section), name) != getattr(getattr(defaults, section), name)
        for section in sections()
        for name in fields_of(section)
    )


@app.command()
def check(ctx: typer.Context, file: File = None) -> None:
    """Check the settings without starting anything.

    All that is wrong is printed, one line each; the exit code is then 78.
    """
    loaded = invocation(ctx).read(file)
    number = _differing(loaded.settings)
    differing = f"{number} differ{'s' if number == 1 else ''} from the defaults" if number else "all at their defaults"
    typer.echo(f"{loaded.file or 'settings'}: right, {differing}")


@app.command()
def show(ctx: typer.Context, file: File = None) -> None:
    """Print the settings in force as TOML, with where each was given. Secrets are masked."""
    loaded = invocation(ctx).read(file)
    origins = {field: source.name for field, source in loaded.sources.items()}
    typer.echo(settings_toml(loaded.settings, origins), nl=False)


@app.command()
def reference(
    example: Annotated[bool, typer.Option("--example", help="A settings file with all defaults instead.")] = False,
) -> None:
    """Print the meaning of every setting, as Markdown."""
    typer.echo(example_toml() if example else reference_markdown(), nl=False)
