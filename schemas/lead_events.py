"""What happens to a lead: the events of the leads topic.

One frozen struct per event, told apart by the field ``type``. Fields that are not listed here are ignored, so that a
producer may send more than leadpulse reads. Bounds are part of the type: what passes the decoder fits into the state.
"""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

MAX_ID = 256
"""Longest id, in characters."""
MAX_TEXT = 256
"""Longest free text or name, in characters."""
MAX_AMOUNT = 2**53 - 1
"""Largest amount in minor units: the largest integer that every JSON reader keeps exact."""
MAX_SCORE = 1e6
"""Largest absolute score: finite, and so is every sum of scores."""
MAX_CHANNEL = 64
"""Longest name of a channel, in characters."""

Id = Annotated[str, Meta(min_length=1, max_length=MAX_ID)]
Text = Annotated[str, Meta(max_length=MAX_TEXT)]
Name = Annotated[str, Meta(min_length=1, max_length=MAX_TEXT)]
EventTime = Annotated[datetime, Meta(tz=True)]
Amount = Annotated[int, Meta(ge=0, le=MAX_AMOUNT)]
# The look-ahead stands for `$`, which Python also accepts before a final line feed and JSON Schema does not.
Currency = Annotated[str, Meta(max_length=3, pattern=r"^([A-Z]{3})?(?![\s\S])")]
ChannelOrNone = Annotated[str, Meta(max_length=MAX_CHANNEL)]
Score = Annotated[float, Meta(ge=-MAX_SCORE, le=MAX_SCORE)]


class Event(Struct, frozen=True, gc=False, tag_field="type"):
    """The fields that every event of every topic has.

    Attributes:
        event_id: Names this event for ever; a second event with the same id is a duplicate.
        lead_id: The lead it belongs to, and the key of its record.
        occurred_at: When it happened at the source, RFC 3339 with a zone; not when it was sent.
    """

    event_id: Id
    lead_id: Id
    occurred_at: EventTime


class Created(Event, frozen=True, gc=False, tag="created"):
    """A lead came in.

    Attributes:
        source: Where it came from, such as a portal or a form.
        medium: The kind of traffic, such as cpc or referral.
        campaign: The campaign that brought it.
        segment: The market segment it belongs to.
        region: Its sales region.
        product: What it asks for.
        variant: The arm of an experiment it was put in.
        referrer: Who recommended us; empty when nobody did.
        team: The team that is to answer first.
        amount: Expected value in minor units of the currency.
        currency: ISO 4217 code, or empty when no amount is known.
    """

    source: Text = ""
    medium: Text = ""
    campaign: Text = ""
    segment: Text = ""
    region: Text = ""
    product: Text = ""
    variant: Text = ""
    referrer: Text = ""
    team: Text = ""
    amount: Amount = 0
    currency: Currency = ""


class StageChanged(Event, frozen=True, gc=False, tag="stage_changed"):
    """The lead went into a stage of the funnel; which one it left is known from its history.

    Attributes:
        stage: The stage it is in from now on.
    """

    stage: Name


class Assigned(Event, frozen=True, gc=False, tag="assigned"):
    """Somebody became responsible for the lead.

    Attributes:
        owner: The person, by a name or an id; empty takes the owner away.
        team: The team; empty takes the team away.
    """

    owner: Text = ""
    team: Text = ""


class AmountChanged(Event, frozen=True, gc=False, tag="amount_changed"):
    """The expected value of the lead changed.

    Attributes:
        amount: The new value in minor units of the currency.
        currency: ISO 4217 code, or empty.
    """

    amount: Amount
    currency: Currency = ""


class Scored(Event, frozen=True, gc=False, tag="scored"):
    """The lead was given a score.

    Attributes:
        score: The new score, on the scale of whoever scores; it is kept to a thousandth.
    """

    score: Score


class Won(Event, frozen=True, gc=False, tag="won"):
    """The lead was closed and bought."""


class Lost(Event, frozen=True, gc=False, tag="lost"):
    """The lead was closed and did not buy.

    Attributes:
        reason: Why, from a short list of the source system.
        competitor: Who won it instead; empty when nobody or unknown.
    """

    reason: Text = ""
    competitor: Text = ""


class Disqualified(Event, frozen=True, gc=False, tag="disqualified"):
    """The lead was closed because it never was one: a wrong number, spam, a double.

    Attributes:
        reason: Why, from a short list of the source system.
    """

    reason: Text = ""


class Reopened(Event, frozen=True, gc=False, tag="reopened"):
    """A closed lead is worked on again; its outcome is taken back."""


class Merged(Event, frozen=True, gc=False, tag="merged"):
    """The lead turned out to be another one.

    Attributes:
        into: Id of the lead that stays.
    """

    into: Id


class NextActivitySet(Event, frozen=True, gc=False, tag="next_activity_set"):
    """What is to be done next with the lead was planned, planned anew, or called off.

    Attributes:
        planned_for: When it is to be done; null when nothing is planned any more. It takes the place of what was
            planned before.
        channel: How, as in interactions; empty when unknown.
    """

    planned_for: EventTime | None = None
    channel: ChannelOrNone = ""


class OptedOut(Event, frozen=True, gc=False, tag="opted_out"):
    """The lead asked not to be contacted any more.

    Attributes:
        channel: The channel it does not want, as in interactions; empty for all of them.
    """

    channel: ChannelOrNone = ""


LeadEvent = (
    Created
    | StageChanged
    | Assigned
    | AmountChanged
    | Scored
    | Won
    | Lost
    | Disqualified
    | Reopened
    | Merged
    | NextActivitySet
    | OptedOut
)
"""Any event of the leads topic."""
