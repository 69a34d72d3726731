"""Events as rows of a lead's log: 18 bytes that sort as bytes.

    time in ms << 8 | code    8 bytes
    hash of the event id      6 bytes
    argument                  4 bytes

Rows in byte order are the lead's history: by time, then by code (the order of events of one instant, see the numbers
below), then by event id. Everything that arrival could influence, the label numbers in the argument, comes last.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from struct import Struct as Layout
from typing import Final, NamedTuple

from xxhash import xxh3_64_digest

from schemas.interaction_events import CHANNELS

# Events of one instant are taken in this order. Entering a stage that closes the lead has a code of its own for the
# sake of this order only: what a stage means is looked up by the fold, so that it may change.
ASSIGNED: Final = 1
STAGE: Final = 2
INTERACTION: Final = 3
END_STAGE: Final = 4
WON: Final = 5
LOST: Final = 6
DISQUALIFIED: Final = 7
REOPENED: Final = 8
AMOUNT: Final = 9
SCORE: Final = 10
MERGED: Final = 11
CLOCK: Final = 12
OPTED_OUT: Final = 13
ACTIVITY: Final = 14
CODE_NAMES: Final = (
    "", "assigned", "stage_changed", "interaction", "stage_changed", "won", "lost", "disqualified", "reopened",
    "amount_changed", "scored", "merged", "deadline", "opted_out", "next_activity_set",
)  # fmt: skip

_LAYOUT = Layout(">Q6sI")
pack_row, unpack_rows, SIZE = _LAYOUT.pack, _LAYOUT.iter_unpack, _LAYOUT.size

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EARLIEST_MS: Final = 946_684_800_000  # the year 2000
LATEST_MS: Final = 2_840_140_800_000  # the year 2060

DIRECTIONS = ("in", "out")
ACTOR_KINDS = ("human", "bot", "automation")
OUTCOMES = ("attempted", "connected", "replied", "no_answer", "bounced", "booked", "held", "no_show")
KNOWN_CHANNELS = (*CHANNELS, "other")
ALL_CHANNELS: Final = (1 << len(KNOWN_CHANNELS)) - 1
"""A bit for each of them."""

# Argument of an interaction: direction 1 bit, actor kind 2, outcome 4, channel 6, then the actor's number.
TOUCH_BITS: Final = 13
OUTBOUND: Final = 1
"""The bit of the direction: set when we turned to the lead."""
_ACTOR_KIND: Final = 1
_OUTCOME: Final = 3
_CHANNEL: Final = 7
# Argument of a next activity: minute since 1970, or 0, then the channel in the lower bits. Of an opting out: the number
# of the channel and 1 more, 0 for all. Of a score: thousandths, and `_NO_SCORE` more.
CHANNEL_BITS: Final = 6
# Argument of the others: the first number in the lower bits, the second above.
SECOND: Final = 10

_direction = {name: n for n, name in enumerate(DIRECTIONS)}
_actor_kind = {name: n << _ACTOR_KIND for n, name in enumerate(ACTOR_KINDS)}
_outcome = {name: n << _OUTCOME for n, name in enumerate(OUTCOMES)}
_channel = {name: n << _CHANNEL for n, name in enumerate(KNOWN_CHANNELS)}
_OTHER_CHANNEL = _channel["other"]
_NO_SCORE: Final = 1 << 31


def milliseconds(moment: datetime) -> int:
    """Return an aware datetime as ms since 1970, rounded down."""
    since = moment - EPOCH  # in whole numbers: a division of time spans takes three times as long
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def identity(event_id: str) -> bytes:
    """Return the six bytes that stand for an event id within its lead.

    A lead has some hundred events at most: that two of a million such leads have one hash has a chance of one in
    50,000. XXH3: whoever could forge two ids with one hash may write any event of the lead anyway.
    """
    return xxh3_64_digest(event_id.encode())[:6]


def ident_of(row: bytes) -> bytes:
    """Return the hash of the event id in a row."""
    return row[8:14]


def touch_bits(direction: str, actor_kind: str, outcome: str, channel: str) -> int:
    """Return what an interaction was, without who: the lower 13 bits of its argument."""
    return _direction[direction] | _actor_kind[actor_kind] | _outcome[outcome] | _channel.get(channel, _OTHER_CHANNEL)


def channel_number(channel: str) -> int:
    """Return the number of a channel in `KNOWN_CHANNELS`; one that is not known is `other`."""
    return _channel.get(channel, _OTHER_CHANNEL) >> _CHANNEL


def channel_of(arg: int) -> int:
    """Return the number of the channel in the argument of an interaction."""
    return arg >> _CHANNEL & 63


def score_bits(score: float) -> int:
    """Return the argument of a score; never 0."""
    return round(score * 1000) + _NO_SCORE


def thousandths(arg: int) -> int:
    """Return the thousandths of a score in an argument."""
    return arg - _NO_SCORE


class Touch(NamedTuple):
    """What an interaction was, by names."""

    direction: str
    actor_kind: str
    outcome: str
    channel: str


ALL_TOUCHES = tuple(Touch(*names) for names in product(DIRECTIONS, ACTOR_KINDS, OUTCOMES, KNOWN_CHANNELS))
"""Everything that an interaction can be."""


def touch_of(arg: int) -> Touch:
    """Return the names behind the lower bits of an interaction's argument; IndexError for bits never packed."""
    return Touch(
        DIRECTIONS[arg & 1],
        ACTOR_KINDS[arg >> _ACTOR_KIND & 3],
        OUTCOMES[arg >> _OUTCOME & 15],
        KNOWN_CHANNELS[channel_of(arg)],
    )


class Row(NamedTuple):
    """One row, unpacked.

    Attributes:
        at: Event time in ms since 1970.
        code: What happened.
        ident: The event id's hash.
        arg: What the code says it is.
    """

    at: int
    code: int
    ident: bytes
    arg: int


def rows(log: bytes) -> Iterator[Row]:
    """Yield the rows of a log."""
    for head, ident, arg in unpack_rows(log):
        yield Row(head >> 8, head & 255, ident, arg)


def split(log: bytes) -> list[bytes]:
    """Return the rows of a log, packed."""
    return [log[i : i + SIZE] for i in range(0, len(log), SIZE)]
