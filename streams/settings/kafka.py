"""How Kafka clients are told to connect: the same words for aiokafka and kafka-python."""

from __future__ import annotations

import ssl
from typing import TypedDict

from streams.settings.secret import revealed
from streams.settings.sections import Kafka


class SecurityOptions(TypedDict, total=False):
    """Keyword arguments about authentication and encryption."""

    security_protocol: str
    ssl_context: ssl.SSLContext
    sasl_mechanism: str
    sasl_plain_username: str
    sasl_plain_password: str


class ClientOptions(SecurityOptions, total=False):
    """Keyword arguments that every client, aiokafka's and kafka-python's, takes."""

    bootstrap_servers: list[str]
    request_timeout_ms: int
    retry_backoff_ms: int


def password(kafka: Kafka) -> str:
    """Return the SASL password; see `revealed`."""
    return revealed(kafka.sasl_password, kafka.sasl_password_file)


def tls_context(kafka: Kafka) -> ssl.SSLContext | None:
    """Return how to speak TLS with the brokers, or None when TLS is not asked for.

    Raises:
        ssl.SSLError: A certificate or key is not usable, or the two do not belong together.
        OSError: A file cannot be read.
    """
    if "SSL" not in kafka.security_protocol:
        return None
    context = ssl.create_default_context(cafile=kafka.ssl_cafile)
    context.check_hostname = kafka.ssl_check_hostname
    if kafka.ssl_certfile is not None:
        key_password = kafka.ssl_key_password
        # Always a function: given nothing, OpenSSL would ask for the password of an encrypted key on the terminal.
        context.load_cert_chain(
            kafka.ssl_certfile, kafka.ssl_keyfile, lambda: key_password.reveal() if key_password else ""
        )
    return context


def security_options(kafka: Kafka) -> SecurityOptions:
    """Return the keyword arguments about authentication and encryption."""
    options = SecurityOptions(security_protocol=kafka.security_protocol)
    if (context := tls_context(kafka)) is not None:
        options["ssl_context"] = context
    if "SASL" in kafka.security_protocol:
        options["sasl_mechanism"] = kafka.sasl_mechanism
        options["sasl_plain_username"] = kafka.sasl_username
        options["sasl_plain_password"] = password(kafka)
    return options


def kafka_client_options(kafka: Kafka) -> ClientOptions:
    """Return the keyword arguments with which every Kafka client is made."""
    return ClientOptions(
        bootstrap_servers=list(kafka.brokers),
        request_timeout_ms=kafka.request_timeout.ms,
        retry_backoff_ms=kafka.retry_backoff.ms,
        **security_options(kafka),
    )
