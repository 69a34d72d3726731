"""The same credentials in Faust's words, for its setting `broker_credentials`."""

from __future__ import annotations

import faust
from faust.types.auth import CredentialsT

from streams.settings.kafka import password, tls_context
from streams.settings.sections import Kafka


def faust_credentials(kafka: Kafka) -> CredentialsT | None:
    """Return who we are to the brokers, or None when they do not ask."""
    context = tls_context(kafka)
    if "SASL" in kafka.security_protocol:
        return faust.SASLCredentials(
            username=kafka.sasl_username,
            password=password(kafka),
            ssl_context=context,
            mechanism=kafka.sasl_mechanism,
        )
    return faust.SSLCredentials(context) if context is not None else None
