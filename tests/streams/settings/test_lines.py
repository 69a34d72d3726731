from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.settings.lines import ValuePath, line_of, value_lines

HARD = """\
top = 1  # [no]
"quoted key" = 'x'
[a."b.c"]
list = [ # ]
  1,
  {y = "]", z = { q = [1, 2] } },
  [ [3], "#" ],
]
long = \"\"\"
foo = [
\\"\"\" still \"\"\"\"\"
raw = '''
[nor.this]
''''
after.dotted . key = 1979-05-27 07:32:00
[[rows]]
n = 1
[rows.sub]
deep = true
[[rows]]
n = 2
path = 'C:\\'
[[rows.inner]]
k = 1
[[rows.inner]]
k = 2
"""


def paths(value: Any, path: ValuePath = ()) -> list[ValuePath]:
    """Return the path of everything in a document."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [found for key, item in inside for found in paths(item, (*path, key))]


def test_every_value_of_a_hard_document_has_its_line() -> None:
    lines = value_lines(HARD)
    assert set(lines) == set(paths(tomllib.loads(HARD)))
    expected = {
        ("top",): 1,
        ("quoted key",): 2,
        ("a", "b.c"): 3,
        ("a", "b.c", "list"): 4,
        ("a", "b.c", "list", 0): 5,
        ("a", "b.c", "list", 1, "z", "q", 1): 6,
        ("a", "b.c", "list", 2, 1): 7,
        ("a", "b.c", "long"): 9,
        ("a", "b.c", "raw"): 12,
        ("a", "b.c", "after", "dotted", "key"): 15,
        ("rows", 0, "n"): 17,
        ("rows", 0, "sub", "deep"): 19,
        ("rows", 1): 20,
        ("rows", 1, "path"): 22,
        ("rows", 1, "inner", 0, "k"): 24,
        ("rows", 1, "inner", 1, "k"): 26,
    }
    assert {path: lines[path] for path in expected} == expected


def test_a_value_without_a_line_has_that_of_its_table() -> None:
    lines = value_lines("\n[kafka]\nbrokers = []\n")
    assert line_of(lines, ("kafka", "brokers")) == 3
    assert line_of(lines, ("kafka", "sasl_username")) == 2
    assert line_of(lines, ("web", "port")) is None


scalars = st.sampled_from(
    ["1", "-1.5e3", "true", '"a # b"', "'[x]'", '"\\"="', "1979-05-27T07:32:00Z", '""""""', "'''\n\n'''"]
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3).map(
        lambda items: "[\n" + "".join(f" {item}, # [\n" for item in items) + "]"
    ),
    max_leaves=8,
)
keys = st.sampled_from(["a", "b-1", '"c.d"', "'e]'", "f_"])
tables = st.dictionaries(
    st.sampled_from(["t1", '"t.2"', "t3.u"]), st.dictionaries(keys, values, max_size=4), max_size=3
)


@given(tables)
def test_keys_are_found_on_the_line_they_were_written(document: dict[str, dict[str, str]]) -> None:
    text, expected = "", {}
    for table, entries in document.items():
        text += f"# [comment]\n\n[ {table} ]\n"
        for key, value in entries.items():
            expected[table, key] = text.count("\n") + 1
            text += f" {key} = {value} # end\n"
    parsed = tomllib.loads(text)
    lines = value_lines(text)
    assert set(paths(parsed)) <= set(lines)
    for (table, key), line in expected.items():
        outer = ("t3", "u") if table == "t3.u" else (table.strip('"'),)
        assert lines[(*outer, key.strip("\"'"))] == line


@pytest.mark.parametrize("text", ["", "\n\n", "# only a comment", "[a]"])
def test_a_document_may_be_nearly_empty(text: str) -> None:
    assert set(value_lines(text)) == set(paths(tomllib.loads(text)))
