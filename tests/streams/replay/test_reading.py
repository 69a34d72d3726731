"""Exports: CSV and JSON lines, plain and gzipped, whole and damaged."""

import gzip
from pathlib import Path

import pytest

from streams.replay.mapping import FileForm
from streams.replay.reading import BadLine, Line, ReadError, open_export


def read(path: Path, form: FileForm | None = None) -> list[Line | BadLine]:
    with open_export(path, form or FileForm()) as export:
        return list(export.lines)


def written(tmp_path: Path, data: bytes, name: str = "export.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(data)
    return path


def test_a_csv_row_knows_its_line_even_after_line_ends_in_quotes(tmp_path: Path) -> None:
    path = written(tmp_path, b'\xef\xbb\xbfa,b\r\n1,"x\r\ny"\r\n\r\n2,z\r\n')
    assert read(path) == [Line(3, {"a": "1", "b": "x\r\ny"}), Line(5, {"a": "2", "b": "z"})]


def test_delimiter_and_encoding_can_be_chosen(tmp_path: Path) -> None:
    path = written(tmp_path, "name;n\nMüller;1\n".encode("latin-1"))
    assert read(path, FileForm(delimiter=";", encoding="latin-1")) == [Line(2, {"name": "Müller", "n": "1"})]


def test_gzip_is_known_by_its_content(tmp_path: Path) -> None:
    path = written(tmp_path, gzip.compress(b"a\n1\n"), "export")
    assert read(path) == [Line(2, {"a": "1"})]


def test_a_row_of_another_length_or_with_a_broken_quote_is_bad_and_the_next_one_is_not(tmp_path: Path) -> None:
    path = written(tmp_path, b'a,b\n1\n1,"2" 3\n1,2\n')
    assert read(path) == [
        BadLine(2, "1 columns where the header has 2"),
        BadLine(3, "no CSV: ',' expected after '\"'"),
        Line(4, {"a": "1", "b": "2"}),
    ]


def test_json_lines_keep_their_types_and_inner_objects_become_dotted_columns(tmp_path: Path) -> None:
    path = written(tmp_path, b'{"a": 1, "who": {"name": "x", "at": {"t": null}}}\n\n{"b": true}', "export.jsonl")
    assert read(path) == [Line(1, {"a": 1, "who.name": "x", "who.at.t": None}), Line(3, {"b": True})]


def test_a_line_that_is_no_json_object_is_bad_and_the_next_one_is_not(tmp_path: Path) -> None:
    long = b'"' + b"x" * 3_000_000 + b'"\n'
    deep = b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"\n"
    path = written(tmp_path, b"[1]\n{\n" + long + deep + b"\xff\n" + b'{"a": 1}\n', "export.ndjson")
    lines = read(path)
    assert [type(line) for line in lines] == [BadLine] * 5 + [Line]
    assert [line.line for line in lines] == [1, 2, 3, 4, 5, 6]
    assert lines[2] == BadLine(3, "longer than 1048576 bytes")


def test_a_gzip_that_was_cut_short_gives_what_is_there_and_then_says_where_it_broke(tmp_path: Path) -> None:
    rows = b"".join(b"%d,%d\n" % (n, n * 7919 % 10_007) for n in range(20_000))
    path = written(tmp_path, gzip.compress(b"a,b\n" + rows)[:-2000], "export.csv.gz")
    with open_export(path, FileForm()) as export:
        assert next(export.lines) == Line(2, {"a": "0", "b": "0"})
        with pytest.raises(ReadError, match=r"export\.csv\.gz:\d+: damaged after this line: "):
            list(export.lines)


@pytest.mark.parametrize(
    ("data", "form", "message"),
    [
        (b"", FileForm(), "empty, not even a header"),
        (b"a,b,a\n", FileForm(), ":1: the header names a column twice"),
        (b'"a\n', FileForm(), ":1: no header: unexpected end of data"),
        (b"\x1f\x8bnonsense", FileForm(), ":1: no header: "),
        (b"a\n", FileForm(encoding="klingon"), "unknown encoding 'klingon'"),
    ],
)
def test_an_export_without_a_usable_header_is_refused(
    tmp_path: Path, data: bytes, form: FileForm, message: str
) -> None:
    with pytest.raises(ReadError) as error:
        read(written(tmp_path, data), form)
    assert message in str(error.value)


def test_a_missing_export_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="cannot be read: No such file"):
        read(tmp_path / "nowhere.csv")
