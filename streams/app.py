"""The Faust app by name: `faust -A streams.app worker` works with the same settings as `leadpulse worker`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.leadpulse import LeadpulseApp
from streams.settings import load

if TYPE_CHECKING:
    app: LeadpulseApp


def __getattr__(name: str) -> LeadpulseApp:
    """Make the app when it is first asked for: importing this module reads no settings."""
    if name != "app":
        raise AttributeError(name)
    made = globals()["app"] = LeadpulseApp(load())
    return made
