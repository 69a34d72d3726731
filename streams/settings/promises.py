"""What is promised to leads, as users write it."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

from streams.settings.durations import Duration
from streams.settings.rules import LEAD_LINK, Between

Names = tuple[Annotated[str, Meta(min_length=1, max_length=256)], ...]
Target = Annotated[Duration, Between("0s", "90d")]
_NOTHING = Duration("0s")


class Promise(Struct, frozen=True, kw_only=True):
    """One policy. Conditions that are left out hold for every lead.

    Attributes:
        name: What alarms and numbers call it.
        sources: Only leads from these sources.
        segments: Only leads of these segments.
        regions: Only leads from these regions.
        products: Only leads that ask for these products.
        teams: Only leads that these teams have.
        min_amount: Only leads of at least this amount, in minor units.
        clock: `business` counts the working hours of whoever has the lead, `wall` all time.
        first_attempt: Somebody tries to reach the lead within this time. 0s: nothing is promised, here and below.
        first_contact: Somebody reaches the lead within this time.
        next_response: When they write again, somebody answers within this time.
        warn_at: The warning comes when this share of the time has passed.
        warn_before: The warning comes this long before the breach instead, on the same clock. 0s: `warn_at` counts.
        escalate: Escalations come this long after the breach, on the same clock, ascending.
    """

    name: Annotated[str, Meta(min_length=1, max_length=100)]
    sources: Names = ()
    segments: Names = ()
    regions: Names = ()
    products: Names = ()
    teams: Names = ()
    min_amount: Annotated[int, Meta(ge=0)] = 0
    clock: Literal["business", "wall"] = "business"
    first_attempt: Target = _NOTHING
    first_contact: Target = _NOTHING
    next_response: Target = _NOTHING
    warn_at: Annotated[float, Meta(gt=0, lt=1)] = 0.8
    warn_before: Target = _NOTHING
    escalate: Annotated[tuple[Annotated[Duration, Between("1s", "90d")], ...], Meta(max_length=20)] = ()

    @property
    def targets(self) -> dict[str, Duration]:
        """What is promised: obligation -> how long it may take."""
        named = {
            "first_attempt": self.first_attempt,
            "first_contact": self.first_contact,
            "next_response": self.next_response,
        }
        return {name: target for name, target in named.items() if target.ms}


class Sla(Struct, frozen=True, kw_only=True):
    """What is promised to which leads. `docs/response.md` is the guide.

    Attributes:
        policies: The policies; a lead falls under the first that holds for it. Without any, everybody is promised the
            first contact within `response.target`, on the wall clock.
        lead_link: Address of a lead that every alert carries, for instance in a CRM; `{lead_id}` stands for the id.
            Empty: the lead's history at the worker that raised the alert.
    """

    policies: Annotated[tuple[Promise, ...], Meta(max_length=200)] = ()
    lead_link: Annotated[str, LEAD_LINK] = ""
