"""The embedded Redis is a real one and keeps its data."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from streams.services import RedisService, ServiceError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration


def _ask(service: RedisService, question: str) -> str:
    with socket.create_connection(("127.0.0.1", service.port), 5) as connection:
        connection.sendall(f"{question}\r\n".encode())
        return connection.recv(1000).decode()


def test_data_survive_kill_and_a_clean_restart(tmp_path: Path) -> None:
    with RedisService(tmp_path / "a folder") as service:
        assert _ask(service, "SET lead waiting") == "+OK\r\n"
        time.sleep(1.5)  # it writes to disk once a second

        service.kill()
        service.start()
        assert _ask(service, "GET lead") == "$7\r\nwaiting\r\n"

        service.stop()
        service.start()
        assert _ask(service, "GET lead") == "$7\r\nwaiting\r\n"


def test_it_listens_on_loopback_only(tmp_path: Path) -> None:
    with RedisService(tmp_path) as service:
        assert "bind\r\n$9\r\n127.0.0.1" in _ask(service, "CONFIG GET bind")


def test_a_damaged_file_is_shown_with_the_log(tmp_path: Path) -> None:
    with RedisService(tmp_path) as service:
        pass
    (tmp_path / "appendonlydir" / "appendonly.aof.manifest").write_text("nonsense\n")

    with pytest.raises(
        ServiceError, match=r"Redis ended while it started; the log is .*redis\.log\n(.|\n)*AOF manifest"
    ):
        service.start()
