"""Reading the settings: defaults, then the file, then the environment, then the command line."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from streams.settings.checks import CHECKS
from streams.settings.conversion import Refused, convert
from streams.settings.fields import fields_of, sections
from streams.settings.sections import Settings
from streams.settings.sources import (
    Problem,
    Source,
    TomlFile,
    Values,
    from_environment,
    from_file,
    from_options,
)

FILE_VARIABLE = "LEADPULSE_CONFIG"


class SettingsError(Exception):
    """The settings cannot be used.

    Attributes:
        problems: All that is wrong with them, each as one line.
    """

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = tuple(str(problem) for problem in sorted(problems, key=lambda p: p.order))
        super().__init__("\n".join(self.problems))


class Loaded(Struct, frozen=True):
    """Settings, and where they came from.

    Attributes:
        settings: The settings.
        sources: Section and field -> where its value was given; fields at their default are missing.
        file: The name of the file that was read, if any.
    """

    settings: Settings
    sources: dict[tuple[str, str], Source]
    file: str | None


def _build(values: Values) -> tuple[dict[str, Any], list[Problem], set[str]]:
    built, problems, faulty = {}, [], set()
    for section, kind in sections().items():
        given = {}
        for name, field in fields_of(section).items():
            if (section, name) not in values:
                continue
            value, source = values[section, name]
            try:
                given[name] = convert(field.type, value, from_text=source.from_text, base=source.base)
            except Refused as error:
                faulty.add(section)
                problems += [source.problem((section, name, *place), fault) for place, fault in error.faults]
        built[section] = kind(**given)
    return built, problems, faulty


def _place(path: tuple[str | int, ...], message: str, values: Values, file: TomlFile | None) -> Problem:
    given = values.get((str(path[0]), str(path[1])))
    if given is not None:
        return given.source.problem(path, message)
    if file is not None:
        return file.problem(path, message)
    return Problem((3, 0), f"[{path[0]}] {path[1]}", message)


def read(
    file: str | Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, object] | None = None,
) -> Loaded:
    """Read and check all settings, and remember where each was given.

    Args:
        file: TOML file; without one, the file that the variable LEADPULSE_CONFIG names, if any.
        environ: Environment; without one, the process's.
        options: "section.field" -> value, as text or as TOML would have it. They win over everything else.

    Raises:
        SettingsError: Something is wrong with them.
    """
    environ = os.environ if environ is None else environ
    name = str(file or environ.get(FILE_VARIABLE, ""))
    values, problems, toml_file = from_file(name) if name else ({}, [], None)
    for more, wrong in (from_environment(environ), from_options(options or {})):
        values |= more
        problems += wrong
    built, wrong, faulty = _build(values)
    problems += wrong
    settings = Settings(**built)
    for section, check in CHECKS.items():
        if section not in faulty:
            problems += [_place(path, message, values, toml_file) for path, message in check(settings)]
    if problems:
        raise SettingsError(problems)
    return Loaded(settings, {key: given.source for key, given in values.items()}, name or None)


def load(
    file: str | Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    options: Mapping[str, object] | None = None,
) -> Settings:
    """Read and check all settings; see `read`.

    Raises:
        SettingsError: Something is wrong with them.
    """
    return read(file, environ=environ, options=options).settings
