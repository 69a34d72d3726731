"""Parameters from names and files."""

import re
from pathlib import Path

import pytest

from streams.simulation import EVERYDAY, HURRIED, ParametersError, load_parameters


def test_a_preset_is_known_by_its_name() -> None:
    assert load_parameters("hurried") is HURRIED


def test_what_a_file_leaves_out_is_as_on_an_everyday_floor(tmp_path: Path) -> None:
    file = tmp_path / "floor.toml"
    file.write_text('[[sources]]\nname = "fair"\nweight = 1\n[journey]\nskip = 0.5\n', encoding="utf-8")
    parameters = load_parameters(str(file))
    assert [source.name for source in parameters.sources] == ["fair"]
    assert parameters.journey.skip == 0.5
    assert parameters.teams == EVERYDAY.teams


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[journey]\nskp = 1", ':2: unknown key "skp"; did you mean "skip"?'),
        ("\n[[teams]]\nname = 'a'\n[[teams.shifts]]\nstart = '9h'", ":5: teams[1].shifts[1].start: Expected"),
        ("[[teams]]\nname = 'a'\nzone = 'Mars/Base'", "unknown time zone 'Mars/Base'"),
        ("[[teams]]\nname = 'a'\nshifts = []", "team 'a' has no shift"),
        ("[[teams]]\nname = 'a'\n[[teams.shifts]]\ndays = ['today']", "the days of a shift are some of mon"),
        ("sources = []", "sources must not be empty"),
        ("[rhythm]\nhours = [1, 2]", "24 hours and 7 days"),
        (f"[rhythm]\nhours = {[0] * 24}", "at least one hour"),
        ("faults = 3 = 4", "no TOML"),
    ],
)
def test_a_mistake_in_a_file_is_told_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    file = tmp_path / "floor.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(ParametersError) as error:
        load_parameters(str(file))
    assert str(error.value).startswith(str(file))
    assert message in str(error.value)


def test_neither_a_preset_nor_a_file_is_refused() -> None:
    with pytest.raises(ParametersError, match="neither a file nor one of everyday, hurried"):
        load_parameters("busy")


def test_the_floor_shown_in_the_documentation_is_one(tmp_path: Path) -> None:
    document = Path(__file__).parents[3] / "docs" / "simulator.md"
    (shown,) = re.findall(r"^```toml\n(.*?)^```", document.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    file = tmp_path / "floor.toml"
    file.write_text(shown, encoding="utf-8")
    parameters = load_parameters(str(file))
    assert [source.name for source in parameters.sources] == ["website", "fair"]
    assert len(parameters.teams[0].shifts) == 2
