import faust
import msgspec
import pytest

from streams.engine.app import EngineApp
from streams.engine.chunks import ChunkScheduler
from streams.engine.options import EngineOptions
from streams.engine.security import faust_credentials
from tests.streams.engine.builders import OPTIONS


def test_names_follow_from_the_app_id() -> None:
    assert OPTIONS.changelog_topic == "app-changelog"
    assert OPTIONS.transactional_id(3) == "app-3"


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"inputs": ()}, "must not be empty"),
        ({"inputs": ("left", "left")}, "distinct"),
        ({"changelog": "left"}, "distinct"),
        ({"chunk": 0}, "at least 1"),
        ({"request_timeout": 5.0}, "session_timeout"),
    ],
)
def test_contradictions_are_refused(change: dict[str, object], complaint: str) -> None:
    values = {"app_id": "app", "brokers": ("broker:9092",), "inputs": ("left", "right"), **change}
    with pytest.raises(ValueError, match=complaint):
        EngineOptions(**values)  # type: ignore[arg-type]  # wrong on purpose


def test_the_app_presets_what_the_engine_needs_and_takes_any_other_faust_setting() -> None:
    app = EngineApp(OPTIONS, web_port=7777)
    assert app.conf.id == "app"
    assert app.conf.web_port == 7777
    assert str(app.conf.broker[0]) == "kafka://broker:9092"
    scheduler: object = app.conf.ConsumerScheduler()  # type: ignore[operator]  # Faust's type of its own setting
    assert isinstance(scheduler, ChunkScheduler)


def test_security_arguments_reach_both_aiokafka_and_faust() -> None:
    secure = {
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-256",
        "sasl_plain_username": "ops",
        "sasl_plain_password": "secret",
    }
    options = msgspec.structs.replace(OPTIONS, client_options=secure)
    assert options.client_arguments()["sasl_plain_username"] == "ops"
    credentials = EngineApp(options).conf.broker_credentials
    assert isinstance(credentials, faust.SASLCredentials)
    assert credentials.protocol.value == "SASL_PLAINTEXT"
    assert credentials.mechanism.value == "SCRAM-SHA-256"
    assert "secret" not in repr(credentials)


def test_an_open_broker_needs_no_credentials_and_an_unknown_mechanism_is_refused() -> None:
    assert faust_credentials({}) is None
    with pytest.raises(ValueError, match="GSSAPI"):
        faust_credentials({"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "GSSAPI"})
