"""What a sales floor is like: its sources, teams, habits and faults, in one frozen value."""

from typing import Annotated
from zoneinfo import ZoneInfo

from msgspec import Meta, Struct

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Share = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
ClockTime = Annotated[str, Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z|^24:00\Z")]


def _known_zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (KeyError, OSError, ValueError) as error:  # not found, a folder of the zone data, not a relative path
        raise ValueError(f"unknown time zone {name!r}") from error


class Part(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Base of every group of parameters."""


class Rhythm(Part, frozen=True):
    """How busy the hours are in which leads arrive.

    Attributes:
        zone: Time zone of the hours below.
        hours: Weight of each hour of the day, midnight first.
        days: Weight of each day of the week, Monday first.
    """

    zone: str = "Europe/Amsterdam"
    hours: tuple[NotNegative, ...] = (
        *(0.2, 0.15, 0.1, 0.1, 0.1, 0.2, 0.4, 0.9, 1.6, 2.2, 2.4, 2.3),
        *(1.9, 1.9, 2.1, 2.1, 1.9, 1.6, 1.3, 1.4, 1.6, 1.4, 0.9, 0.4),
    )
    days: tuple[NotNegative, ...] = (1.25, 1.2, 1.1, 1.05, 0.95, 0.6, 0.7)

    def __post_init__(self) -> None:
        """Refuse a rhythm that does not cover the week or never beats."""
        _known_zone(self.zone)
        if len(self.hours) != 24 or len(self.days) != len(DAYS):  # noqa: PLR2004  # hours of a day
            raise ValueError("a rhythm has 24 hours and 7 days")
        if not any(self.hours) or not any(self.days):
            raise ValueError("a rhythm needs at least one hour and one day that is not 0")


class Source(Part, frozen=True):
    """Where leads come from.

    Attributes:
        name: Its label.
        weight: Its share of all leads, relative to the other sources.
        medium: The kind of traffic.
        campaigns: Campaigns that are drawn from.
        channel: How its prospects turn to us.
        conversion: Share of leads that are won when they are answered within the hour.
        junk: Share of leads that are disqualified.
        acknowledged: Share of leads that a bot or an automatic mail answers at once.
        amount: Median value of a lead in minor units.
        silent_after_minutes: Floor time from the start on after which it sends nothing any more; empty: never.
        silent_for_minutes: Floor time after which it sends again; empty: never.
    """

    name: str
    weight: Positive
    medium: str = ""
    campaigns: tuple[str, ...] = ("",)
    channel: str = "web"
    conversion: Share = 0.1
    junk: Share = 0.1
    acknowledged: Share = 0.0
    amount: Annotated[int, Meta(gt=0)] = 250_000
    silent_after_minutes: NotNegative | None = None
    silent_for_minutes: Positive | None = None

    def is_silent(self, minutes: float) -> bool:
        """Return whether it sends nothing so many minutes after the start of the floor."""
        if self.silent_after_minutes is None or minutes < self.silent_after_minutes:
            return False
        return self.silent_for_minutes is None or minutes < self.silent_after_minutes + self.silent_for_minutes


class Shift(Part, frozen=True):
    """Hours in which people work, in the zone of their team; an end at or before the start is on the next day."""

    days: tuple[str, ...] = DAYS[:5]
    start: ClockTime = "09:00"
    end: ClockTime = "17:30"

    def __post_init__(self) -> None:
        """Refuse unknown days."""
        unknown = set(self.days) - set(DAYS)
        if unknown or not self.days:
            raise ValueError(f"the days of a shift are some of {', '.join(DAYS)}")


class Team(Part, frozen=True):
    """People who answer.

    Attributes:
        name: Its label.
        weight: Its share of the leads.
        zone: Time zone of its shifts.
        agents: How many people, spread evenly over the shifts.
        shifts: When they work.
        response_minutes: Median working time until its first attempt.
        neglect: Share of leads it never calls.
    """

    name: str
    weight: Positive = 1.0
    zone: str = "Europe/Amsterdam"
    agents: Annotated[int, Meta(ge=1, le=10_000)] = 8
    shifts: tuple[Shift, ...] = (Shift(),)
    response_minutes: Positive = 9.0
    neglect: Share = 0.04

    def __post_init__(self) -> None:
        """Refuse a team that nobody can reach."""
        _known_zone(self.zone)
        if not self.shifts:
            raise ValueError(f"team {self.name!r} has no shift")


class Journey(Part, frozen=True):
    """How a lead goes on once it is there.

    Attributes:
        routing_minutes: Median time until it is given to somebody.
        attempts: Most attempts at a first contact.
        attempt_gap_hours: Median working time between attempts.
        reached: Chance that one attempt reaches the prospect.
        stage_hours: Median working time in a stage.
        pause_seconds: Median time of small steps in between, such as moving the lead on.
        touches: Mean number of interactions in a stage.
        reply: Chance that the prospect answers an interaction.
        reply_hours: Median time until such an answer.
        skip: Chance that the next stage is left out.
        back: Chance to fall back by a stage, one half at most.
        reassigned: Chance per stage that somebody else takes over.
        silent: Share of the leads that are not won which nobody ever closes.
        reopened: Share of lost leads that are opened again.
        planned: Chance that the next activity is set after an interaction.
        doubled: Chance that a colleague calls a prospect again within minutes of a call.
        opted_out: Share of lost leads that ask not to be contacted any more.
        reminded: Share of lost leads that an automation writes to all the same.
    """

    routing_minutes: Positive = 1.5
    attempts: Annotated[int, Meta(ge=1, le=50)] = 5
    attempt_gap_hours: Positive = 1.0
    reached: Share = 0.55
    stage_hours: Positive = 5.0
    pause_seconds: Positive = 30.0
    touches: NotNegative = 2.2
    reply: Share = 0.35
    reply_hours: Positive = 2.0
    skip: Share = 0.07
    back: Annotated[float, Meta(ge=0, le=0.5)] = 0.05
    reassigned: Share = 0.06
    silent: Share = 0.18
    reopened: Share = 0.04
    planned: Share = 0.7
    doubled: Share = 0.02
    opted_out: Share = 0.1
    reminded: Share = 0.05


class Faults(Part, frozen=True):
    """What goes wrong between the source systems and Kafka.

    Attributes:
        late: Share of the events that come late.
        late_minutes: Median lateness.
        shuffled: Share of the events that come a few seconds late, so that neighbours change places.
        duplicates: Share of the events that are sent twice.
        poison: Bad records for each good one; every dead-letter reason in turn.
        skewed_agents: Share of the people whose clock is wrong.
        skew_seconds: Largest error of such a clock; keep it under the worker's future tolerance.
    """

    late: Share = 0.01
    late_minutes: Positive = 25.0
    shuffled: Share = 0.03
    duplicates: Share = 0.01
    poison: Share = 0.0005
    skewed_agents: Share = 0.1
    skew_seconds: NotNegative = 90.0


NO_FAULTS = Faults(late=0, shuffled=0, duplicates=0, poison=0, skewed_agents=0)
"""A floor whose systems are perfect."""

_SOURCES = (
    Source(
        name="website",
        weight=30,
        medium="organic",
        conversion=0.11,
        junk=0.12,
        acknowledged=0.9,
        campaigns=("", "spring"),
    ),
    Source(
        name="paid-search",
        weight=24,
        medium="cpc",
        conversion=0.07,
        junk=0.2,
        acknowledged=0.9,
        campaigns=("brand", "generic", "competitor"),
    ),
    Source(name="portal", weight=18, medium="partner", conversion=0.05, junk=0.25, acknowledged=0.3, amount=180_000),
    Source(
        name="social",
        weight=12,
        medium="paid",
        conversion=0.03,
        junk=0.35,
        acknowledged=0.6,
        campaigns=("reels", "feed"),
    ),
    Source(name="chat", weight=8, medium="onsite", channel="chat", conversion=0.14, junk=0.1, acknowledged=1.0),
    Source(name="referral", weight=5, medium="referral", channel="email", conversion=0.32, junk=0.03, amount=420_000),
    Source(name="trade-fair", weight=3, medium="event", channel="card", conversion=0.16, junk=0.06, amount=600_000),
)
ALWAYS = (Shift(days=DAYS, start="00:00", end="24:00"),)
"""Somebody is there day and night."""
_TEAMS = (
    Team(
        name="north",
        weight=5,
        agents=12,
        shifts=(Shift(start="08:00", end="16:30"), Shift(start="12:00", end="20:30")),
        response_minutes=6,
    ),
    Team(
        name="south",
        weight=3,
        zone="Europe/Madrid",
        agents=8,
        shifts=(Shift(days=DAYS[:6], start="09:30", end="19:00"),),
    ),
    Team(name="partners", weight=1, agents=4, response_minutes=45, neglect=0.12),
    Team(name="night-desk", weight=1, zone="Asia/Manila", agents=6, shifts=ALWAYS, response_minutes=14),
)


class Parameters(Part, frozen=True):
    """A whole sales floor. The defaults are an everyday one, with nights, weekends and deals that take days.

    Attributes:
        stages: Open stages of the funnel, in order.
        lost_reasons: Why leads are lost; the first ones are the more frequent.
        junk_reasons: Why leads are disqualified; likewise.
        currency: ISO 4217 code of all amounts.
    """

    stages: tuple[str, ...] = ("contacted", "qualified", "proposal", "negotiation")
    sources: tuple[Source, ...] = _SOURCES
    teams: tuple[Team, ...] = _TEAMS
    rhythm: Rhythm = Rhythm()
    journey: Journey = Journey()
    faults: Faults = Faults()
    lost_reasons: tuple[str, ...] = ("no answer", "price", "competitor", "no budget", "timing", "no need")
    junk_reasons: tuple[str, ...] = ("wrong number", "spam", "duplicate", "outside area", "student")
    currency: str = "EUR"

    def __post_init__(self) -> None:
        """Refuse a floor without anything to do."""
        for name in ("stages", "sources", "teams", "lost_reasons", "junk_reasons"):
            if not getattr(self, name):
                raise ValueError(f"{name} must not be empty")
