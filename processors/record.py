"""The lead record: facts, and the fold over them.

Encoded, it is the changelog value and the resting form alike. The struct stays a plain array (`array_like`) without
garbage collector tracking (`gc=False`): 20 events take about 430 bytes and decode in well under a microsecond. What is
missing at the end of an array has its default: so the facts of a closed lead decode as a whole one.
"""

from __future__ import annotations

from operator import attrgetter

from msgspec import Struct, msgpack

Position = tuple[
    int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int,
    int, int, int, int, int, int, int, int, int, bytes,
]  # fmt: skip
"""Where a fold stands: `status`, then the fields of `Lead` from `stage` to `recent`."""

START: Position = (
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b"",
)  # fmt: skip

Said = tuple[int, int, int, int, int]
"""Of a wait: when it began (ms), how many of its steps were announced, label number of the policy, deadline (ms), and
how many announced waits of the lead were over when it was first spoken of."""


class Facts(Struct, array_like=True, gc=False):
    """What a lead is, and what was said of it: all that is kept of one that is over.

    Facts, the same for every order of arrival:

    Attributes:
        log: Its events but the creation, as sorted rows (`processors.rows`).
        created: Creation time in ms since 1970; 0 while no creation has come.
        birth: Hash of the creation's event id.
        source: Label numbers of the creation: source, campaign, segment, region, product, team (`home`), currency.
        amount: Amount at creation in minor units of `currency`.
        merged_into: The lead that this one turned out to be; such a lead counts nowhere.
        notes: Hash of an event id -> what does not fit a row: an amount, the lead it was merged into.
        status: `OPEN`, `WON`, `LOST` or `DISQUALIFIED`: of the fold, but told of a lead at rest too.

    What was said and planned, not what is: it depends on when this was looked at.

    Attributes:
        said: Obligation number -> what was announced of a wait that is not over.
        judged: Bit per obligation: its end was judged, in time or late.
        incidents: How many announced waits are over: a reopened lead's next one is another.
        due: When to look at the lead again, ms; 0 for never.
    """

    log: bytes = b""
    created: int = 0
    birth: bytes = b""
    source: int = 0
    campaign: int = 0
    segment: int = 0
    region: int = 0
    product: int = 0
    home: int = 0
    currency: int = 0
    amount: int = 0
    merged_into: str = ""
    notes: dict[bytes, str] | None = None
    status: int = 0
    said: dict[int, Said] | None = None
    judged: int = 0
    incidents: int = 0
    due: int = 0


class Lead(Facts, array_like=True, gc=False):
    """One lead: the facts, and the fold over them up to now.

    Attributes:
        stage: Stage number, 0 before the first move.
        entered: When it entered that stage, ms.
        furthest: Rank of the furthest stage so far.
        closed: When it was closed, ms; 0 while open.
        reason: Reason number of the closing.
        closing_team: Team number at the closing.
        attempted: First human outbound interaction, ms; 0 for none. Also `contacted` (it reached the lead) and
            `automated` (a bot's or an automation's).
        team: Team number now. `owner`: actor number of the owner now.
        assigned: First assignment, ms; 0 for none.
        since: When it was last given to a team, or reopened, ms; `worked`: working time from the creation until then,
            ms; `routed`: the same until the first assignment.
        asked: Since when they wait for our next answer, ms; 0 while they do not. `asked_worked`: working time from
            the creation until then.
        steps: How many steps of each obligation have passed, a byte each, the first obligation lowest.
        quiet: Since when there was no contact, ms: the creation, a reopening or the last contact. `spoke`: actor number
            of who made it.
        overdue: Minute from which on that is too long where the lead stands; 0 for never.
        crowded: Minute until which there are too many contacts in a week; 0 when there are not.
        planned: Minute up to which something is planned; one that has passed is as good as none.
        opted_out: Channels on which they do not want to hear of us, a bit each (`processors.rows.KNOWN_CHANNELS`).
        replied: When they first reacted after the first attempt, ms; 0 for not yet. `approached`: number of the team
            that made the attempt.
        scored: The latest score as in its row (`processors.rows.score_bits`); 0 for none.
        recent: Minutes of the latest contacts, oldest first (`processors.contact_bands`).

    A very long log is shortened:

    Attributes:
        floor: The last row that was dropped.
        base: The fold up to there; None when nothing was folded, the lead not having been created.
    """

    stage: int = 0
    entered: int = 0
    furthest: int = 0
    closed: int = 0
    reason: int = 0
    closing_team: int = 0
    attempted: int = 0
    contacted: int = 0
    automated: int = 0
    team: int = 0
    owner: int = 0
    assigned: int = 0
    since: int = 0
    worked: int = 0
    routed: int = 0
    asked: int = 0
    asked_worked: int = 0
    steps: int = 0
    quiet: int = 0
    spoke: int = 0
    overdue: int = 0
    crowded: int = 0
    planned: int = 0
    opted_out: int = 0
    replied: int = 0
    approached: int = 0
    scored: int = 0
    recent: bytes = b""
    floor: bytes = b""
    base: Position | None = None

    @property
    def counts(self) -> bool:
        """Whether the lead is part of any number: it was created, and is not another one's duplicate."""
        return self.created > 0 and not self.merged_into

    @property
    def rests(self) -> bool:
        """Whether it was closed and encoded: its fold is to be made anew before it is looked at."""
        return self.status > 0 and not self.closed

    def position(self) -> Position:
        """Return where the fold stands."""
        return (
            self.status, self.stage, self.entered, self.furthest, self.closed, self.reason,
            self.closing_team, self.attempted, self.contacted, self.automated, self.team, self.owner,
            self.assigned, self.since, self.worked, self.routed, self.asked, self.asked_worked, self.steps,
            self.quiet, self.spoke, self.overdue, self.crowded, self.planned, self.opted_out,
            self.replied, self.approached, self.scored, self.recent,
        )  # fmt: skip

    def resume(self, position: Position) -> None:
        """Put the fold where it once stood."""
        (
            self.status, self.stage, self.entered, self.furthest, self.closed, self.reason,
            self.closing_team, self.attempted, self.contacted, self.automated, self.team, self.owner,
            self.assigned, self.since, self.worked, self.routed, self.asked, self.asked_worked, self.steps,
            self.quiet, self.spoke, self.overdue, self.crowded, self.planned, self.opted_out,
            self.replied, self.approached, self.scored, self.recent,
        ) = position  # fmt: skip


_encode = msgpack.Encoder().encode
_facts = attrgetter(*Facts.__struct_fields__)

decode_lead = msgpack.Decoder(Lead).decode
"""Decode a record; one that rests has no fold, see `Lead.rests`."""


def encode_lead(lead: Lead) -> bytes:
    """Encode a record.

    Of a lead that is over the facts alone are kept: that is most leads, and a quarter less for each. Its log tells the
    rest, unless it was shortened.
    """
    if lead.status and not lead.floor:
        return _encode(Facts(*_facts(lead)))
    return _encode(lead)
