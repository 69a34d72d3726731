"""What all receivers have in common: the messages they get, and what becomes of one."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct

from processors.notices import Change
from schemas.alerts import Alert


class Outcome(enum.Enum):
    """What became of a message."""

    DELIVERED = "delivered"
    REFUSED = "refused"
    """For good: the receiver will not take this message however often it comes."""
    AWAY = "away"
    """Not now: the receiver surely did not take it."""
    UNSURE = "unsure"
    """Not now, and nobody knows whether the receiver took it."""


class Message(Struct, frozen=True):
    """One HTTP request.

    Attributes:
        body: JSON.
        headers: Beside the content type.
        changes: What it tells; empty when it only says again what is known.
    """

    body: bytes
    headers: Mapping[str, str]
    changes: tuple[Change, ...]


class Receiver(Protocol):
    """Somebody who is told of alarms.

    Attributes:
        name: What logs and numbers call it.
        url: Where its messages go; may hold a secret.
        gathering: Seconds to wait for more before alarms are told.
        reminding: Seconds after which it must be told again what is open; None when it remembers.
    """

    name: str
    url: str
    gathering: float
    reminding: float | None

    def messages(self, changes: Sequence[Change], now: float) -> Iterator[Message]:
        """Yield what tells the changes; `now` is Unix time."""

    def reminders(self, open_: Sequence[Alert], now: float) -> Iterator[Message]:
        """Yield what tells once more that alarms are open; `now` is Unix time."""
