"""What a notifier that cannot start says; that it works is shown with a broker, in tests/integration."""

from __future__ import annotations

import socket

import pytest

from streams.cli.main import run

ONE = ["notify", "--set", "notify.alertmanager=http://127.0.0.1:9"]


def test_without_a_receiver_it_refuses_to_start(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["notify"]) == 78
    assert capsys.readouterr().err == (
        "leadpulse: [notify] names no receiver: set alertmanager or webhook "
        "(LEADPULSE_NOTIFY__ALERTMANAGER, …__WEBHOOK)\n"
    )


def test_wrong_settings_are_refused_before_anything_starts(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["notify", "--set", "notify.alertmanager=am"]) == 78
    assert capsys.readouterr().err.startswith("--set notify.alertmanager [0]: must be")


def test_a_port_that_is_in_use_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run([*ONE, "--port", str(port)]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == f"leadpulse: 127.0.0.1:{port} is in use; free it or choose another [notify] port (--port)"


def test_an_address_that_is_not_ours_is_a_fault_of_the_settings(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*ONE, "--set", "notify.host=192.0.2.1"]) == 78
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.endswith("cannot assign requested address; see [notify] host and port")
