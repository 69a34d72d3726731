from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from streams.cli import config
from streams.cli.invocation import settings_of
from streams.cli.main import app, run
from streams.settings import Settings
from streams.settings.reference import example_toml, reference_markdown


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LEADPULSE_CONFIG", raising=False)
    Path("a.toml").write_text("[web]\nport = 1\n[worker]\nchunk = 5\n", encoding="utf-8")
    Path("b.toml").write_text("[web]\nport = 2\n", encoding="utf-8")
    Path("bad.toml").write_text("[web]\nport = 0\n[kafak]\n", encoding="utf-8")


def output(*arguments: str) -> str:
    """Return what the command prints."""
    result = CliRunner().invoke(app, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def port(*arguments: str) -> object:
    """Return the port in force."""
    return tomllib.loads(output(*arguments))["web"]["port"]


def test_check_says_that_all_is_right() -> None:
    assert output("config", "check") == "settings: right, all at their defaults\n"
    assert output("config", "check", "a.toml") == "a.toml: right, 2 differ from the defaults\n"
    assert output("config", "check", "b.toml") == "b.toml: right, 1 differs from the defaults\n"


def test_check_prints_every_problem_and_fails(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["config", "check", "bad.toml"]) == 78
    assert capsys.readouterr().err == (
        "bad.toml:2: [web] port: must be an integer from 1 to 65535, got 0\n"
        'bad.toml:3: [kafak]: unknown section; did you mean "kafka"?\n'
    )


def test_the_file_may_be_named_before_or_after_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert port("--config", "a.toml", "config", "show") == 1
    assert port("config", "show", "-c", "a.toml") == 1
    assert port("-c", "a.toml", "config", "show", "-c", "b.toml") == 2
    assert port("-c", "a.toml", "config", "show", "b.toml") == 2
    monkeypatch.setenv("LEADPULSE_CONFIG", "a.toml")
    assert port("config", "show") == 1
    assert port("config", "show", "-c", "b.toml") == 2


def test_single_settings_may_be_overridden_anywhere() -> None:
    text = output("--set", "web.port=3", "config", "show", "a.toml", "--set", "app.id=x.y", "--set", "worker.chunk=6")
    values = tomllib.loads(text)
    assert (values["web"]["port"], values["app"]["id"], values["worker"]["chunk"]) == (3, "x.y", 6)


def test_show_says_where_a_value_was_given_and_masks_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"SECURITY_PROTOCOL": "SASL_SSL", "SASL_USERNAME": "u", "SASL_PASSWORD": "hunter2"}.items():
        monkeypatch.setenv(f"LEADPULSE_KAFKA__{name}", value)
    text = output("config", "show", "a.toml", "--set", "web.host=localhost")
    assert "port = 1  # a.toml\n" in text
    assert 'host = "localhost"  # --set web.host\n' in text
    assert 'sasl_password = "***"  # LEADPULSE_KAFKA__SASL_PASSWORD\n' in text
    assert "hunter2" not in text


def test_show_without_anything_given_prints_the_defaults() -> None:
    assert tomllib.loads(output("config", "show")) == tomllib.loads(example_toml())


def test_reference_prints_the_generated_texts() -> None:
    assert output("config", "reference") == reference_markdown()
    assert output("config", "reference", "--example") == example_toml()


def test_options_of_a_command_win_over_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Settings] = []
    command = typer.Typer()

    @command.command()
    def serve(ctx: typer.Context, web_port: int | None = None) -> None:
        seen.append(settings_of(ctx, web__port=web_port))

    monkeypatch.setattr(config, "app", command)
    assert run(["--set", "web.port=7", "config", "--web-port", "8", "-c", "a.toml"]) == 0
    assert run(["--set", "web.port=7", "config", "-c", "a.toml"]) == 0
    assert [(settings.web.port, settings.worker.chunk) for settings in seen] == [(8, 5), (7, 5)]
