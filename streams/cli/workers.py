"""Questions to a worker over HTTP, and what its answers mean for a command."""

from __future__ import annotations

import http.client
from collections.abc import Callable, Mapping
from typing import NamedTuple

import typer
from msgspec import MsgspecError, Struct
from msgspec.json import decode
from yarl import URL

from schemas.refusals import one_line
from streams.cli.errors import CliError, ExitCode
from streams.settings.sections import Web
from streams.web.access import Token, access_of
from streams.web.addresses import base_url

MAX_ANSWER = 1 << 24
"""Longest answer that is read, in bytes: what a worker tells has an end far below."""
_TIMEOUT = 15.0
_LONGEST_ERROR = 200
_CLIENTS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}
_CODES: dict[int, ExitCode] = {http.HTTPStatus.NOT_FOUND: ExitCode.FAILURE, http.HTTPStatus.BAD_REQUEST: ExitCode.USAGE}


class _Refused(Struct):
    """What a worker answers when it cannot tell."""

    error: str = ""


class Asked(NamedTuple):
    """Whom to ask.

    Attributes:
        url: Base URL of a worker.
        token: What to show it.
    """

    url: str
    token: Token | None = None


def worker_at(url: str, web: Web) -> Asked:
    """Return the worker at a base URL, or without one that of the settings; the token is that of the settings."""
    return Asked(url or base_url(web), access_of(web).api)


def ask_worker(worker: Asked, page: Callable[[str], URL], about: str) -> bytes:
    """Ask a worker, and return its answer.

    Args:
        worker: Which one.
        page: Makes the address of the question from it.
        about: What is asked about, for messages.

    Raises:
        CliError: It knows nothing of it, cannot tell, or does not answer.
        BadParameter: The base URL is none.
    """
    address = _address(worker.url, page)
    try:
        status, body = _get(address, worker.token.header() if worker.token else {})
    except (OSError, http.client.HTTPException, UnicodeError) as error:  # UnicodeError: of a name that cannot be one
        reason = (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()
        message = (
            f"no worker answers at {worker.url}: {reason}; --url and the settings [web] host and port say where one is"
        )
        raise CliError(message, ExitCode.UNAVAILABLE) from error
    if status == http.HTTPStatus.OK:
        return body
    if status == http.HTTPStatus.UNAUTHORIZED:
        raise CliError(
            f"{worker.url} asks for its token: set [web] api_token_file or api_token", ExitCode.CONFIGURATION
        )
    raise CliError(f"{about}: {_error(status, body)}", _CODES.get(status, ExitCode.UNAVAILABLE))


def _address(worker: str, page: Callable[[str], URL]) -> URL:
    try:
        address = page(worker)
        usable = address.scheme in _CLIENTS and address.host and address.port
    except ValueError:
        usable = False
    if not usable:
        raise typer.BadParameter(f"{worker!r} is no address such as http://127.0.0.1:9464")
    return address


def _get(address: URL, headers: Mapping[str, str]) -> tuple[int, bytes]:
    # No library that would look for a proxy in the environment, or follow the answer elsewhere.
    connection = _CLIENTS[address.scheme](str(address.host), address.port, timeout=_TIMEOUT)
    try:
        connection.request("GET", address.raw_path_qs, headers={"Accept": "application/json", **headers})
        answer = connection.getresponse()
        body = answer.read(MAX_ANSWER + 1)
    finally:
        connection.close()
    if len(body) > MAX_ANSWER:
        raise CliError(f"the answer of {address.origin()} is longer than {MAX_ANSWER} bytes")
    return answer.status, body


def _error(status: int, body: bytes) -> str:
    try:
        told = decode(body, type=_Refused).error
    except MsgspecError:
        told = ""
    return one_line(told, _LONGEST_ERROR) or f"status {status} from something that is no worker"
