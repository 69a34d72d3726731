"""What a business decided about its funnel, as far as the numbers depend on it."""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from msgspec import Struct, field, json

from processors.calendars import Calendars
from processors.follow_up import FollowUp
from processors.policies import WALL, Policy, targets
from processors.working_hours import CalendarPlan

SECOND_MS: Final = 1000
MINUTE_MS: Final = 60 * SECOND_MS
HOUR_MS: Final = 60 * MINUTE_MS
DAY_MS: Final = 24 * HOUR_MS

OPEN: Final = 0
WON: Final = 1
LOST: Final = 2
DISQUALIFIED: Final = 3
STATUS_NAMES = ("open", "won", "lost", "disqualified")

NUMBERS: Final = 2
"""Which numbers are kept: one more with every release that keeps others of the same events."""
MAX_EDGES: Final = 62  # a bucket number of a response has six bits, one number is the sum's


class Stage(Struct, frozen=True):
    """One step of the funnel.

    Attributes:
        name: As events name it.
        kind: "open" for a step on the way; "won", "lost" or "disqualified" when entering it closes the lead.
    """

    name: str
    kind: str = "open"


def _ms(unit: int, *counts: int) -> tuple[int, ...]:
    return tuple(unit * n for n in counts)


class Funnel(Struct, frozen=True, kw_only=True):
    """The meaning of the events: all that must be known to turn them into numbers.

    Attributes:
        stages: In the order of the funnel.
        zone: IANA time zone of the business: its days, weeks, months and quarters.
        response_edges: Upper bounds of the response latency buckets, in ms, ascending, at most 62.
        stage_edges: Upper bounds of the time-in-stage buckets, in ms, ascending, at most 62.
        cycle_edges: Upper bounds of the sales-cycle buckets, in ms, ascending, at most 62.
        policies: What is promised to which leads, the first that holds counts; none at all promises nothing.
        calendars: Whose working hours are which.
        routing: What of the time from creation to assignment is routing: "wall" all of it, "business" working time.
        follow_up: How often leads are to be contacted.
        contact_outcomes: Outcomes of a human outbound interaction that say the lead was reached.
        written_channels: Channels on which an outbound message reaches the lead unless it bounced.
        rolling: Rolling windows: name -> length in minutes, at most 129,600 (90 days).
        calendar: Calendar windows among "today", "week", "month", "quarter"; each brings its predecessor.
        label_caps: Label table -> how many different names are kept apart; more are counted as "other".
        arrival_grain: Length of the slots that arrivals are counted in, ms; `arrival_memory`: how long they are kept.
        service_half_life: After which what was learnt about how fast leads are answered counts half, ms.
    """

    stages: tuple[Stage, ...] = (Stage("contacted"), Stage("qualified"), Stage("proposal"), Stage("negotiation"))
    zone: str = "UTC"
    response_edges: tuple[int, ...] = _ms(MINUTE_MS, 1, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 4320)
    stage_edges: tuple[int, ...] = _ms(HOUR_MS, 1, 4, 24, 48, 96, 168, 336, 504, 720, 1440, 2160)
    cycle_edges: tuple[int, ...] = _ms(DAY_MS, 1, 2, 4, 7, 14, 21, 30, 45, 60, 90, 180)
    policies: tuple[Policy, ...] = (Policy(name="default", clock=WALL, targets=targets(first_contact=5 * MINUTE_MS)),)
    calendars: CalendarPlan = CalendarPlan()
    routing: str = WALL
    follow_up: FollowUp = FollowUp()
    contact_outcomes: frozenset[str] = frozenset({"connected", "replied", "booked", "held"})
    written_channels: frozenset[str] = frozenset({"email", "sms", "chat", "messenger", "mail"})
    rolling: dict[str, int] = field(
        default_factory=lambda: {"5m": 5, "15m": 15, "1h": 60, "24h": 1440, "7d": 10080, "30d": 43200, "90d": 129600}
    )
    calendar: tuple[str, ...] = ("today", "week", "month", "quarter")
    label_caps: dict[str, int] = field(default_factory=dict)
    arrival_grain: int = HOUR_MS
    arrival_memory: int = 84 * DAY_MS
    service_half_life: int = 3 * DAY_MS

    def names_that_decide(self) -> dict[str, set[str]]:
        """Return the names, by label table, on which promises and hours depend: none of them may become `other`."""
        return {
            "source": {name for policy in self.policies for name in policy.sources},
            "segment": {name for policy in self.policies for name in policy.segments},
            "region": {name for policy in self.policies for name in policy.regions} | {*self.calendars.regions},
            "product": {name for policy in self.policies for name in policy.products},
            "team": {name for policy in self.policies for name in policy.teams} | {*self.calendars.teams},
        }

    def meaning(self) -> bytes:
        """Return a digest of everything that the stored numbers depend on.

        Numbers stored under another digest have to be recomputed from the lead records. Windows and caps are not part
        of it: they are applied when numbers are read or from now on.
        """
        parts = (
            NUMBERS,
            [(s.name, s.kind) for s in self.stages],
            self.zone,
            (self.response_edges, self.stage_edges, self.cycle_edges),
            (sorted(self.contact_outcomes), sorted(self.written_channels)),
            (self.policies, Calendars(self.calendars).meaning(), self.routing),
            self.follow_up,
        )
        return blake2b(json.encode(parts, order="deterministic"), digest_size=16).digest()
