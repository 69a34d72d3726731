from __future__ import annotations

import inspect
import ssl
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from faust.transport.drivers.aiokafka import credentials_to_aiokafka_auth
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer

from streams.engine.security import faust_credentials
from streams.settings import SettingsError, load
from streams.settings.kafka import kafka_client_options, password, security_options
from streams.settings.sections import Kafka

TLS = Path(__file__).parent / "tls"  # a certificate that nobody trusts and its key, encrypted with the password below
KEY = {"ssl_key_password": "correct-horse"}


def kafka(**fields: object) -> Kafka:
    """Return checked settings of the section."""
    return load(environ={}, options={f"kafka.{name}": value for name, value in fields.items()}).kafka


SCRAM = {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "u", "sasl_password": "p"}
CLIENT = {
    "security_protocol": "SSL",
    "ssl_cafile": str(TLS / "client.pem"),
    "ssl_certfile": str(TLS / "client.pem"),
    "ssl_keyfile": str(TLS / "client-key.pem"),
}


def test_a_plain_broker_needs_addresses_and_times_only() -> None:
    assert kafka_client_options(kafka(brokers=["a:1", "[::1]:2"], request_timeout="3s", retry_backoff="7ms")) == {
        "bootstrap_servers": ["a:1", "[::1]:2"],
        "request_timeout_ms": 3000,
        "retry_backoff_ms": 7,
        "security_protocol": "PLAINTEXT",
    }


def test_a_user_name_is_given_in_the_words_of_both_clients() -> None:
    options = kafka_client_options(kafka(**SCRAM))
    context = options.pop("ssl_context")
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert options["security_protocol"] == "SASL_SSL"
    assert options["sasl_mechanism"] == "SCRAM-SHA-512"
    assert (options["sasl_plain_username"], options["sasl_plain_password"]) == ("u", "p")


@pytest.mark.parametrize("client", [AIOKafkaProducer, AIOKafkaConsumer, KafkaAdminClient, KafkaConsumer, KafkaProducer])
def test_every_client_knows_every_option(client: type) -> None:
    options = set(kafka_client_options(kafka(**SCRAM)))
    assert options <= set(getattr(client, "DEFAULT_CONFIG", None) or inspect.signature(client).parameters)


def test_a_password_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("first\n", encoding="utf-8")
    settings = kafka(**{**SCRAM, "sasl_password": "", "sasl_password_file": str(file)})
    assert password(settings) == "first"
    file.write_text("second", encoding="utf-8")
    assert "second" in kafka_client_options(settings).values()


def test_the_broker_may_carry_another_name_when_that_is_allowed() -> None:
    context = kafka_client_options(kafka(security_protocol="SSL", ssl_check_hostname=False))["ssl_context"]
    assert not context.check_hostname
    assert context.verify_mode is ssl.CERT_REQUIRED


def test_a_client_certificate_is_loaded_with_its_encrypted_key() -> None:
    context = kafka_client_options(kafka(**CLIENT, **KEY))["ssl_context"]
    assert [authority["subject"] for authority in context.get_ca_certs()] == [((("commonName", "leadpulse tests"),),)]


@pytest.mark.parametrize("wrong", [{}, {"ssl_key_password": "wrong"}])
def test_a_key_that_cannot_be_opened_is_refused_without_asking_on_the_terminal(wrong: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match=r"--set kafka.ssl_certfile: not usable with its key: .*client.pem \(.+\)$"):
        kafka(**CLIENT, **wrong)


def test_a_certificate_without_its_key_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"--set kafka.ssl_certfile: not usable with its key: .*client.pem \(.+\)$"):
        kafka(security_protocol="SSL", ssl_certfile=str(TLS / "client.pem"))


def test_faust_is_given_the_same_credentials() -> None:
    for fields in ({}, SCRAM, {**SCRAM, "security_protocol": "SASL_PLAINTEXT"}, {"security_protocol": "SSL"}):
        settings = kafka(**fields)
        given = dict(credentials_to_aiokafka_auth(faust_credentials(security_options(settings))))
        ours = {**kafka_client_options(settings)}
        for options in (given, ours):
            context = options.pop("ssl_context", None)
            assert (context is not None) == ("SSL" in settings.security_protocol)
        assert given == {name: value for name, value in ours.items() if name.startswith(("security", "sasl"))}
