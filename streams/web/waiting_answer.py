"""What `/waiting` answers: one worker to another, and to whoever asks."""

from __future__ import annotations

from datetime import datetime

from msgspec import UNSET, DecodeError, Struct, UnsetType, json

from processors.rows import EPOCH
from processors.waiting_card import WaitingCard


class Told(Struct, frozen=True, kw_only=True):
    """What is told of one partition.

    Attributes:
        partition: Its number.
        fence: Larger for every later owner: of two workers that tell a partition, the later owner is right.
        waiting: How many leads of it wait, of the team that was asked for.
        known_until: Wall time up to which everything that had happened is told; missing while that is not known.
    """

    partition: int
    fence: int
    waiting: int
    known_until: datetime | UnsetType = UNSET


class WaitingAnswer(Struct, frozen=True, kw_only=True):
    """Who waits.

    Attributes:
        now: The clock that the deadlines are on: the wall clock, or in a replay the newest event.
        complete: Whether every partition is told.
        waiting: How many leads wait, of the team that was asked for.
        known_until: Up to when everything that had happened is told, the least of the partitions'; missing while that
            is not known of one that is told.
        partitions: What is told of each partition.
        cards: The leads, soonest deadline first, those without a deadline last.
    """

    now: datetime
    complete: bool
    waiting: int
    known_until: datetime | UnsetType = UNSET
    partitions: tuple[Told, ...] = ()
    cards: tuple[WaitingCard, ...] = ()


_decode = json.Decoder(WaitingAnswer).decode


def read_answer(body: bytes) -> WaitingAnswer | None:
    """Return an answer; None for what is none, such as that of a worker of another version."""
    try:
        return _decode(body)
    except DecodeError:
        return None


def urgency(card: WaitingCard) -> tuple[bool, datetime, str]:
    """Return what orders cards: soonest deadline first, those without one last."""
    if isinstance(card.deadline, UnsetType):
        return True, EPOCH, card.lead_id
    return False, card.deadline, card.lead_id
