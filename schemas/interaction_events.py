"""Who spoke with a lead, and how: the events of the interactions topic."""

from typing import Annotated, Literal

from msgspec import Meta

from schemas.lead_events import MAX_CHANNEL, Event, Text

MAX_DURATION_SECONDS = 1e9
"""Longest duration of an interaction, in seconds: finite, and so is every sum of durations."""

CHANNELS = ("call", "email", "sms", "chat", "meeting", "mail", "social", "web", "card", "messenger")
"""The channels that are counted by name; every other one is accepted and counted as ``other``."""

Direction = Literal["in", "out"]
ActorKind = Literal["human", "bot", "automation"]
Outcome = Literal["attempted", "connected", "replied", "no_answer", "bounced", "booked", "held", "no_show"]
Channel = Annotated[str, Meta(min_length=1, max_length=MAX_CHANNEL)]
Duration = Annotated[float, Meta(ge=0, le=MAX_DURATION_SECONDS)]
Sentiment = Annotated[float, Meta(ge=-1, le=1)]


class Interaction(Event, frozen=True, gc=False, tag="interaction"):
    """One contact with a lead, or one attempt at it.

    Attributes:
        direction: ``in`` when the lead turned to us, ``out`` when we turned to the lead.
        channel: The medium; see CHANNELS for the ones counted by name.
        actor_kind: What acted on our side: a person, a bot that talks, or an automation that sends.
        actor: Who it was, by a name or an id.
        outcome: What came of it.
        duration_seconds: How long it took, in seconds; null when unknown.
        substantive: Whether the lead said something to the point; null when nobody judged.
        sentiment: From -1 (angry) to 1 (delighted); null when nobody judged.
        closing_attempt: Whether the lead was asked to buy.
    """

    direction: Direction
    channel: Channel
    actor_kind: ActorKind = "human"
    actor: Text = ""
    outcome: Outcome = "attempted"
    duration_seconds: Duration | None = None
    substantive: bool | None = None
    sentiment: Sentiment | None = None
    closing_attempt: bool = False


InteractionEvent = Interaction
"""Any event of the interactions topic."""
