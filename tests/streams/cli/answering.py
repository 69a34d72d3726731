"""A worker that always says the same."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar

import pytest


class Answer(BaseHTTPRequestHandler):
    """A worker that always says the same."""

    status: ClassVar[int] = 200
    body: ClassVar[bytes] = b""
    paths: ClassVar[list[str]] = []
    tokens: ClassVar[list[str | None]] = []

    def do_GET(self) -> None:
        self.paths.append(self.path)
        self.tokens.append(self.headers["Authorization"])
        self.send_response(self.status)
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        """Be quiet."""


@contextmanager
def serving(answer: type[Answer], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let it answer at the place that the settings name."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")  # must not be asked
    with ThreadingHTTPServer(("127.0.0.1", 0), answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        monkeypatch.setenv("LEADPULSE_WEB__PORT", str(server.server_port))
        yield
        server.shutdown()
        thread.join()
