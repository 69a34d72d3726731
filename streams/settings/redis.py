"""How the Redis client is told to connect."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

from yarl import URL

from streams.settings.sections import Redis, Settings

_PORT = 6379


def password(redis: Redis) -> str | None:
    """Return the password, None for none; a file is read anew each time, so that a changed one is used.

    Raises:
        OSError: The password file cannot be read.
        UnicodeDecodeError: It is not text.
    """
    if redis.password_file is not None:
        return redis.password_file.read_text(encoding="utf-8").rstrip()
    return redis.password.reveal() if redis.password is not None else None


def check_tls(redis: Redis) -> None:
    """Make sure that the certificates can be used.

    Raises:
        ssl.SSLError: A certificate or key is not usable, or the two do not belong together.
        OSError: A file cannot be read.
    """
    context = ssl.create_default_context(cafile=redis.ssl_cafile)
    if redis.ssl_certfile is not None:
        # Always a function: given nothing, OpenSSL would ask for the password of an encrypted key on the terminal.
        context.load_cert_chain(redis.ssl_certfile, redis.ssl_keyfile, lambda: "")


def redis_client_options(redis: Redis) -> dict[str, Any]:
    """Return the keyword arguments of the client; of the sections, only one with a URL has any.

    Raises:
        OSError: The password file cannot be read.
        UnicodeDecodeError: It is not text.
    """
    url = URL(redis.url)
    options: dict[str, Any] = {
        "host": url.host,
        "port": url.port or _PORT,
        "db": int(url.path.strip("/") or 0),
        "username": redis.username or None,
        "password": password(redis),
        "socket_timeout": redis.timeout.seconds,
        "socket_connect_timeout": redis.timeout.seconds,
    }
    if redis.is_tls:
        options["ssl"] = True
        files = {"ssl_ca_certs": redis.ssl_cafile, "ssl_certfile": redis.ssl_certfile, "ssl_keyfile": redis.ssl_keyfile}
        options.update({name: _name(file) for name, file in files.items()})
    return options


def redis_prefix(settings: Settings) -> str:
    """Return what all keys of this application begin with."""
    return settings.redis.prefix or settings.app.id


def _name(file: Path | None) -> str | None:
    return None if file is None else str(file)
