"""The way of one lead across the floor, from its creation to its end, step by step.

What becomes of a lead is drawn once, when somebody has or has not talked with it: its source says how many are won, and
the longer it waited the fewer they are. The stages on the way are then played to fit.
"""

from collections.abc import Generator, Iterator
from typing import Literal

from schemas.interaction_events import Interaction
from schemas.lead_events import AmountChanged, Disqualified, Lost, OptedOut, Reopened, Scored, StageChanged, Won
from streams.simulation.case import HOUR, MINUTE, SECOND, Case, Floor, Step

Fate = Literal["won", "lost", "disqualified", "silent"]

# How much of a source's conversion is left when the first answer took this long, in milliseconds.
_PATIENCE = ((5 * MINUTE, 1.3), (HOUR, 1.0), (24 * HOUR, 0.8))
_TOO_LATE = 0.5
_SECOND_CHANCE = 0.3
_MOST_TOUCHES = 12


def play(floor: Floor, time: int) -> Iterator[Step]:
    """Play one lead that arrives at this floor time; its steps come in order of time.

    There are none when its source is silent then.
    """
    case = Case(floor, time)
    if not case.is_sent:
        return
    yield from _open(case)
    reached = yield from _first_contact(case)
    fate = _draw_fate(case, reached)
    if reached:
        yield from _stages(case, fate)
    yield from _close(case, fate)


def _open(case: Case) -> Iterator[Step]:
    yield case.arrive()
    source = case.source
    if source.channel != "web":
        case.wait(0)
        yield case.touch("in", source.channel, "attempted")
    if case.chance(source.acknowledged):
        case.wait(case.around(2 * SECOND))
        yield _acknowledge(case)
    if case.chance(0.5):
        case.wait(case.around(SECOND))
        event_id, lead_id, at = case.stamp()
        yield case.step(Scored(event_id, lead_id, at, score=round(case.rng.random() * 100, 1)))
    case.wait(case.around(case.journey.routing_minutes * MINUTE))
    yield case.hand_over()


def _acknowledge(case: Case) -> Step:
    chat = case.source.channel == "chat"
    event_id, lead_id, at = case.stamp()
    return case.step(
        Interaction(
            event_id,
            lead_id,
            at,
            direction="out",
            channel="chat" if chat else "email",
            actor_kind="bot" if chat else "automation",
            actor="greeter" if chat else "auto-reply",
            outcome="replied" if chat else "attempted",
        )
    )


def _first_contact(case: Case) -> Generator[Step, None, bool]:
    """Try until somebody answers; returns whether that happened."""
    team, journey = case.crew.team, case.journey
    if case.chance(team.neglect):
        return False
    case.work(case.around(team.response_minutes * MINUTE))
    written = case.source.channel in ("chat", "email") and case.chance(0.7)
    if written:
        yield case.touch("out", case.source.channel, "replied")
        return True
    for _ in range(journey.attempts):
        if case.chance(journey.reached):
            yield case.touch("out", "call", "connected", seconds=_talk(case))
            return True
        yield case.touch("out", "call", "no_answer")
        if case.chance(0.1):
            case.wait(case.around(journey.pause_seconds * SECOND))
            yield case.touch("out", "email", "bounced" if case.chance(0.05) else "attempted")
        case.work(case.around(journey.attempt_gap_hours * HOUR))
    return False


def _talk(case: Case) -> float:
    return round(case.around(180), 0)


def _draw_fate(case: Case, reached: bool) -> Fate:
    source, journey = case.source, case.journey
    draw = case.rng.random()
    if draw < source.junk:
        return "disqualified"
    draw = (draw - source.junk) / (1 - source.junk)
    waited = case.now - case.created
    patience = next((left for until, left in _PATIENCE if waited <= until), _TOO_LATE)
    if reached and draw < source.conversion / (1 - source.junk) * patience:
        return "won"
    return "silent" if case.chance(journey.silent) else "lost"


def _stages(case: Case, fate: Fate) -> Iterator[Step]:
    stages = case.parameters.stages
    last = len(stages) - 1
    if fate != "won":
        last = int(len(stages) * case.rng.random() ** 2)
    here = 0
    yield _enter(case, stages[0])
    while True:
        yield from _stay(case, closing=here == len(stages) - 1)
        if here >= last:
            return
        if here and case.chance(case.journey.back):
            here -= 1
        else:
            here += 2 if here + 2 <= last and case.chance(case.journey.skip) else 1
        yield _enter(case, stages[here])


def _enter(case: Case, stage: str) -> Step:
    case.work(case.around(case.journey.pause_seconds * SECOND))
    event_id, lead_id, at = case.stamp()
    return case.step(StageChanged(event_id, lead_id, at, stage=stage))


def _stay(case: Case, *, closing: bool) -> Iterator[Step]:
    journey = case.journey
    touches = min(_MOST_TOUCHES, int(case.rng.expovariate(1 / journey.touches) + 0.5)) if journey.touches else 0
    stay = case.around(journey.stage_hours * HOUR) / (touches + 1)
    for _ in range(touches):
        if case.chance(journey.planned):
            case.wait(case.around(journey.pause_seconds * SECOND))
            yield case.plan("call", stay)
        case.work(stay)
        yield from _talk_again(case, closing=closing)
        if case.chance(journey.doubled):
            yield from _call_twice(case)
    if case.chance(journey.reassigned):
        case.wait(case.around(journey.pause_seconds * SECOND))
        yield case.hand_over()
    if case.chance(0.15):
        case.amount = int(case.amount * case.rng.uniform(0.7, 1.3)) + 1
        case.wait(SECOND)
        event_id, lead_id, at = case.stamp()
        yield case.step(AmountChanged(event_id, lead_id, at, amount=case.amount, currency=case.parameters.currency))
    case.work(stay)


def _talk_again(case: Case, *, closing: bool) -> Iterator[Step]:
    draw = case.rng.random()
    if draw < 0.5:  # noqa: PLR2004  # half of the contacts are calls, a third mails, the rest meetings
        connected = case.chance(case.journey.reached)
        seconds = _talk(case) if connected else None
        yield case.touch("out", "call", "connected" if connected else "no_answer", seconds=seconds, closing=closing)
    elif draw < 0.85:  # noqa: PLR2004  # see above
        yield case.touch("out", "email", "attempted", closing=closing)
        if case.chance(case.journey.reply):
            case.wait(case.around(case.journey.reply_hours * HOUR))
            yield case.touch("in", "email", "replied")
    else:
        yield case.touch("out", "meeting", "booked")
        case.work(case.around(case.journey.stage_hours * HOUR))
        held = case.chance(0.85)
        seconds = round(case.around(2700), 0) if held else None
        yield case.touch("out", "meeting", "held" if held else "no_show", seconds=seconds, closing=closing)


def _call_twice(case: Case) -> Iterator[Step]:
    owner = case.agent
    case.wait(case.around(2 * MINUTE))
    case.borrow()
    yield case.touch("out", "call", "connected", seconds=_talk(case))
    case.agent = owner


def _close(case: Case, fate: Fate) -> Iterator[Step]:
    if fate == "silent":
        return
    case.work(case.around(case.journey.stage_hours * HOUR))
    event_id, lead_id, at = case.stamp()
    if fate == "won":
        yield case.step(Won(event_id, lead_id, at))
    elif fate == "disqualified":
        yield case.step(Disqualified(event_id, lead_id, at, reason=_reason(case, case.parameters.junk_reasons)))
    else:
        reason = _reason(case, case.parameters.lost_reasons)
        rival = "acme" if reason == "competitor" else ""
        yield case.step(Lost(event_id, lead_id, at, reason=reason, competitor=rival))
        yield from _part(case)
        if case.chance(case.journey.reopened):
            yield from _reopen(case)


def _part(case: Case) -> Iterator[Step]:
    """Some ask for silence, and not all of them get it."""
    if case.chance(case.journey.opted_out):
        case.wait(case.around(case.journey.pause_seconds * SECOND))
        event_id, lead_id, at = case.stamp()
        yield case.step(OptedOut(event_id, lead_id, at, channel="email" if case.chance(0.5) else ""))
    if case.chance(case.journey.reminded):
        case.wait(case.around(case.journey.reply_hours * HOUR))
        event_id, lead_id, at = case.stamp()
        yield case.step(
            Interaction(
                event_id,
                lead_id,
                at,
                direction="out",
                channel="email",
                actor_kind="automation",
                actor="newsletter",
                outcome="attempted",
            )
        )


def _reopen(case: Case) -> Iterator[Step]:
    case.work(case.around(20 * case.journey.stage_hours * HOUR))
    event_id, lead_id, at = case.stamp()
    yield case.step(Reopened(event_id, lead_id, at))
    yield from _stay(case, closing=True)
    event_id, lead_id, at = case.stamp()
    if case.chance(_SECOND_CHANCE):
        yield case.step(Won(event_id, lead_id, at))
    else:
        yield case.step(Lost(event_id, lead_id, at, reason=_reason(case, case.parameters.lost_reasons)))


def _reason(case: Case, reasons: tuple[str, ...]) -> str:
    # The square makes the first ones the more frequent.
    return reasons[int(len(reasons) * case.rng.random() ** 2)]
