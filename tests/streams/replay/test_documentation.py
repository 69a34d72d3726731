"""The mapping and the messages in the documentation are true."""

import re
from pathlib import Path

import pytest

from streams.replay import Mapper, MappingError, load_mapping, open_export

DOCUMENT = Path(__file__).parents[3] / "docs" / "replay.md"


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """The mapping file that the documentation shows."""
    (shown,) = re.findall(r"^```toml\n(.*?)^```", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    file = tmp_path / "mapping.toml"
    file.write_text(shown, encoding="utf-8")
    return file


def test_the_mapping_shown_maps_an_export(mapping: Path, tmp_path: Path) -> None:
    export = tmp_path / "export.csv"
    export.write_text(
        "deal,step,changed_at,activity,channel,value,result,agent,stage\n"
        "7,1,22.11.2026 09:00,Lead created,web,19.90,,,\n"
        "7,2,22.11.2026 09:05,Call out,,,reached,ann,\n"
        "7,3,22.11.2026 09:06,Stage,,,,,qualified\n"
        "7,4,22.11.2026 09:07,Note,,,,,\n",
        encoding="utf-8",
    )
    file = load_mapping(mapping)
    mapper = Mapper(file, export, strict=True)
    with open_export(export, file.mapping.file) as rows:
        mapper.check_columns(rows)
        kinds = [mapped.event.__struct_config__.tag for mapped in mapper.events(rows)]
    assert kinds == ["created", "interaction", "stage_changed"]
    assert mapper.account.ignored == 1


def test_the_message_shown_is_the_one_that_comes(mapping: Path, tmp_path: Path) -> None:
    mapping.write_text(mapping.read_text(encoding="utf-8").replace("{channel}", "{chanel}"), encoding="utf-8")
    export = tmp_path / "export.csv"
    export.write_text("deal,step,changed_at,activity,channel,value,result,agent,stage\n", encoding="utf-8")
    file = load_mapping(mapping)
    with open_export(export, file.mapping.file) as rows, pytest.raises(MappingError) as error:
        Mapper(file, export).check_columns(rows)
    shown = str(error.value).replace(str(mapping), "mapping.toml")
    assert shown in DOCUMENT.read_text(encoding="utf-8").splitlines()
