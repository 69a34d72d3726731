"""How the command ends: exit codes, and errors as one clear line."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of `leadpulse`; the higher ones are those of sysexits.h."""

    OK = 0
    FAILURE = 1
    USAGE = 2
    UNAVAILABLE = 69
    DEFECT = 70
    CONFIGURATION = 78
    INTERRUPTED = 130


class CliError(Exception):
    """A command cannot do what was asked, and the message says why in one line.

    Attributes:
        code: The exit code.
    """

    def __init__(self, message: str, code: ExitCode = ExitCode.FAILURE) -> None:
        super().__init__(message)
        self.code = code

    @property
    def lines(self) -> tuple[str, ...]:
        """What to print."""
        return (f"leadpulse: {self}",)


class SettingsRefused(CliError):
    """The settings cannot be used; each line names its place and what is wrong there."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems), ExitCode.CONFIGURATION)
        self._problems = tuple(problems)

    @property
    def lines(self) -> tuple[str, ...]:
        """What to print."""
        return self._problems
