"""What users say of their business: funnel, hours, following up, and the windows and labels of its numbers."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from msgspec import Meta, Struct

from schemas.interaction_events import CHANNELS, Outcome
from streams.settings.durations import Duration, durations
from streams.settings.hours import DATES, WEEK
from streams.settings.public_holidays import PLACE
from streams.settings.rules import NAME, Between, OneOf, Zone

Threshold = Annotated[Duration, Between("1s", "365d")]
Cap = Annotated[int, Meta(ge=1, le=1000)]
Label = Annotated[str, Meta(min_length=1, max_length=256)]
Gap = Annotated[Duration, Between("0s", "365d")]
PerWeek = Annotated[int, Meta(ge=0, le=50)]
CalendarWindow = Literal["today", "week", "month", "quarter"]


class Stage(Struct, frozen=True, kw_only=True):
    """One stage of the funnel.

    Attributes:
        name: As the events name it.
        kind: `open` for a stage on the way; entering one of another kind closes the lead.
    """

    name: Annotated[str, Meta(min_length=1, max_length=256)]
    kind: Literal["open", "won", "lost", "disqualified"] = "open"


class FunnelSection(Struct, frozen=True, kw_only=True):
    """The funnel of the business.

    Attributes:
        zone: Time zone of the business: where its days, weeks, months and quarters begin.
        stages: The stages in their order: tables with a `name` and a `kind`, which is `open` unless entering the stage
            closes the lead (`won`, `lost`, `disqualified`).
        stage_thresholds: Bucket edges of the time that leads spend in a stage, ascending.
        cycle_thresholds: Bucket edges of the length of a sales cycle, ascending.
    """

    zone: Annotated[str, Zone()] = "UTC"
    stages: Annotated[tuple[Stage, ...], Meta(min_length=1, max_length=200)] = (
        Stage(name="contacted"),
        Stage(name="qualified"),
        Stage(name="proposal"),
        Stage(name="negotiation"),
    )
    stage_thresholds: Annotated[tuple[Threshold, ...], Meta(min_length=1, max_length=62)] = durations(
        "1h", "4h", "1d", "2d", "4d", "7d", "14d", "21d", "30d", "60d", "90d"
    )
    cycle_thresholds: Annotated[tuple[Threshold, ...], Meta(min_length=1, max_length=62)] = durations(
        "1d", "2d", "4d", "7d", "14d", "21d", "30d", "45d", "60d", "90d", "180d"
    )


class Response(Struct, frozen=True, kw_only=True):
    """How fast a new lead is answered.

    Attributes:
        thresholds: Bucket edges of the response time, ascending: the share of leads answered within each is exact.
        target: The promise, where `sla.policies` says nothing else. It is a bucket edge too, named above or not.
        routing: What of the time from creation to assignment counts as routing: all of it (`wall`) or the working hours
            in it (`business`).
        contact_outcomes: Outcomes of a person's outbound interaction that say that the lead was reached.
        written_channels: Channels on which a person's outbound message counts as reaching the lead unless it bounced.
    """

    thresholds: Annotated[tuple[Threshold, ...], Meta(min_length=1, max_length=61)] = durations(
        "1m", "5m", "10m", "15m", "30m", "1h", "2h", "4h", "8h", "1d", "3d"
    )
    target: Threshold = Duration("5m")
    routing: Literal["wall", "business"] = "wall"
    contact_outcomes: tuple[Annotated[str, OneOf(*get_args(Outcome))], ...] = ("connected", "replied", "booked", "held")
    written_channels: tuple[Annotated[str, OneOf(*CHANNELS)], ...] = ("email", "sms", "chat", "messenger", "mail")


class Calendar(Struct, frozen=True, kw_only=True):
    """The working hours of some teams.

    Attributes:
        name: What you call it.
        zone: Time zone that the hours below are in.
        week: Hours of the week: `"Mon-Fri 08:00-18:00"`, `"Mon,Wed 08:00-12:00, 13:00-17:00"`, `"Fri 22:00-06:00"`.
            Those that end at an earlier time go on into the next day, and belong to the day they begin on.
        holidays: Country, or country and part as in ISO 3166-2 (`"NL"`, `"DE-BY"`), on whose public holidays nobody
            works. Empty: nowhere's.
        dates: Dates with hours of their own, in one year or in every year: `"12-24 09:00-12:00"`,
            `"2026-05-15 closed"`, `"12-27..01-01 closed"`; with `usual`, those of the week in spite of a public
            holiday. The last one that fits a day counts.
        teams: Teams that work so.
        regions: Regions of the leads for which other teams work so. Without teams and regions: all the others.
    """

    name: Annotated[str, NAME]
    zone: Annotated[str, Zone()]
    week: Annotated[tuple[Annotated[str, WEEK], ...], Meta(min_length=1, max_length=100)]
    holidays: Annotated[str, PLACE] = ""
    dates: Annotated[tuple[Annotated[str, DATES], ...], Meta(max_length=1000)] = ()
    teams: Annotated[tuple[Label, ...], Meta(max_length=1000)] = ()
    regions: Annotated[tuple[Label, ...], Meta(max_length=1000)] = ()

    @property
    def is_default(self) -> bool:
        """Whether it is for everybody whom no other calendar names."""
        return not self.teams and not self.regions


class StageBand(Struct, frozen=True, kw_only=True):
    """How often leads in one stage are to be contacted.

    Attributes:
        stage: Name of the stage; `new` for leads that have entered none yet.
        longest_gap: Longest time without a contact. 0s: no bound.
        most_per_week: Most contacts in seven days. 0: no bound.
    """

    stage: Label
    longest_gap: Gap = Duration("7d")
    most_per_week: PerWeek = 5


class FollowUpSection(Struct, frozen=True, kw_only=True):
    """How leads are followed up: open leads contacted too rarely or too often are counted, and contacts that collide.

    Attributes:
        longest_gap: Longest time without a contact, for leads in a stage that `stages` does not name. 0s: no bound.
        most_per_week: Most contacts in seven days, likewise. 0: no bound.
        stages: Stages with bounds of their own.
        collision: A contact by another person than the one before it, within this time, is a collision. 0s: none is.
        reply_within: A lead that does not react within this time to the first attempt counts as silent.
    """

    longest_gap: Gap = Duration("7d")
    most_per_week: PerWeek = 5
    stages: Annotated[tuple[StageBand, ...], Meta(max_length=201)] = ()
    collision: Annotated[Duration, Between("0s", "1d")] = Duration("15m")
    reply_within: Annotated[Duration, Between("1m", "90d")] = Duration("7d")


class Hours(Struct, frozen=True, kw_only=True):
    """When people work. `docs/calendars.md` is the guide.

    Attributes:
        calendars: The working calendars. A team has the one that names it, else the one that names the region of the
            lead, else the one that names neither, else it works always.
    """

    calendars: Annotated[tuple[Calendar, ...], Meta(max_length=200)] = ()


class Windows(Struct, frozen=True, kw_only=True):
    """Over which spans of time numbers are given.

    Attributes:
        rolling: Windows that end now, in whole minutes; each is named as it is written here.
        calendar: Windows that began with the day, week, month or quarter of the business; each brings the one before.
    """

    rolling: Annotated[tuple[Annotated[Duration, Between("1m", "90d")], ...], Meta(max_length=20)] = durations(
        "5m", "15m", "1h", "24h", "7d", "30d", "90d"
    )
    calendar: tuple[CalendarWindow, ...] = ("today", "week", "month", "quarter")


class Labels(Struct, frozen=True, kw_only=True):
    """How many different names each label keeps apart, per partition. The rest is counted together as `other`.

    Attributes:
        source: Sources of leads.
        campaign: Campaigns.
        segment: Segments.
        region: Regions.
        product: Products.
        team: Teams.
        reason: Reasons for losing or disqualifying a lead.
        competitor: Competitors that leads were lost to.
    """

    source: Cap = 100
    campaign: Cap = 200
    segment: Cap = 50
    region: Cap = 100
    product: Cap = 100
    team: Cap = 50
    reason: Cap = 50
    competitor: Cap = 50
