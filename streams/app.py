"""The Faust app by name: `faust -A streams.app worker` works with the same settings as `leadpulse worker`."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from streams.leadpulse import LeadpulseApp
from streams.settings import load

if TYPE_CHECKING:
    app: LeadpulseApp


def __getattr__(name: str) -> LeadpulseApp:
    """Make the app when it is first asked for: importing this module reads no settings."""
    if name != "app":
        raise AttributeError(name)
    # Faust wants a folder for tables, which leadpulse has none of: not in whatever folder this was started in.
    made = globals()["app"] = LeadpulseApp(load(), datadir=Path(tempfile.gettempdir()) / "leadpulse-faust")
    return made
