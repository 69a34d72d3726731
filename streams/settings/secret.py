"""Text that must not be seen."""

from __future__ import annotations

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
