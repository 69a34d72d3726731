from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import json

from schemas.dead_letters import DeadLetter
from schemas.refusals import Reason
from streams.cli import letter_lines
from streams.cli.errors import CliError
from streams.cli.letter_lines import line_of, lines_in
from streams.dead_letters import Stored
from streams.putting_back import Returning, returning

ANY_BYTES = st.none() | st.binary(max_size=20) | st.text(max_size=20).map(str.encode)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
)


def stored(key: bytes | None = b"k", value: bytes | None = b"{}", *headers: tuple[str, bytes | None]) -> Stored:
    letter = DeadLetter("leads.v1", 2, 17, key, value, headers, Reason.INVALID, "stage", "is wrong")
    return Stored("leads.v1.dlq", 2, 5, 1_700_000_000_000, letter)


def read(folder: Path, *lines: bytes) -> list[tuple[int, Returning]]:
    file = folder / "letters.jsonl"
    file.write_bytes(b"".join(lines))
    return list(lines_in(file))


@given(key=ANY_BYTES, value=ANY_BYTES, headers=st.lists(st.tuples(st.text(max_size=8), ANY_BYTES), max_size=3))
def test_what_is_written_and_read_again_is_the_same_record(
    tmp_path_factory: pytest.TempPathFactory,
    key: bytes | None,
    value: bytes | None,
    headers: list[tuple[str, bytes | None]],
) -> None:
    letter = stored(key, value, *headers)
    line = line_of(letter)
    assert line.count(b"\n") == 1
    assert read(tmp_path_factory.mktemp("lines"), line) == [(1, returning(letter.letter))]


@given(content=ANY_JSON, indent=st.sampled_from([-1, 0, 2]))
def test_json_is_embedded_for_editing_and_means_the_same(
    tmp_path_factory: pytest.TempPathFactory, content: object, indent: int
) -> None:
    value = json.format(json.encode({"a": content}), indent=indent)
    line = line_of(stored(value=value))
    assert json.decode(line)["value"] == {"a": content}
    ((_, record),) = read(tmp_path_factory.mktemp("lines"), line)
    assert record.value is not None
    assert json.decode(record.value) == {"a": content}


def test_a_line_says_where_it_was_and_what_is_wrong() -> None:
    assert json.decode(line_of(stored(b"\xff", b"{oops", ("trace", b"1"), ("none", None)))) == {
        "topic": "leads.v1",
        "partition": 2,
        "offset": 17,
        "at": "2023-11-14T22:13:20Z",
        "reason": "invalid",
        "field": "stage",
        "message": "is wrong",
        "dead_letter": {"topic": "leads.v1.dlq", "partition": 2, "offset": 5},
        "key_base64": "/w==",
        "value_text": "{oops",
        "headers": [{"name": "trace", "value": "1"}, {"name": "none"}],
    }


def test_only_the_record_itself_must_be_given(tmp_path: Path) -> None:
    lines = read(
        tmp_path,
        b'{"topic":"leads.v1","partition":1,"key":"k","value":{"a":1}}\n',
        b"\n",
        b'{"topic":"t","partition":0}',
    )
    assert lines == [
        (1, Returning(topic="leads.v1", partition=1, key=b"k", value=b'{"a":1}')),
        (3, Returning(topic="t", partition=0, key=None, value=None)),
    ]


def test_null_means_no_value(tmp_path: Path) -> None:
    ((_, record),) = read(tmp_path, b'{"topic":"t","partition":0,"key":null,"value":null}')
    assert (record.key, record.value) == (None, None)


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b'{"topic":"t","partition":0,"valu":{}}', "unknown field `valu`"),
        (b'{"topic":"t"}', "missing required field `partition`"),
        (b'{"topic":"t","partition":-1}', ">= 0"),
        (b'{"topic":"t","partition":0,"key_base64":"%"}', "base64"),
        (b"nonsense", "JSON is malformed"),
        (b"\xff", ""),
    ],
)
def test_a_line_that_cannot_be_read_is_named(line: bytes, wrong: str, tmp_path: Path) -> None:
    with pytest.raises(CliError, match=r"letters\.jsonl:2: ") as error:
        read(tmp_path, b'{"topic":"t","partition":0}\n', line)
    assert wrong.lower() in str(error.value).lower()


def test_a_line_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_lines, "MAX_LINE", 50)
    with pytest.raises(CliError, match="longer than 50 bytes"):
        read(tmp_path, b'{"topic":"' + b"t" * 100)
