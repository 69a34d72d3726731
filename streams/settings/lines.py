"""Where in a TOML document a value stands. `tomllib` reads documents but keeps no positions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator

ValuePath = tuple[str | int, ...]
"""Keys and list positions, from the top: ("funnel", "stages", 2, "kind")."""

_TOKEN = re.compile(
    r"""
      (?P<text>  \"{3} (?: [^\\] | \\. )*? \"{3,5}   # up to two quotes may stand before the closing three
               | '{3} .*? '{3,5}
               | " (?: [^"\\\n] | \\. )* "
               | ' [^'\n]* ' )
    | (?P<skip>  [ \t\r]+ | \#[^\n]* )
    | (?P<end>   \n )
    | (?P<mark>  [\[\]{}=,] )
    | (?P<bare>  [^\s\[\]{}=,\#"']+ )
    """,
    re.VERBOSE | re.DOTALL,
)

_Token = tuple[str, str, int]
"""Kind, text, line."""


def _tokens(text: str) -> Iterator[_Token]:
    line = 1
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup or ""
        if kind != "skip":
            yield kind, match.group(), line
        line += match.group().count("\n")
    yield "end", "\n", line


class _Scanner:
    """Walks a document that `tomllib` has accepted, so it needs no errors of its own."""

    def __init__(self, text: str) -> None:
        self.lines: dict[ValuePath, int] = {}
        self._tokens = list(_tokens(text))
        self._at = 0
        self._sizes: dict[ValuePath, int] = {}  # arrays of tables: elements so far

    def scan(self) -> dict[ValuePath, int]:
        table: ValuePath = ()
        while self._at < len(self._tokens):
            kind, text, _ = self._peek()
            if kind == "end":
                self._at += 1
            elif text == "[":
                table = self._header()
            else:
                self._pair(table)
        return self.lines

    def _peek(self) -> _Token:
        return self._tokens[self._at]

    def _next(self) -> _Token:
        self._at += 1
        return self._tokens[self._at - 1]

    def _skip_line_ends(self) -> str:
        while self._peek()[0] == "end":
            self._at += 1
        return self._peek()[1]

    def _header(self) -> ValuePath:
        self._next()
        many = self._peek()[1] == "["
        if many:
            self._next()
        line = self._peek()[2]
        table: ValuePath = ()
        for name in self._key("]"):
            table = (*self._current(table), name)
            self.lines.setdefault(table, line)  # also of the tables around, which may have no header of their own
        if many:
            self._next()
            self._sizes[table] = self._sizes.get(table, 0) + 1
        table = self._current(table)
        self.lines.setdefault(table, line)
        return table

    def _current(self, table: ValuePath) -> ValuePath:
        size = self._sizes.get(table)
        return (*table, size - 1) if size else table

    def _key(self, until: str) -> list[str]:
        names: list[str] = []
        while (token := self._next())[1] != until:
            kind, text, _ = token
            names += [tomllib.loads(f"k={text}")["k"]] if kind == "text" else [n for n in text.split(".") if n]
        return names

    def _pair(self, table: ValuePath) -> None:
        line = self._peek()[2]
        for name in self._key("="):
            table = (*table, name)
            self.lines.setdefault(table, line)
        self._value(table)

    def _value(self, path: ValuePath) -> None:
        self.lines.setdefault(path, self._peek()[2])
        text = self._peek()[1]
        if text == "[":
            self._array(path)
        elif text == "{":
            self._inline_table(path)
        else:
            while self._peek()[0] in {"text", "bare"}:  # "2026-01-31 08:00" is one value in two tokens
                self._next()

    def _array(self, path: ValuePath) -> None:
        self._next()
        position = 0
        while (mark := self._skip_line_ends()) != "]":
            if mark == ",":
                self._next()
            else:
                self._value((*path, position))
                position += 1
        self._next()

    def _inline_table(self, path: ValuePath) -> None:
        self._next()
        while (mark := self._skip_line_ends()) != "}":
            if mark == ",":
                self._next()
            else:
                self._pair(path)
        self._next()


def value_lines(text: str) -> dict[ValuePath, int]:
    """Return the line, counted from 1, of every table, key and list element of a valid TOML document."""
    return _Scanner(text).scan()


def line_of(lines: dict[ValuePath, int], path: ValuePath) -> int | None:
    """Return the line of a value, or of the nearest table around it."""
    while path:
        if path in lines:
            return lines[path]
        path = path[:-1]
    return None
