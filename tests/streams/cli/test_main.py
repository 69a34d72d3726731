from __future__ import annotations

import importlib
import subprocess
import sys
from collections.abc import Callable

import pytest
import typer
from typer.testing import CliRunner

from streams.cli import config
from streams.cli.errors import CliError, ExitCode
from streams.cli.main import COMMANDS, app, run


def leadpulse(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a process of its own."""
    code = "from streams.cli.main import main; main()"
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Callable[[BaseException], None]:
    """Make `leadpulse config` a command that raises an error."""

    def arrange(error: BaseException) -> None:
        broken = typer.Typer()

        @broken.command()
        def broke() -> None:
            raise error

        monkeypatch.setattr(config, "app", broken)

    return arrange


def test_help_names_every_command_and_what_the_exit_codes_mean() -> None:
    result = CliRunner().invoke(app, ["--help"])
    assert result.exit_code == 0
    for name, summary in COMMANDS.items():
        assert name in result.output
        assert summary.split()[0] in result.output
    assert "78 wrong settings" in " ".join(result.output.split())


def test_every_command_is_a_module_with_an_application() -> None:
    for name in COMMANDS:
        assert isinstance(importlib.import_module(f"streams.cli.{name}").app, typer.Typer)
        result = CliRunner().invoke(app, [name, "--help"])
        assert result.exit_code == 0, result.output
        assert "install-completion" not in result.output


def test_help_and_the_settings_need_none_of_the_heavy_libraries() -> None:
    code = (
        "import sys; from streams.cli.main import run; run(['--help']); run(['config', 'check']);"
        "sys.exit(', '.join({'faust', 'aiokafka', 'kafka', 'aiohttp', 'prometheus_client'} & sys.modules.keys()))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""


def test_the_version_is_that_of_the_distribution(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == ExitCode.OK
    name, version = capsys.readouterr().out.split()
    assert name == "leadpulse"
    assert version.count(".") == 2


def test_a_process_ends_with_the_exit_code_and_one_line() -> None:
    done = leadpulse("--set", "web.port=0", "config", "check")
    assert done.returncode == ExitCode.CONFIGURATION
    assert done.stdout == ""
    assert done.stderr == '--set web.port: must be an integer from 1 to 65535, got "0"\n'


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["confg"], "leadpulse: No such command 'confg'. Did you mean 'config'? (see leadpulse --help)\n"),
        (["config", "zzz"], "leadpulse config: No such command 'zzz'. (see leadpulse config --help)\n"),
        (
            ["config", "check", "--zzz"],
            "leadpulse config check: No such option: --zzz (see leadpulse config check --help)\n",
        ),
        (
            ["--set", "x", "config"],
            "leadpulse: Invalid value for '--set': 'x' is not SECTION.FIELD=VALUE (see leadpulse --help)\n",
        ),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(
    arguments: list[str], line: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == ExitCode.USAGE
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("arguments", [[], ["config"]])
def test_without_a_command_the_help_is_shown(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == ExitCode.USAGE
    captured = capsys.readouterr()
    assert "Usage: leadpulse" in captured.out + captured.err


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (CliError("no topic leads.v1"), 1, "leadpulse: no topic leads.v1\n"),
        (CliError("no broker at a:1", ExitCode.UNAVAILABLE), 69, "leadpulse: no broker at a:1\n"),
        (
            FileNotFoundError(2, "No such file or directory", "in.csv"),
            1,
            "leadpulse: in.csv: No such file or directory\n",
        ),
        (ValueError("odd"), 70, "leadpulse: ValueError: odd (a defect of leadpulse; --debug shows where)\n"),
        (KeyboardInterrupt(), 130, ""),
        (typer.Abort(), 130, ""),
        (typer.Exit(5), 5, ""),
    ],
)
def test_an_error_is_one_line_and_its_exit_code(
    error: BaseException,
    code: int,
    line: str,
    failing: Callable[[BaseException], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    failing(error)
    assert run(["config"]) == code
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("arguments", [["--debug", "config"], ["config", "--debug"]])
def test_debug_shows_the_traceback(
    arguments: list[str], failing: Callable[[BaseException], None], capsys: pytest.CaptureFixture[str]
) -> None:
    failing(ValueError("odd"))
    assert run(arguments) == ExitCode.DEFECT
    first, *_, last = capsys.readouterr().err.splitlines()
    assert first == "Traceback (most recent call last):"
    assert last.startswith("leadpulse: ValueError: odd")


def test_debug_may_be_a_variable(
    failing: Callable[[BaseException], None], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADPULSE_DEBUG", "1")
    failing(CliError("no"))
    assert run(["config"]) == ExitCode.FAILURE
    assert "Traceback" in capsys.readouterr().err
