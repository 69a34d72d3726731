"""What refuses a settings file, and files to be refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from streams.settings import SettingsError, load


def calendar(*lines: str, name: str = "a") -> str:
    """Return a working calendar; a fault in the first of these lines stands in line 5."""
    given = "\n".join(lines)
    return f"[[hours.calendars]]\nname = '{name}'\nzone = 'UTC'\nweek = ['Mon 08:00-09:00']\n{given}\n"


def refusals(text: str | bytes = "", environ: dict[str, str] | None = None, **options: object) -> list[str]:
    """Return the problems of a settings file and of what goes over it."""
    Path("leadpulse.toml").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(SettingsError) as caught:
        load("leadpulse.toml", environ=environ or {}, options={k.replace("__", "."): v for k, v in options.items()})
    assert str(caught.value) == "\n".join(caught.value.problems)
    return list(caught.value.problems)
