"""Where a worker answers over HTTP."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from yarl import URL

from streams.settings.sections import Web

LOCAL: Final = "local"
"""Query parameter of a question that comes from another worker: it is not passed on."""


def base_url(web: Web) -> str:
    """Return how other workers, and commands, reach a worker's web server."""
    host = "127.0.0.1" if web.host in ("0.0.0.0", "::") else web.host  # noqa: S104  # not bound to
    return web.advertised_url or f"http://{f'[{host}]' if ':' in host else host}:{web.port}"


def lead_url(worker: str, lead_id: str, *, local: bool = False) -> URL:
    """Return the address of a lead at a worker.

    Args:
        worker: Base URL of the worker.
        lead_id: Any text.
        local: Ask this worker only.
    """
    # Dots are encoded too, though no rule wants it: as a part of a path, `..` would be taken for a step up.
    name = quote(lead_id, safe="").replace(".", "%2E")
    return URL(f"{worker.rstrip('/')}/leads/{name}{f'?{LOCAL}=1' if local else ''}", encoded=True)
