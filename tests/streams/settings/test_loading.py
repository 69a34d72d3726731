from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import Struct

from streams.settings import Duration, Secret, Settings, load, read
from streams.settings.business import Stage


def write(folder: Path, text: str) -> Path:
    file = folder / "leadpulse.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_without_a_file_and_variables_everything_is_at_its_default() -> None:
    assert load(environ={}) == Settings()


def test_later_sources_win(tmp_path: Path) -> None:
    file = write(tmp_path, "[web]\nport = 1\nhost = '127.0.0.2'\nadvertised_url = 'http://a'\n[worker]\nchunk = 5\n")
    environ = {"LEADPULSE_WEB__PORT": "2", "LEADPULSE_WEB__HOST": "localhost"}
    loaded = read(file, environ=environ, options={"web.port": "3"})
    web = loaded.settings.web
    assert (web.port, web.host, web.advertised_url, loaded.settings.worker.chunk) == (3, "localhost", "http://a", 5)
    assert {".".join(key): source.name for key, source in loaded.sources.items()} == {
        "web.port": "--set web.port",
        "web.host": "LEADPULSE_WEB__HOST",
        "web.advertised_url": str(file),
        "worker.chunk": str(file),
    }


def test_a_variable_names_the_file_unless_an_argument_does(tmp_path: Path) -> None:
    named = write(tmp_path, "[web]\nport = 1\n")
    other = tmp_path / "other.toml"
    other.write_text("[web]\nport = 2\n", encoding="utf-8")
    environ = {"LEADPULSE_CONFIG": str(named)}
    assert load(environ=environ).web.port == 1
    assert load(other, environ=environ).web.port == 2


def test_the_environment_is_the_processs_own_unless_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEADPULSE_WEB__PORT", "7")
    assert load().web.port == 7


def test_variables_are_text_whatever_the_type() -> None:
    settings = load(
        environ={
            "LEADPULSE_KAFKA__BROKERS": "a:1, b:2,",
            "LEADPULSE_KAFKA__SSL_CHECK_HOSTNAME": "false",
            "LEADPULSE_KAFKA__SASL_PASSWORD_FILE": "",
            "LEADPULSE_WORKER__CHUNK": "17",
            "LEADPULSE_WORKER__LINGER": "5ms",
            "LEADPULSE_APP__ID": "123",
            "LEADPULSE_RESPONSE__CONTACT_OUTCOMES": '["held"]',
            "LEADPULSE_FUNNEL__STAGES": '[{name = "call"}, {name = "signed, sealed", kind = "won"}]',
            "LEADPULSE_WINDOWS__CALENDAR": "",
        }
    )
    assert settings.kafka.brokers == ("a:1", "b:2")
    assert settings.kafka.ssl_check_hostname is False
    assert settings.kafka.sasl_password_file is None
    assert settings.worker.chunk == 17
    assert settings.worker.linger == Duration("5ms")
    assert settings.app.id == "123"
    assert settings.response.contact_outcomes == ("held",)
    assert settings.funnel.stages == (Stage(name="call"), Stage(name="signed, sealed", kind="won"))
    assert settings.windows.calendar == ()


def test_options_of_a_command_may_have_their_own_type() -> None:
    settings = load(environ={}, options={"web.port": 9465, "kafka.ssl_check_hostname": True, "kafka.brokers": ["a:1"]})
    assert (settings.web.port, settings.kafka.ssl_check_hostname, settings.kafka.brokers) == (9465, True, ("a:1",))


def test_files_are_named_relative_to_the_settings_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("hunter2\n", encoding="utf-8")
    text = '[kafka]\nsecurity_protocol = "SASL_PLAINTEXT"\nsasl_username = "u"\nsasl_password_file = "secret"\n'
    assert load(write(tmp_path, text), environ={}).kafka.sasl_password_file == tmp_path / "secret"


def test_files_in_the_environment_are_named_relative_to_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secret").write_text("hunter2", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    environ = {
        "LEADPULSE_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "LEADPULSE_KAFKA__SASL_USERNAME": "u",
        "LEADPULSE_KAFKA__SASL_PASSWORD_FILE": "secret",
    }
    assert load(environ=environ).kafka.sasl_password_file == Path("secret")


def test_variables_of_others_are_left_alone() -> None:
    environ = {
        "LEADPULSE_DEBUG": "1",
        "LEADPULSE_TEST_BROKER": "a:1",
        "LEADPULSE_WEB_PORT": "tcp://10.0.0.7:9464",  # Kubernetes, beside a service named leadpulse-web
        "LEADPULSE_WEB_SERVICE_HOST": "10.0.0.7",
        "OTHER__PORT": "1",
    }
    assert load(environ=environ) == Settings()


def test_a_file_with_dos_line_ends_reads_the_same(tmp_path: Path) -> None:
    file = tmp_path / "leadpulse.toml"
    file.write_bytes(b'[web]\r\nport = 1\r\n[funnel]\r\nzone = "Europe/Berlin"\r\n')
    settings = load(file, environ={})
    assert (settings.web.port, settings.funnel.zone) == (1, "Europe/Berlin")


def test_settings_cannot_be_changed_and_do_not_show_secrets() -> None:
    environ = {
        "LEADPULSE_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "LEADPULSE_KAFKA__SASL_USERNAME": "u",
        "LEADPULSE_KAFKA__SASL_PASSWORD": "hunter2",
    }
    settings = load(environ=environ)
    assert settings.kafka.sasl_password == Secret("hunter2")
    assert "hunter2" not in repr(settings)
    with pytest.raises(AttributeError, match="immutable"):
        settings.kafka.replication_factor = 3  # type: ignore[misc]  # that it is refused is the point
    assert all(kind.__struct_config__.frozen for kind in Struct.__subclasses__() if kind.__module__ == Stage.__module__)
