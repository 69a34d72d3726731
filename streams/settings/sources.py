"""Where settings come from: a TOML file, the environment, the command line. Later ones win."""

from __future__ import annotations

import re
import tomllib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

from streams.settings.fields import fields_of, sections
from streams.settings.lines import ValuePath, line_of, value_lines
from streams.settings.rules import nearest

_MOST_BYTES = 1 << 20
_PREFIX = "LEADPULSE_"


class Problem(NamedTuple):
    """One thing that is wrong with the settings.

    Attributes:
        order: Sorts problems as a reader meets them.
        place: File and line, variable, or option.
        message: What is wrong there.
    """

    order: tuple[int, int]
    place: str
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"


@dataclass(frozen=True)
class Source(ABC):
    """Where a value was given.

    Attributes:
        name: How the user knows it: a file, a variable, an option.
        from_text: Whether its values are text whatever their type.
    """

    name: str
    from_text: ClassVar[bool] = True

    @property
    def base(self) -> Path:
        """Directory that relative file names start from."""
        return Path()

    @abstractmethod
    def problem(self, path: ValuePath, message: str) -> Problem:
        """Return a problem with the value at a path such as ("funnel", "stages", 2), or with its absence."""


def _inside(path: ValuePath) -> str:
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.removeprefix(".")


@dataclass(frozen=True)
class TomlFile(Source):
    """A settings file, read.

    Attributes:
        lines: Where its values stand.
    """

    lines: dict[ValuePath, int]
    from_text: ClassVar[bool] = False

    @property
    def base(self) -> Path:
        """Directory of the file."""
        return Path(self.name).parent

    def problem(self, path: ValuePath, message: str) -> Problem:
        """Return a problem with a value in this file, or with one that it lacks."""
        line = line_of(self.lines, path)
        place = f"{self.name}:{line}" if line else self.name
        inside = f" {_inside(path[1:])}" if path[1:] else ""
        return Problem((0, line or 0), f"{place}: [{path[0]}]{inside}", message)


@dataclass(frozen=True)
class Text(Source):
    """A variable or option that holds one setting.

    Attributes:
        rank: 1 for the environment, 2 for the command line.
    """

    rank: int

    def problem(self, path: ValuePath, message: str) -> Problem:
        """Return a problem with the value."""
        inside = f" {_inside(path[2:])}" if path[2:] else ""
        return Problem((self.rank, 0), self.name + inside, message)


class Given(NamedTuple):
    """A value and where it was given."""

    value: Any
    source: Source


Values = dict[tuple[str, str], Given]
"""Section and field -> what was given."""


def _unknown(section: str, name: str) -> str:
    hint = nearest(name, tuple(fields_of(section)))
    if not hint:
        hint = next((f"; did you mean {name} in [{other}]?" for other in sections() if name in fields_of(other)), "")
    return f"unknown setting{hint}"


def _parse(name: str) -> tuple[dict[str, Any], TomlFile] | Problem:
    try:
        with Path(name).open("rb") as file:
            raw = file.read(_MOST_BYTES + 1)
        if len(raw) > _MOST_BYTES:
            return Problem((0, 0), name, "too large: a settings file has at most 1 MiB")
        text = raw.decode().replace("\r\n", "\n")
        return tomllib.loads(text), TomlFile(name, value_lines(text))
    except OSError as error:
        return Problem((0, 0), name, f"cannot be read: {(error.strerror or str(error)).lower()}")
    except UnicodeDecodeError:
        return Problem((0, 0), name, "not UTF-8 text")
    except tomllib.TOMLDecodeError as error:
        return _syntax_problem(name, str(error), text)


def _syntax_problem(name: str, error: str, text: str) -> Problem:
    match = re.fullmatch(r"(.*) \(at (?:line (\d+), column (\d+)|end of document)\)", error)
    what, line, column = match.groups() if match else (error, None, None)
    number = int(line) if line else len(text.splitlines())
    return Problem((0, number), f"{name}:{number}", f"not TOML: {what}" + (f" at column {column}" if column else ""))


def from_file(name: str) -> tuple[Values, list[Problem], TomlFile | None]:
    """Read a settings file.

    Returns:
        What it gives, what is wrong with it as far as names go, and the file itself when it could be read.
    """
    parsed = _parse(name)
    if isinstance(parsed, Problem):
        return {}, [parsed], None
    document, file = parsed
    values: Values = {}
    problems = []
    for section, table in document.items():
        if section not in sections():
            hint = nearest(section, tuple(sections())) if isinstance(table, dict) else "; settings stand in sections"
            problems.append(file.problem((section,), f"unknown section{hint}"))
        elif not isinstance(table, dict):
            problems.append(file.problem((section,), "must be a table of settings"))
        else:
            for field, value in table.items():
                if field in fields_of(section):
                    values[section, field] = Given(value, file)
                else:
                    problems.append(file.problem((section, field), _unknown(section, field)))
    return values, problems, file


def from_environment(environ: Mapping[str, str]) -> tuple[Values, list[Problem]]:
    """Take the settings of an environment: LEADPULSE_<SECTION>__<FIELD>."""
    known = {f.variable: (section, name) for section in sections() for name, f in fields_of(section).items()}
    single = {variable.replace("__", "_"): variable for variable in known}
    values: Values = {}
    problems = []
    for variable, text in sorted(environ.items()):
        source = Text(variable, 1)
        if variable in known:
            values[known[variable]] = Given(text, source)
        elif variable.startswith(_PREFIX) and "__" in variable:
            problems.append(source.problem((), f"unknown setting{nearest(variable, tuple(known))}"))
        elif variable in single and not text.startswith("tcp://"):
            # Kubernetes sets LEADPULSE_WEB_PORT=tcp://… in every pod beside a service named leadpulse-web.
            problems.append(source.problem((), f'unknown setting; did you mean "{single[variable]}"?'))
    return values, problems


def from_options(options: Mapping[str, object]) -> tuple[Values, list[Problem]]:
    """Take the settings of a command line: "section.field" -> value."""
    values: Values = {}
    problems = []
    known = {f"{section}.{name}": (section, name) for section in sections() for name in fields_of(section)}
    for option, value in options.items():
        source = Text(f"--set {option}", 2)
        if option in known:
            values[known[option]] = Given(value, source)
        else:
            problems.append(source.problem((), f"unknown setting{nearest(option, tuple(known))}"))
    return values, problems
