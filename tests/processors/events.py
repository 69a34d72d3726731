"""Events for tests: hand-made ones that read as sentences, and streams of arbitrary ones."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from msgspec import structs

from processors.follow_up import Band, FollowUp
from processors.funnel import HOUR_MS, Funnel, Stage
from schemas.interaction_events import Interaction
from schemas.lead_events import (
    AmountChanged,
    Assigned,
    Created,
    Disqualified,
    Lost,
    Merged,
    NextActivitySet,
    OptedOut,
    Reopened,
    Scored,
    StageChanged,
    Won,
)

T0 = datetime(2026, 3, 20, 22, 0, tzinfo=UTC)
"""Some days before the clock change of 2026-03-29 in Europe."""
T0_MS = int(T0.timestamp()) * 1000
ZONE = "Europe/Amsterdam"
STAGES = ("contacted", "qualified", "proposal", "negotiation")
FOLLOW_UP = FollowUp(
    bands=(
        ("contacted", Band(longest_gap=HOUR_MS, most_a_week=1)),
        ("qualified", Band(longest_gap=0, most_a_week=2)),
        ("proposal", Band(longest_gap=50 * HOUR_MS, most_a_week=0)),
    ),
    reply=2 * HOUR_MS,
)
"""Bands that lives of a few days leave often."""
FUNNEL = Funnel(zone=ZONE, stages=tuple(Stage(name) for name in STAGES), follow_up=FOLLOW_UP)
LEFT_ALONE = structs.replace(FUNNEL, follow_up=FollowUp(band=Band(longest_gap=0, most_a_week=0)))
"""The same for tests that count panes: nothing is booked ahead."""

_ids = count()


def at(minutes: float) -> datetime:
    """The moment so many minutes after T0."""
    return T0 + timedelta(minutes=minutes)


def _make(kind: Callable[..., Any], minutes: float, lead: str, fields: dict[str, Any]) -> Any:
    event_id = fields.pop("event_id", None) or f"e{next(_ids)}"
    return kind(event_id=event_id, lead_id=lead, occurred_at=at(minutes), **fields)


def created(minutes: float = 0, lead: str = "L", **fields: Any) -> Any:
    return _make(Created, minutes, lead, {"source": "web", "team": "north"} | fields)


def stage(name: str, minutes: float, lead: str = "L", **fields: Any) -> Any:
    return _make(StageChanged, minutes, lead, {"stage": name} | fields)


def assigned(team: str, minutes: float, lead: str = "L", **fields: Any) -> Any:
    return _make(Assigned, minutes, lead, {"team": team} | fields)


def won(minutes: float, lead: str = "L", **fields: Any) -> Any:
    return _make(Won, minutes, lead, fields)


def lost(minutes: float, reason: str = "", lead: str = "L", **fields: Any) -> Any:
    return _make(Lost, minutes, lead, {"reason": reason} | fields)


def disqualified(minutes: float, reason: str = "", lead: str = "L", **fields: Any) -> Any:
    return _make(Disqualified, minutes, lead, {"reason": reason} | fields)


def reopened(minutes: float, lead: str = "L", **fields: Any) -> Any:
    return _make(Reopened, minutes, lead, fields)


def merged(into: str, minutes: float, lead: str = "L", **fields: Any) -> Any:
    return _make(Merged, minutes, lead, {"into": into} | fields)


def call(outcome: str, minutes: float, lead: str = "L", **fields: Any) -> Any:
    """A human outbound call."""
    return _make(Interaction, minutes, lead, {"direction": "out", "channel": "call", "outcome": outcome} | fields)


def automatic_mail(minutes: float, lead: str = "L") -> Any:
    return _make(
        Interaction,
        minutes,
        lead,
        {"direction": "out", "channel": "email", "actor_kind": "automation", "actor": "drip"},
    )


def interaction(minutes: float, lead: str = "L", **fields: Any) -> Any:
    return _make(Interaction, minutes, lead, {"direction": "out", "channel": "call"} | fields)


def amount_changed(amount: int, minutes: float, lead: str = "L", **fields: Any) -> Any:
    return _make(AmountChanged, minutes, lead, {"amount": amount} | fields)


def scored(score: float, minutes: float, lead: str = "L", **fields: Any) -> Any:
    return _make(Scored, minutes, lead, {"score": score} | fields)


def planned(at_minute: float | None, minutes: float, lead: str = "L", **fields: Any) -> Any:
    """Set at `minutes`: the next activity, at `at_minute` or never."""
    when = None if at_minute is None else at(at_minute)
    return _make(NextActivitySet, minutes, lead, {"planned_for": when} | fields)


def opted_out(minutes: float, channel: str = "", lead: str = "L", **fields: Any) -> Any:
    return _make(OptedOut, minutes, lead, {"channel": channel} | fields)


def inbound(minutes: float, lead: str = "L") -> Any:
    return _make(Interaction, minutes, lead, {"direction": "in", "channel": "email", "outcome": "replied"})


KINDS: tuple[tuple[type, tuple[dict[str, Any], ...]], ...] = (
    (
        Created,
        tuple({"source": s, "team": t, "amount": a} for s, t, a in (("web", "", 5), ("ads", "n", 1), ("", "s", 0))),
    ),
    (StageChanged, tuple({"stage": name} for name in STAGES)),
    (Assigned, ({"team": "n", "owner": "ann"}, {"team": "s"}, {"team": "n", "owner": "bob"})),
    (Won, ({},)),
    (Lost, ({"reason": "price"}, {"reason": "silence", "competitor": "acme"})),
    (Disqualified, ({"reason": "spam"},)),
    (Reopened, ({},)),
    (
        Interaction,
        (
            {"direction": "out", "channel": "call", "outcome": "no_answer", "actor": "ann"},
            {"direction": "out", "channel": "call", "outcome": "connected", "actor": "bob"},
            {"direction": "out", "channel": "email", "actor_kind": "bot"},
            {"direction": "in", "channel": "fax", "outcome": "replied"},
            {"direction": "out", "channel": "email", "actor": "ann"},
            {"direction": "out", "channel": "meeting", "outcome": "held"},
        ),
    ),
    (
        NextActivitySet,
        (
            {"planned_for": T0 + timedelta(days=2), "channel": "call"},
            {"planned_for": T0 + timedelta(hours=2)},
            {"planned_for": T0 - timedelta(days=2), "channel": "meeting"},
            {},
        ),
    ),
    (OptedOut, ({}, {"channel": "email"})),
    (AmountChanged, ({"amount": 7, "currency": "EUR"}, {"amount": 9, "currency": "EUR"})),
    (Scored, ({"score": 0.5}, {"score": 0.75})),
    (Merged, ({"into": "M1"}, {"into": "M2"})),
)
"""Event class -> contents it may have."""

MOMENTS = st.one_of(st.integers(0, 5), st.integers(0, 600_000), st.integers(0, 20 * 86_400_000))
"""Milliseconds after T0: often the same instant, often the same day, sometimes weeks apart."""

_MERGED = len(KINDS) - 1
_KIND = st.integers(0, len(KINDS) + 6).map(lambda n: n if n < _MERGED else n % _MERGED if n != _MERGED + 3 else _MERGED)


@st.composite
def any_event(draw: st.DrawFn) -> Any:
    """An event of one of three leads; its id belongs to that lead, its time and content may differ when sent again."""
    lead, number = draw(st.integers(0, 2)), draw(st.integers(0, 30))
    kind, contents = KINDS[draw(_KIND)]
    content = contents[draw(st.integers(0, len(contents) - 1))]
    moment = T0 + timedelta(milliseconds=draw(MOMENTS))
    return kind(event_id=f"{lead}-{number}", lead_id=f"L{lead}", occurred_at=moment, **content)


STREAMS = st.lists(any_event(), max_size=50)

_TALK = [kind for kind in KINDS if kind[0] in (Created, Assigned, Won, Reopened)]
_INTERACTIONS = [kind for kind in KINDS if kind[0] is Interaction]


@st.composite
def any_talk(draw: st.DrawFn) -> Any:
    """An event of one lead that we and they talk about more than anything else happens to it."""
    kind, contents = draw(st.sampled_from([*_TALK, *_INTERACTIONS * 8]))
    moment = T0 + timedelta(milliseconds=draw(MOMENTS))
    return kind(
        event_id=f"t{draw(st.integers(0, 30))}", lead_id="L0", occurred_at=moment, **draw(st.sampled_from(contents))
    )


TALKS = st.lists(any_talk(), max_size=20).map(
    lambda events: [Created(event_id="c", lead_id="L0", occurred_at=T0, source="web", amount=5), *events]
)
"""Streams in which leads are answered and write again."""

_MOVED_ON = [kind for kind in KINDS if kind[0] in (Assigned, Won, Reopened)]
_MINUTES = st.one_of(st.integers(-10, 300), st.integers(0, 5 * 1440))


@st.composite
def any_handover(draw: st.DrawFn) -> Any:
    """An event of one lead that changes hands, is closed and reopened more than anybody talks with it."""
    kind, contents = draw(st.sampled_from([*_MOVED_ON * 2, *_INTERACTIONS]))
    moment = T0 + timedelta(minutes=draw(_MINUTES))
    return kind(
        event_id=f"h{draw(st.integers(0, 1000))}", lead_id="L0", occurred_at=moment, **draw(st.sampled_from(contents))
    )


HANDOVERS = st.builds(
    lambda facts, events: [Created(event_id="c", lead_id="L0", occurred_at=T0, **facts), *events],
    st.sampled_from(
        [{"source": s, "team": t, "amount": a} for s in ("web", "ads") for t in ("", "n", "s") for a in (0, 5)]
    ),
    st.lists(any_handover(), max_size=9),
)
"""Streams of leads that are promised different things, one after the other."""
