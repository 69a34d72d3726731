from __future__ import annotations

import inspect
from pathlib import Path

from redis.asyncio import Redis as Client

from streams.settings import load
from streams.settings.redis import redis_client_options, redis_prefix
from streams.settings.sections import Redis

TLS = Path(__file__).parent / "tls"
PASSWORD = {"password": "hunter2"}


def redis(**fields: object) -> Redis:
    """Return checked settings of the section."""
    return load(environ={}, options={f"redis.{name}": value for name, value in fields.items()}).redis


def test_a_plain_redis_needs_an_address_and_times_only() -> None:
    options = redis_client_options(redis(url="redis://h", timeout="3s"))
    assert options == {
        "host": "h",
        "port": 6379,
        "db": 0,
        "username": None,
        "password": None,
        "socket_timeout": 3.0,
        "socket_connect_timeout": 3.0,
    }
    options = redis_client_options(redis(url="redis://[::1]:7000/3"))
    assert (options["host"], options["port"], options["db"]) == ("::1", 7000, 3)


def test_a_password_file_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("one\n", encoding="utf-8")
    settings = redis(url="redis://h", username="u", password_file=str(file))
    assert (redis_client_options(settings)["username"], redis_client_options(settings)["password"]) == ("u", "one")
    file.write_text("two\n", encoding="utf-8")
    assert redis_client_options(settings)["password"] == file.read_text(encoding="utf-8").strip()


def test_a_password_is_revealed_to_the_client_only() -> None:
    settings = redis(url="redis://h", **PASSWORD)
    assert redis_client_options(settings)["password"] == PASSWORD["password"]
    assert PASSWORD["password"] not in repr(settings)


def test_tls_is_spoken_where_the_address_says_so() -> None:
    certificate = str(TLS / "client.pem")
    options = redis_client_options(redis(url="rediss://h", ssl_cafile=certificate))
    assert options["ssl"] is True
    assert (options["ssl_ca_certs"], options["ssl_certfile"]) == (certificate, None)
    assert "ssl" not in redis_client_options(redis(url="redis://h"))


def test_the_client_knows_every_option() -> None:
    options = redis_client_options(redis(url="rediss://h", **PASSWORD))
    assert options.keys() <= inspect.signature(Client).parameters.keys()


def test_keys_begin_with_the_name_of_the_application_unless_told_otherwise() -> None:
    assert redis_prefix(load(environ={})) == "leadpulse"
    assert redis_prefix(load(environ={"LEADPULSE_APP__ID": "sales"})) == "sales"
    assert redis_prefix(load(environ={"LEADPULSE_REDIS__PREFIX": "{sales}:eu"})) == "{sales}:eu"
