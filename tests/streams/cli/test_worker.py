"""What a worker that cannot start says; that it works is shown with a broker, in tests/integration."""

from __future__ import annotations

import errno
import socket
from typing import Any

import pytest
from aiokafka.errors import KafkaTimeoutError

from streams.cli import worker
from streams.cli.main import run
from streams.engine.errors import EngineError
from streams.settings import Settings
from streams.topics import TopicMismatch

IN_USE = OSError(errno.EADDRINUSE, "error while attempting to bind")


class FakeApp:
    """Stands where the Faust app is."""

    refusal: Exception | None = None
    failure: Exception | None = None

    def __init__(self, settings: Settings, **_: Any) -> None:
        self.settings = settings
        self.engine = self


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakeApp]:
    class App(FakeApp):
        pass

    monkeypatch.setattr(worker, "ServingApp", App)
    monkeypatch.setattr(worker, "run_worker", lambda app, **_: 70 if app.refusal or app.failure else 0)
    monkeypatch.setattr(worker, "setup_logging", lambda _: None)
    return App


@pytest.mark.usefixtures("fake")
def test_an_orderly_stop_is_a_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["worker"]) == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("refusal", "code", "line"),
    [
        (IN_USE, 1, "127.0.0.1:9470 is in use; free it or choose another [web] port (--web-port)"),
        (
            OSError(errno.EADDRNOTAVAIL, "x"),
            78,
            "cannot listen on 127.0.0.1:9470: cannot assign requested address; see [web] host and port",
        ),
        (OSError(errno.EACCES, "x"), 78, "cannot listen on 127.0.0.1:9470: permission denied; see [web] host and port"),
        (socket.gaierror(-2, "x"), 78, "cannot listen on 127.0.0.1:9470: no such host; see [web] host and port"),
        (OSError(errno.EMFILE, "too many"), 1, "cannot serve at 127.0.0.1:9470: [Errno 24] too many"),
        (TopicMismatch("leads has 3 partitions"), 78, "leads has 3 partitions"),
        (EngineError("odd"), 70, "odd"),
        (KafkaTimeoutError("late"), 69, "Kafka at 127.0.0.1:9092: KafkaTimeoutError: late"),
    ],
)
def test_what_keeps_a_worker_from_starting_is_one_line(
    refusal: Exception, code: int, line: str, fake: type[FakeApp], capsys: pytest.CaptureFixture[str]
) -> None:
    fake.refusal = refusal
    assert run(["worker", "--web-port", "9470"]) == code
    assert capsys.readouterr().err == f"leadpulse: {line}\n"


@pytest.mark.parametrize(
    ("failure", "line"),
    [
        (EngineError("leads.v1-3 was truncated"), "the worker ended: leads.v1-3 was truncated"),
        (KeyError("x"), "the worker ended; its log says why"),
    ],
)
def test_a_failure_of_the_engine_ends_with_70(
    failure: Exception, line: str, fake: type[FakeApp], capsys: pytest.CaptureFixture[str]
) -> None:
    fake.failure = failure
    assert run(["worker"]) == 70
    assert capsys.readouterr().err == f"leadpulse: {line}\n"


def test_wrong_settings_are_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["worker", "--set", "worker.chunk=0"]) == 78
    assert capsys.readouterr().err.startswith("--set worker.chunk: must be an integer from 1")
