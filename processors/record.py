"""The lead record: facts, and the fold over them.

Encoded, it is the changelog value and the resting form alike: four plain arrays in one, of which a closed lead leaves
out what its facts can tell. 20 events take about 430 bytes and decode in about a microsecond.
"""

from __future__ import annotations

from msgspec import msgpack

Said = tuple[int, int, int, int, int]
"""Of a wait: when it began (ms), how many of its steps were announced, label number of the policy, deadline (ms), and
how many announced waits of the lead were over when it was first spoken of."""

Facts = tuple[
    bytes, int, bytes, int, int, int, int, int, int, int, int, str, dict[bytes, str] | None, int,
    dict[int, Said] | None, int, int, int,
]  # fmt: skip
"""What a lead is, and what was said of it: the fields of `Lead` from `log` to `due`."""

Position = tuple[
    int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int, int,
    int, int, int, int, int, int, int, int, int, bytes,
]  # fmt: skip
"""Where a fold stands: `status`, then the fields of `Lead` from `stage` to `recent`."""

START: Position = (
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, b"",
)  # fmt: skip

Stored = tuple[Facts, Position | None, bytes, Position | None]
"""A record as it is encoded: facts, fold (None at rest), `floor` and `base`."""

NEW: Stored = ((b"", 0, b"", 0, 0, 0, 0, 0, 0, 0, 0, "", None, 0, None, 0, 0, 0), START, b"", None)
"""A lead that nothing is known of."""


class Lead:
    """One lead: the facts, and the fold over them up to now.

    The facts are all that is kept of a lead that is over. They are the same for every order of arrival:

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

    The fold:

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

    log: bytes
    created: int
    birth: bytes
    source: int
    campaign: int
    segment: int
    region: int
    product: int
    home: int
    currency: int
    amount: int
    merged_into: str
    notes: dict[bytes, str] | None
    status: int
    said: dict[int, Said] | None
    judged: int
    incidents: int
    due: int

    stage: int
    entered: int
    furthest: int
    closed: int
    reason: int
    closing_team: int
    attempted: int
    contacted: int
    automated: int
    team: int
    owner: int
    assigned: int
    since: int
    worked: int
    routed: int
    asked: int
    asked_worked: int
    steps: int
    quiet: int
    spoke: int
    overdue: int
    crowded: int
    planned: int
    opted_out: int
    replied: int
    approached: int
    scored: int
    recent: bytes
    floor: bytes
    base: Position | None

    __slots__ = tuple(__annotations__)

    def __init__(self, stored: Stored = NEW) -> None:
        facts, position, self.floor, self.base = stored
        (
            self.status, self.stage, self.entered, self.furthest, self.closed, self.reason,
            self.closing_team, self.attempted, self.contacted, self.automated, self.team, self.owner,
            self.assigned, self.since, self.worked, self.routed, self.asked, self.asked_worked, self.steps,
            self.quiet, self.spoke, self.overdue, self.crowded, self.planned, self.opted_out,
            self.replied, self.approached, self.scored, self.recent,
        ) = START if position is None else position  # fmt: skip
        (  # after the fold, whose status a lead at rest has not got
            self.log, self.created, self.birth, self.source, self.campaign, self.segment, self.region,
            self.product, self.home, self.currency, self.amount, self.merged_into, self.notes, self.status,
            self.said, self.judged, self.incidents, self.due,
        ) = facts  # fmt: skip

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

    def facts(self) -> Facts:
        """Return the facts."""
        return (
            self.log, self.created, self.birth, self.source, self.campaign, self.segment, self.region,
            self.product, self.home, self.currency, self.amount, self.merged_into, self.notes, self.status,
            self.said, self.judged, self.incidents, self.due,
        )  # fmt: skip

    def stored(self) -> Stored:
        """Return everything, as it is encoded.

        Of a lead that is over the facts alone: that is most leads, and a quarter less for each. Its log tells the rest,
        unless it was shortened.
        """
        over = self.status and not self.floor
        return self.facts(), None if over else self.position(), self.floor, self.base

    def copy(self) -> Lead:
        """Return a lead that moves on its own."""
        return Lead((self.facts(), self.position(), self.floor, self.base))


_encode = msgpack.Encoder().encode
_decode = msgpack.Decoder(Stored).decode


def decode_lead(packed: bytes) -> Lead:
    """Decode a record; one that rests has no fold, see `Lead.rests`."""
    return Lead(_decode(packed))


def encode_lead(lead: Lead) -> bytes:
    """Encode a record, or what is kept of it at rest."""
    return _encode(lead.stored())
