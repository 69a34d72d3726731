"""What goes wrong between the source systems and Kafka: late, shuffled, doubled and bad records."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import cycle
from math import exp
from random import Random

import msgspec
from msgspec import Struct

from schemas.codec import encode
from schemas.interaction_events import Interaction
from schemas.lead_events import Created
from schemas.refusals import Reason
from streams.simulation.case import MINUTE, SECOND, AnyEvent, Step
from streams.simulation.parameters import Faults

_CENTURY = timedelta(days=36_525)


class Record(Struct, frozen=True, gc=False):
    """One Kafka record of the simulation.

    Attributes:
        due: Floor time at which it reaches Kafka, in Unix milliseconds.
        interaction: Whether it belongs to the interactions topic; otherwise it belongs to the leads topic.
        key: Its key.
        value: Its value.
        event: The event in it; None in a bad record.
        duplicate: Whether the same event was sent before.
        reason: Why it must become a dead letter; None for a good one.
    """

    due: int
    interaction: bool
    key: bytes
    value: bytes
    event: AnyEvent | None
    duplicate: bool = False
    reason: Reason | None = None


class Mishaps:
    """Sends steps to Kafka the way real systems do.

    Args:
        faults: How often what goes wrong.
        rng: Source of all chance.
        clock: Turns floor time into a time stamp.
    """

    def __init__(self, faults: Faults, rng: Random, clock: Callable[[int], datetime]) -> None:
        self._faults = faults
        self._rng = rng
        self._clock = clock
        self._kinds = cycle(_POISON)
        self._sent = 0
        self._waiting: list[tuple[int, int, Record]] = []
        self._any = faults.late + faults.shuffled + faults.duplicates + faults.poison > 0

    def send(self, steps: Iterable[Step]) -> Iterator[Record]:
        """Turn steps in order of time into records in order of arrival; nothing is lost at the end."""
        waiting = self._waiting
        for time, event in steps:
            while waiting and waiting[0][0] <= time:
                yield heapq.heappop(waiting)[2]
            record = Record(time, type(event) is Interaction, event.lead_id.encode(), encode(event), event)
            if self._any:
                yield from self._mishandle(record)
            else:
                yield record
        while waiting:
            yield heapq.heappop(waiting)[2]

    def _mishandle(self, record: Record) -> Iterator[Record]:
        faults, draw = self._faults, self._rng.random
        late = self._lateness()
        if late:
            self._postpone(record, late)
        else:
            yield record
        if draw() < faults.duplicates:
            self._postpone(record, late + int(draw() * 10 * SECOND), duplicate=True)
        if draw() < faults.poison:
            yield self._poison(record)

    def _lateness(self) -> int:
        draw = self._rng.random()
        if draw < self._faults.late:
            return int(self._faults.late_minutes * MINUTE * exp(self._rng.gauss(0, 1))) + 1
        if draw < self._faults.late + self._faults.shuffled:
            return int(self._rng.random() * 5 * SECOND) + 1
        return 0

    def _postpone(self, record: Record, delay: int, *, duplicate: bool = False) -> None:
        due = record.due + delay
        self._sent += 1
        # The number keeps the first sending ahead of the second one when both are due at once.
        again = Record(due, record.interaction, record.key, record.value, record.event, duplicate)
        heapq.heappush(self._waiting, (due, self._sent, again))

    def _poison(self, record: Record) -> Record:
        reason, spoil = next(self._kinds)
        lead = f"bad-{self._rng.getrandbits(64):016x}"
        event = Created(f"{lead}-1", lead, self._clock(record.due), source="faulty system")
        key, value = spoil(event)
        return Record(record.due, False, key, value, None, reason=reason)


Spoil = Callable[[Created], tuple[bytes, bytes]]


def _cut(event: Created) -> tuple[bytes, bytes]:
    value = encode(event)
    return event.lead_id.encode(), value[: len(value) // 2]


def _latin(event: Created) -> tuple[bytes, bytes]:
    return event.lead_id.encode(), encode(event).replace(b"faulty system", "Müller".encode("latin-1"))


def _unknown(event: Created) -> tuple[bytes, bytes]:
    return event.lead_id.encode(), encode(event).replace(b'"created"', b'"teleported"')


def _negative(event: Created) -> tuple[bytes, bytes]:
    return event.lead_id.encode(), encode(event).replace(b'"amount":0', b'"amount":-5')


def _naive(event: Created) -> tuple[bytes, bytes]:
    local = event.occurred_at.replace(tzinfo=None).isoformat().encode()
    zoned = msgspec.json.encode(event.occurred_at)
    return event.lead_id.encode(), encode(event).replace(zoned, b'"' + local + b'"')


def _elsewhere(event: Created) -> tuple[bytes, bytes]:
    return b"another-" + event.lead_id.encode(), encode(event)


def _ahead(event: Created) -> tuple[bytes, bytes]:
    later = Created(event.event_id, event.lead_id, event.occurred_at + _CENTURY, source=event.source)
    return event.lead_id.encode(), encode(later)


_POISON: tuple[tuple[Reason, Spoil], ...] = (
    (Reason.MALFORMED, _cut),
    (Reason.UNKNOWN_TYPE, _unknown),
    (Reason.INVALID, _negative),
    (Reason.KEY_MISMATCH, _elsewhere),
    (Reason.FUTURE, _ahead),
    (Reason.MALFORMED, _latin),
    (Reason.INVALID, _naive),
)
