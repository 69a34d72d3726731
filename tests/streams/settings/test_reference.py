from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from msgspec import NODEFAULT

from streams.settings import Settings, load
from streams.settings.fields import Field, fields_of, sections, table_fields, toml, type_text
from streams.settings.reference import example_toml, reference_markdown, settings_toml


def test_the_example_gives_every_setting_its_default(tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(example_toml(), encoding="utf-8")
    assert load(file, environ={}) == Settings()
    written = {(section, name) for section, table in tomllib.loads(example_toml()).items() for name in table}
    assert written == {(section, name) for section in sections() for name in fields_of(section)}


def test_every_setting_is_described() -> None:
    for section in sections():
        for setting in fields_of(section).values():
            for field in (setting, *table_fields(setting).values()):
                assert field.description.endswith("."), f"{field.section}.{field.name}"
                assert type_text(field.type)


def test_the_reference_names_every_setting_once_with_its_default() -> None:
    rows = [line.split(" | ") for line in reference_markdown().splitlines() if line.startswith("| `")]
    fields: list[Field] = []
    for section in sections():
        fields += fields_of(section).values()
        fields += [inner for field in fields_of(section).values() for inner in table_fields(field).values()]
    assert [row[0] for row in rows] == [f"| `{f.name}`" for f in fields]
    defaults = ["must be given" if f.default is NODEFAULT else f"`{toml(f.default)}`" for f in fields]
    assert [row[2] for row in rows] == defaults
    assert all(len(row) == 4 for row in rows)


def test_the_tables_of_a_list_have_a_reference_of_their_own() -> None:
    text = reference_markdown()
    assert "\n### `[[funnel.stages]]`\n\n| Setting | Must be | Default | Meaning |\n" in text
    assert '| `zone` | an IANA time zone such as "Europe/Berlin" | must be given | Time zone that' in text
    assert table_fields(fields_of("kafka")["brokers"]) == table_fields(fields_of("app")["id"]) == {}


def test_a_long_description_is_read_whole() -> None:
    assert fields_of("app")["id"].description == (
        "Consumer group, prefix of the changelog topic and of the transactional ids. Workers of one application share"
        " it; two applications on one cluster must not. State is kept under it: another id starts from nothing."
    )


def test_settings_print_as_toml_with_remarks_and_without_secrets() -> None:
    environ = {
        "LEADPULSE_KAFKA__SECURITY_PROTOCOL": "SASL_PLAINTEXT",
        "LEADPULSE_KAFKA__SASL_USERNAME": 'a "b"',
        "LEADPULSE_KAFKA__SASL_PASSWORD": "hunter2",
        "LEADPULSE_FUNNEL__STAGES": '[{name = "signed", kind = "won"}]',
    }
    text = settings_toml(load(environ=environ), {("kafka", "sasl_username"): "from me"})
    assert 'sasl_username = "a \\"b\\""  # from me\n' in text
    assert "hunter2" not in text
    document = tomllib.loads(text)
    assert "***" in document["kafka"].values()
    assert document["funnel"]["stages"] == [{"name": "signed", "kind": "won"}]


scalars = st.one_of(st.booleans(), st.integers(-(2**63), 2**63 - 1), st.text(st.characters(exclude_categories=["Cs"])))


@given(st.recursive(scalars, lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from("abc"), inner)))
def test_values_print_as_toml_that_reads_the_same(value: object) -> None:
    assert tomllib.loads(f"value = {toml(value)}") == {"value": value}
