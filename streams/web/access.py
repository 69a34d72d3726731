"""Who may read what a worker tells over HTTP: those who send the right bearer token (RFC 6750)."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from aiohttp import web
from msgspec import Struct, json

from streams.settings.secret import Secret, revealed
from streams.settings.sections import Web

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Token(Struct, frozen=True):
    """A bearer token.

    Attributes:
        secret: The token, unless a file holds it.
        file: Holds the token. It is read at each question: a changed one is used without a restart.
    """

    secret: Secret | None = None
    file: Path | None = None

    def header(self) -> dict[str, str]:
        """Return the header that carries it; empty when its file cannot be read, which the other side will refuse."""
        text = self._text()
        return {"Authorization": f"Bearer {text}"} if text else {}

    def is_in(self, authorization: str) -> bool:
        """Return whether an Authorization header carries this token."""
        scheme, _, given = authorization.partition(" ")
        expected = self._text()
        # Compared in constant time: how long it takes must not tell how much of a guess is right.
        same = hmac.compare_digest(given.strip().encode(errors="replace"), expected.encode())
        return scheme.lower() == "bearer" and bool(expected) and same

    def _text(self) -> str:
        try:
            return revealed(self.secret, self.file)
        except (OSError, ValueError) as error:
            logger.error("nobody is let in: %s cannot be read (%s)", self.file, type(error).__name__)
            return ""


class Access(Struct, frozen=True):
    """What the two kinds of readers must show; None: nothing.

    Attributes:
        metrics: For `/metrics`.
        api: For single leads.
    """

    metrics: Token | None = None
    api: Token | None = None


OPEN = Access()
"""Everybody who can connect may read."""


def access_of(settings: Web) -> Access:
    """Return the access that the settings ask for."""
    return Access(
        metrics=_token(settings.metrics_token, settings.metrics_token_file),
        api=_token(settings.api_token, settings.api_token_file),
    )


def _token(secret: Secret | None, file: Path | None) -> Token | None:
    return None if secret is None and file is None else Token(secret, file)


def guarded(handler: Handler, token: Token | None) -> Handler:
    """Return a handler that answers 401 to those who do not send the token."""
    if token is None:
        return handler

    async def answer(request: web.Request) -> web.StreamResponse:
        given = request.headers.get("Authorization", "")
        return await handler(request) if token.is_in(given) else _refusal(given)

    return answer


def _refusal(given: str) -> web.Response:
    challenge = 'Bearer realm="leadpulse"' + (', error="invalid_token"' if given else "")
    body = json.encode({"error": "a bearer token is needed" if not given else "the token is not right"})
    return web.Response(body=body, status=401, content_type="application/json", headers={"WWW-Authenticate": challenge})
