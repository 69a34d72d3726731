"""Mistakes in a mapping file are told with their line and rule."""

from pathlib import Path

import pytest

from streams.replay import Mapper, MappingError, load_mapping, open_export

GOOD = """lead_id = "{lead}"
event_id = "{lead}-{n}"
[time]
column = "at"
zone = "Europe/Berlin"
[[rule]]
name = "new"
when = { what = "new" }
event = "created"
"""


def refused(tmp_path: Path, text: str) -> str:
    file, export = tmp_path / "mapping.toml", tmp_path / "export.csv"
    file.write_text(text, encoding="utf-8")
    export.write_text("lead,n,at,what\n", encoding="utf-8")
    with pytest.raises(MappingError) as error:
        _use(file, export)
    assert str(error.value).startswith(str(file))
    return str(error.value).removeprefix(str(file))


def _use(file: Path, export: Path) -> None:
    mapping = load_mapping(file)
    mapper = Mapper(mapping, export)
    with open_export(export, mapping.mapping.file) as rows:
        mapper.check_columns(rows)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("zone =", "zon =", ':5: unknown key "zon"; did you mean "zone"?'),
        ("when =", "whn =", ':8: unknown key "whn"; did you mean "when"?'),
        ('lead_id = "{lead}"', "lead_id = 3", ":1: lead_id: Expected `str`, got `int`"),
        ("event_id", "event_ids", ':2: unknown key "event_ids"; did you mean "event_id"?'),
        ("Europe/Berlin", "Mars/Base", ':5: unknown time zone "Mars/Base"'),
        ('"{lead}"\n', '"{lead"\n', ':1: lead_id: "{" without its partner'),
        ("{lead}-{n}", "{led}-{n}", ':2: export.csv has no column "led"; did you mean "lead"?'),
        ('"at"', '"when"', ':4: export.csv has no column "when"; it has lead, n, at, what'),
        ("{ what", "{ wht", ':8: rule new: export.csv has no column "wht"; did you mean "what"?'),
        ('"created"', '"creatd"', ':9: rule new: no event type "creatd"; did you mean "created"?'),
        ('event = "created"\n', "", ':6: rule new: needs an "event", or "ignore = true"'),
        ("name =", "ignore = true\nname =", ":7: rule new: a rule that ignores rows makes no event"),
        ('"created"\n', '"stage_changed"\n', ':6: rule new: stage_changed needs the field "stage"'),
        ("{ what = ", "{ what = 3, x = ", ":8: rule[1].when: Expected"),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, message: str) -> None:
    assert old in GOOD
    assert refused(tmp_path, GOOD.replace(old, new)).startswith(message)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ('{ sorce = "a" }', 'rule new: created has no field "sorce"; did you mean "source"?'),
        ('{ currency = "euro" }', "rule new: currency: Expected `str` of length <= 3"),
        ('{ amount = "lots" }', "rule new: amount: no number: 'lots'"),
        ("{ amount = -5 }", "rule new: amount: Expected `int` >= 0"),
        ('{ source = "{" }', 'rule new: source: "{" without its partner'),
        ('{ source = "{origin}" }', 'rule new: export.csv has no column "origin"'),
    ],
)
def test_a_mistake_in_the_fields_of_a_rule_is_told_with_its_line(tmp_path: Path, fields: str, message: str) -> None:
    assert refused(tmp_path, f"{GOOD}\n\nfields = {fields}").startswith(f":12: {message}")


def test_the_second_rule_is_told_by_its_number_when_it_has_no_name(tmp_path: Path) -> None:
    message = refused(tmp_path, GOOD + '[[rule]]\nevent = "interaction"\nfields = { channel = "call" }\n')
    assert message == ':10: rule 2: interaction needs the field "direction"'


def test_a_file_that_is_no_toml_or_is_not_there_says_so(tmp_path: Path) -> None:
    assert ": no TOML: " in refused(tmp_path, "lead_id = ")
    with pytest.raises(MappingError, match="cannot be read: No such file"):
        load_mapping(tmp_path / "nowhere.toml")
