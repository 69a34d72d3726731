"""The security arguments of aiokafka, as Faust wants them."""

from collections.abc import Mapping
from typing import Any

import faust
from faust.types.auth import CredentialsT


def faust_credentials(client_options: Mapping[str, Any]) -> CredentialsT | None:
    """Return Faust's `broker_credentials` for aiokafka's client arguments, or None for an open broker.

    Raises:
        ValueError: For a mechanism that Faust needs more arguments for; give `broker_credentials` yourself then.
    """
    protocol = client_options.get("security_protocol", "PLAINTEXT")
    if protocol == "PLAINTEXT":
        return None
    context = client_options.get("ssl_context")
    if protocol == "SSL":
        return faust.SSLCredentials(context=context)
    mechanism = client_options.get("sasl_mechanism", "PLAIN")
    if mechanism not in ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"):
        raise ValueError(f"sasl_mechanism {mechanism!r} needs the setting broker_credentials of Faust")
    return faust.SASLCredentials(
        username=client_options.get("sasl_plain_username"),
        password=client_options.get("sasl_plain_password"),
        ssl_context=context if protocol == "SASL_SSL" else None,
        mechanism=mechanism,
    )
