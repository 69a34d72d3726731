"""What must hold of the section `[web]`: nobody reads by oversight what not all may know."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from pathlib import Path

from streams.settings.lines import ValuePath
from streams.settings.secret import Secret, revealed
from streams.settings.sections import Settings, Web

_TOKEN = re.compile(r"[!-~]{16,1000}", re.ASCII)  # what an HTTP header can carry and nobody guesses


def check_web(settings: Settings) -> Iterator[tuple[ValuePath, str]]:
    """Check the tokens, and that single leads are not told to the whole network by oversight."""
    web = settings.web
    yield from _token("metrics_token", web.metrics_token, web.metrics_token_file)
    yield from _token("api_token", web.api_token, web.api_token_file)
    has_token = web.api_token is not None or web.api_token_file is not None
    if has_token and web.allow_anonymous:
        yield ("web", "allow_anonymous"), "cannot be true when api_token or api_token_file is set"
    if not has_token and not web.allow_anonymous and not _is_loopback(web):
        message = (
            f'"{web.host}" lets other machines read single leads: set api_token or api_token_file, '
            "or allow_anonymous = true if something else keeps them out"
        )
        yield ("web", "host"), message


def _token(name: str, token: Secret | None, file: Path | None) -> Iterator[tuple[ValuePath, str]]:
    if token is not None and file is not None:
        yield ("web", f"{name}_file"), f"cannot be used together with {name}: set one of them"
        return
    if token is None and file is None:
        return
    try:
        usable = _TOKEN.fullmatch(revealed(token, file)) is not None
    except (OSError, ValueError):
        usable = False
    if not usable:
        form = "16 to 1000 visible ASCII characters without spaces"
        yield ("web", name if file is None else f"{name}_file"), f"must {'be' if file is None else 'hold'} {form}"


def _is_loopback(web: Web) -> bool:
    try:
        return ipaddress.ip_address(web.host).is_loopback
    except ValueError:
        return web.host == "localhost"
