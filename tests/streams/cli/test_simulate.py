"""What the options of `leadpulse simulate` make of the floor."""

from __future__ import annotations

import pytest
import typer

from streams.cli.simulate import _silenced
from streams.simulation import EVERYDAY


def test_a_source_can_be_told_to_fall_silent() -> None:
    silent = {source.name: source.silent_after_minutes for source in _silenced(EVERYDAY, "website@1h30m").sources}
    assert silent.pop("website") == 90
    assert set(silent.values()) == {None}


@pytest.mark.parametrize("choice", ["nobody@5m", "website", "website@soon", "@5m"])
def test_what_names_no_source_or_no_time_is_refused(choice: str) -> None:
    with pytest.raises(typer.BadParameter):
        _silenced(EVERYDAY, choice)
