"""Text that must not be seen."""

from __future__ import annotations

from pathlib import Path

MASK = "***"


class Secret:
    """A password: it prints as stars, whatever prints it. `reveal` gives it to the client that needs it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the secret itself."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    def __str__(self) -> str:
        return MASK

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        message = "a secret is not copied or stored"  # pickle and deepcopy would carry it into places nobody guards
        raise TypeError(message)


def revealed(secret: Secret | None, file: Path | None) -> str:
    """Return a secret that is given as text or in a file, or nothing when it is given nowhere.

    A file is read anew each time, so that a changed one is used; white space at its end is left out.

    Raises:
        OSError: The file cannot be read.
        UnicodeDecodeError: It is not text.
    """
    if file is not None:
        return file.read_text(encoding="utf-8").rstrip()
    return secret.reveal() if secret is not None else ""
