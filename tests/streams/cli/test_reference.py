from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from streams.cli.main import COMMANDS, app, load_command
from streams.cli.reference import cli_markdown


def options(command: Any) -> set[str]:
    """Return every option of a command and of those below it."""
    if isinstance(command, TyperGroup):
        return {name for member in command.commands.values() for name in options(member)}
    return {name for param in command.params if param.param_type_name == "option" for name in param.opts}


def test_every_command_and_every_option_is_in_the_reference() -> None:
    text = cli_markdown()
    for name in COMMANDS:
        assert f"\n## leadpulse {name}\n" in text
        for option in options(load_command(name)):
            assert f"`{option}`" in text, (name, option)
    for param in typer.main.get_command(app).params:
        if param.name in ("config", "overrides", "debug"):
            assert f"`{param.opts[0]}`" in text
    assert "install-completion" not in text


def test_members_of_a_group_are_below_it_and_examples_are_code() -> None:
    text = cli_markdown()
    assert text.index("\n## leadpulse dlq\n") < text.index("\n### leadpulse dlq list\n")
    assert "```sh\nleadpulse dlq show leads.v1 2 1841\n" in text


def test_defaults_are_said() -> None:
    text = cli_markdown()
    assert "| `--kafka-port` `PORT` | `9092` |" in text
    assert "| `--faults`, `--no-faults` | `--faults` |" in text
    assert "\\[" not in text
