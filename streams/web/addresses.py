"""Where a worker answers over HTTP."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from yarl import URL

from streams.settings.sections import Settings, Web

LOCAL: Final = "local"
"""Query parameter of a question that comes from another worker: it is not passed on."""

COUNTS: Final = "counts"
"""Query parameter of a question for arrivals: the numbers of each slot are wanted too."""


def base_url(web: Web) -> str:
    """Return how other workers, and commands, reach a worker's web server."""
    host = "127.0.0.1" if web.host in ("0.0.0.0", "::") else web.host  # noqa: S104  # not bound to
    return web.advertised_url or f"http://{f'[{host}]' if ':' in host else host}:{web.port}"


def lead_link(settings: Settings, lead_id: str) -> str:
    """Return where a person can look a lead up: where the settings say, else its history at this worker."""
    template = settings.sla.lead_link
    return (
        template.replace("{lead_id}", _quoted(lead_id)) if template else str(lead_url(base_url(settings.web), lead_id))
    )


def lead_url(worker: str, lead_id: str, *, local: bool = False) -> URL:
    """Return the address of a lead at a worker.

    Args:
        worker: Base URL of the worker.
        lead_id: Any text.
        local: Ask this worker only.
    """
    return URL(f"{worker.rstrip('/')}/leads/{_quoted(lead_id)}{f'?{LOCAL}=1' if local else ''}", encoded=True)


def waiting_url(worker: str, limit: int, team: str | None = None, *, local: bool = False) -> URL:
    """Return the address of who waits at a worker.

    Args:
        worker: Base URL of the worker.
        limit: How many leads at most.
        team: Of which team; None for all.
        local: Ask this worker only.
    """
    query = {"limit": str(limit)} | ({} if team is None else {"team": team}) | ({LOCAL: "1"} if local else {})
    return URL(f"{worker.rstrip('/')}/waiting").with_query(query)


def _quoted(lead_id: str) -> str:
    # Dots are encoded too, though no rule wants it: as a part of a path, `..` would be taken for a step up.
    return quote(lead_id, safe="").replace(".", "%2E")


def arrivals_url(worker: str, *, counts: bool) -> URL:
    """Return the address of what a worker heard of the sources.

    Args:
        worker: Base URL of the worker.
        counts: Whether to ask for the arrivals of each slot too.
    """
    return URL(f"{worker.rstrip('/')}/arrivals{f'?{COUNTS}=1' if counts else ''}", encoded=True)
