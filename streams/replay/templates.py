"""Values put together from the columns of a row: "{column}", "crm-{deal}-{step}", or a constant."""

import re
from collections.abc import Mapping

# Two braces stand for one of them; what is between single braces is a column, whatever characters its name has.
_PART = re.compile(r"\{\{|\}\}|\{([^{}]+)\}|[{}]")


class Template:
    """A text with columns in it.

    Attributes:
        columns: The columns it takes, in order.
    """

    def __init__(self, text: str) -> None:
        self.columns: tuple[str, ...] = ()
        self._parts: list[str] = []
        literal, at = "", 0
        for match in _PART.finditer(text):
            literal += text[at : match.start()]
            at = match.end()
            if match[1]:
                self._parts.append(literal)
                self.columns += (match[1],)
                literal = ""
            elif match[0] in ("{{", "}}"):
                literal += match[0][0]
            else:
                raise ValueError(f'"{match[0]}" without its partner; write it twice to mean the character itself')
        self._parts.append(literal + text[at:])
        self._alone = len(self.columns) == 1 and not any(self._parts)

    def value(self, row: Mapping[str, object]) -> object:
        """Give the value for a row: of the column's own type when it is nothing but a column, else text."""
        if self._alone:
            return row.get(self.columns[0])
        return self.text(row)

    def text(self, row: Mapping[str, object]) -> str:
        """Give the text for a row; a column that is missing or null is empty."""
        parts = self._parts
        out = parts[0]
        for column, literal in zip(self.columns, parts[1:], strict=True):
            out += as_text(row.get(column)) + literal
        return out


def as_text(value: object) -> str:
    """Write a value of a row as text; null is empty, and truth values are those of JSON."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
