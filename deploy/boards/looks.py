"""How a panel looks: its size, unit, colours and limits."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode
from msgspec import Struct, structs

GOOD, CLOSE, BAD, NEUTRAL = "green", "orange", "red", "blue"

Steps = tuple[tuple[float | None, str], ...]
"""From which value on which colour; the first value is None."""

BANDS = {"breached": BAD, "warned": CLOSE, "on_time": GOOD, "unpromised": "gray"}
"""Colours of how a promise stands."""

SHARE_OK, SHARE_LOW = 0.9, 0.75
"""A share within a promise is good from the first on, and bad below the second."""


class Look(Struct, frozen=True, kw_only=True):
    """How one panel looks.

    Attributes:
        title: Instead of the title of the signal.
        note: Follows the description of the signal.
        unit: Grafana's name of it; empty: from the signal.
        decimals: None: as many as the value needs.
        width: In columns of 24.
        height: In rows.
        steps: Colours by value.
        top: Largest value of the scale; None: from the data.
        link: Where a click leads, without the address of leadpulse.
        link_title: What the link is called.
        empty: What is shown where there is no value; empty: what that means of the signal.
        stacked: Whether series are stacked.
        columns: Bars instead of lines.
        interval: Least step of the series.
        letters: Size of the name and of the value, in pixels; None: as there is room.
    """

    title: str = ""
    note: str = ""
    unit: str = ""
    decimals: int | None = None
    width: int = 12
    height: int = 8
    steps: Steps = ((None, NEUTRAL),)
    top: float | None = None
    link: str = ""
    link_title: str = ""
    empty: str = ""
    stacked: bool = False
    columns: bool = False
    interval: str = ""
    letters: tuple[int, int] | None = None

    def but(self, **changes: Any) -> Look:
        """Return the same look with some changes."""
        return structs.replace(self, **changes)


def rising(close: float, bad: float) -> Steps:
    """Return colours of a value that gets worse as it grows."""
    return ((None, GOOD), (close, CLOSE), (bad, BAD))


def falling(bad: float, close: float) -> Steps:
    """Return colours of a value that gets worse as it falls."""
    return ((None, BAD), (bad, CLOSE), (close, GOOD))


def thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    """Return colours in the form of the SDK."""
    marks = [Threshold(value=value, color=color) for value, color in steps]
    return dashboard.ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(marks)
