"""The live board of the demo: the numbers from `/metrics`, who waits from `/waiting`, and the last alarms."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from msgspec import Struct, UnsetType
from rich.bar import Bar
from rich.console import Group, RenderableType
from rich.layout import Layout
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from processors.waiting_card import WaitingCard
from streams.cli.waiting import BAND_STYLES, clock
from streams.demo.samples import Distribution, Samples
from streams.web.waiting_answer import WaitingAnswer

PREFIXES = (
    "leadpulse_created_leads",
    "leadpulse_closed_leads",
    "leadpulse_stage_reached_leads",
    "leadpulse_open_leads",
    "leadpulse_unanswered_leads",
    "leadpulse_oldest_unanswered",
    "leadpulse_response_seconds_bucket",
    "leadpulse_records_read_total",
    "leadpulse_dead_letters_total",
    "leadpulse_consumer_lag_seconds",
    "leadpulse_consumer_lag_records",
    "leadpulse_event_delay_seconds_bucket",
    "leadpulse_ready",
    "leadpulse_expected_breaches",
    "leadpulse_source_silent",
    "leadpulse_source_expected_arrivals",
    "leadpulse_alerts_total",
)
"""What the board needs of `/metrics`."""

_GOOD, _FAIR = 0.9, 0.7
_HORIZON = "15m"
_DEADLINES, _COMING = 10, 7
_BAR = 24


class Scene(Struct, frozen=True):
    """What the board does not read from `/metrics`.

    Attributes:
        stages: The open stages, in order.
        target: The response target, seconds.
        window: The window shown.
        address: Where `/metrics` is.
        brokers: Where Kafka is.
        redis: Where Redis is, with the view of who waits.
    """

    stages: tuple[str, ...]
    target: float
    window: str
    address: str
    brokers: str
    redis: str = ""


class Pace(Struct, frozen=True):
    """What happened between two pictures.

    Attributes:
        rate: Events a second; None for the first picture.
        delays: How long events took to become numbers.
    """

    rate: float | None = None
    delays: Distribution = Distribution(())


class Heard(Struct, frozen=True):
    """What the board shows beside numbers.

    Attributes:
        waiting: Who waits, soonest deadline first; None while the worker does not say.
        alarms: Lines of the last alarms, newest first.
    """

    waiting: WaitingAnswer | None = None
    alarms: tuple[Text, ...] = ()


def duration(seconds: float | None) -> str:
    """Return a time span as a person says it."""
    if seconds is None:
        return "-"
    for limit, unit, size in ((90, "s", 1), (5400, "min", 60), (129_600, "h", 3600)):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def board(samples: Samples, scene: Scene, pace: Pace, heard: Heard = Heard()) -> Layout:  # noqa: B008  # frozen
    """Draw one picture.

    Args:
        samples: What `/metrics` says.
        scene: What else there is to know.
        pace: What happened since the last picture.
        heard: Who waits, and the last alarms.
    """
    layout = Layout()
    layout.split_column(
        Layout(name="top"), Layout(name="middle"), Layout(name="bottom"), Layout(_footer(samples, scene, pace), size=6)
    )
    layout["top"].split_row(Layout(_deadlines(heard)), Layout(_alarms(samples, heard)))
    layout["middle"].split_row(Layout(_waiting(samples)), Layout(_responses(samples, scene)))
    layout["bottom"].split_row(Layout(_sources(samples, scene)), Layout(_flow(samples, scene)))
    return layout


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, title_style="bold", title_justify="left", expand=True, box=None, pad_edge=False)
    for n, column in enumerate(columns):
        table.add_column(column, justify="left" if n == 0 else "right", no_wrap=True)
    return table


def _deadlines(heard: Heard) -> RenderableType:
    table = _table("Soonest deadlines", "lead", "team", "left", "")
    if heard.waiting is not None:
        now = heard.waiting.now
        for card, deadline in _soonest(heard.waiting):
            style = BAND_STYLES.get(card.band, "")
            left = Text(clock(deadline - now), style)
            table.add_row(card.lead_id, card.team, left, Text(card.band.replace("_", " "), style))
    return Panel(table)


def _soonest(waiting: WaitingAnswer) -> list[tuple[WaitingCard, datetime]]:
    """Return the deadlines that come next, and below them those that passed last."""
    due = [(card, card.deadline) for card in waiting.cards if not isinstance(card.deadline, UnsetType)]
    coming = [(card, deadline) for card, deadline in due if deadline > waiting.now]
    passed = [(card, deadline) for card, deadline in reversed(due) if deadline <= waiting.now]
    return coming[:_COMING] + passed[: _DEADLINES - min(_COMING, len(coming))]


def _alarms(samples: Samples, heard: Heard) -> RenderableType:
    counts = samples.by("kind", "leadpulse_alerts_total")
    told = ", ".join(f"{kind.replace('_', ' ')} {count:,.0f}" for kind, count in sorted(counts.items()) if count)
    return Panel(Group(Text("Alarms", style="bold"), Text(told or "none so far", style="dim"), *heard.alarms))


def _waiting(samples: Samples) -> RenderableType:
    table = _table("Who is waiting", "team", "leads", "longest", "too long", "will be")
    waiting = samples.by("team", "leadpulse_unanswered_leads")
    broken = samples.by("team", "leadpulse_unanswered_leads", band="breached")
    oldest = samples.most("team", "leadpulse_oldest_unanswered_lead_age_seconds")
    expected = samples.by("team", "leadpulse_expected_breaches", horizon=_HORIZON)
    for team in sorted(waiting, key=lambda name: -waiting[name]):
        if waiting[team]:
            late, soon = broken.get(team, 0), expected.get(team)
            table.add_row(
                team,
                f"{waiting[team]:,.0f}",
                duration(oldest.get(team)),
                Text(f"{late:,.0f}", "red" if late else ""),
                "-" if soon is None else f"+{soon:,.1f}",
            )
    everybody = f"{sum(waiting.values()):,.0f}", duration(max(oldest.values(), default=None))
    table.add_row(
        Text("all", style="bold"), *everybody, f"{sum(broken.values()):,.0f}", f"+{sum(expected.values()):,.1f}"
    )
    return Panel(table)


def _responses(samples: Samples, scene: Scene) -> RenderableType:
    table = _table(f"First contact, last {scene.window}", "team", "n", "p50", "p90", f"≤ {duration(scene.target)}")
    name, where = "leadpulse_response_seconds", {"window": scene.window, "kind": "contact"}
    teams = sorted({labels["team"] for labels, _ in samples.of(f"{name}_bucket", **where)})
    for team in teams:
        _response_row(table, team, samples.distribution(name, **where, team=team), scene.target)
    _response_row(table, "all", samples.distribution(name, **where), scene.target)
    return Panel(table)


def _response_row(table: Table, team: str, found: Distribution, target: float) -> None:
    share = found.within(target)
    style = "" if share is None else "green" if share >= _GOOD else "yellow" if share >= _FAIR else "red"
    told = Text("-" if share is None else f"{share:.0%}", style=style)
    table.add_row(team, f"{found.count:,.0f}", duration(found.quantile(0.5)), duration(found.quantile(0.9)), told)


def _sources(samples: Samples, scene: Scene) -> RenderableType:
    table = _table(f"Sources, last {scene.window}", "source", "leads", "won", "lost", "won/leads", "")
    silent = samples.most("source", "leadpulse_source_silent")
    missed = samples.most("source", "leadpulse_source_expected_arrivals")
    leads = samples.by("source", "leadpulse_created_leads", window=scene.window)
    won = samples.by("source", "leadpulse_closed_leads", window=scene.window, outcome="won")
    lost = samples.by("source", "leadpulse_closed_leads", window=scene.window, outcome="lost")
    for source in sorted(leads, key=lambda name: -leads[name]):
        came, sold = leads[source], won.get(source, 0)
        share = f"{sold / came:.0%}" if came else "-"
        quiet = Text(f"silent, {missed.get(source, 0):,.0f} missing", "bold magenta") if silent.get(source) else ""
        table.add_row(source, f"{came:,.0f}", f"{sold:,.0f}", f"{lost.get(source, 0):,.0f}", share, quiet)
    return Panel(table)


def _flow(samples: Samples, scene: Scene) -> RenderableType:
    table = _table(f"Funnel, last {scene.window}", "stage", "reached", "", "drop-off", "open now")
    reached = samples.by("stage", "leadpulse_stage_reached_leads", window=scene.window)
    standing = samples.by("stage", "leadpulse_open_leads")
    created = samples.total("leadpulse_created_leads", window=scene.window)
    counts = [created, *(reached.get(stage, 0.0) for stage in scene.stages)]
    for stage, count, after in _steps(("new", *scene.stages), counts):
        drop = f"{1 - after / count:.0%}" if after is not None and count else ""
        bar = Bar(max(1.0, *counts), 0, count, width=_BAR, color="cyan")
        table.add_row(stage, f"{count:,.0f}", bar, drop, f"{standing.get(stage, 0):,.0f}")
    return Panel(table)


def _steps(stages: Sequence[str], counts: Sequence[float]) -> Iterable[tuple[str, float, float | None]]:
    return zip(stages, counts, [*counts[1:], None], strict=True)


def _footer(samples: Samples, scene: Scene, pace: Pace) -> RenderableType:
    delay = pace.delays.quantile(0.99)
    dead = {reason: n for reason, n in samples.by("reason", "leadpulse_dead_letters_total").items() if n}
    lag = samples.total("leadpulse_consumer_lag_records")
    facts = Text.assemble(
        ("events  ", "bold"), f"{samples.total('leadpulse_records_read_total'):,.0f}",
        f" ({'-' if pace.rate is None else f'{pace.rate:,.0f}'}/s)",
        ("   lag  ", "bold"), f"{lag:,.0f} records",
        ("   event to metric p99  ", "bold"), "-" if delay is None else f"{delay * 1000:,.0f} ms",
        ("   dead letters  ", "bold"), ", ".join(f"{reason} {n:.0f}" for reason, n in sorted(dead.items())) or "none",
    )  # fmt: skip
    where = Text.assemble(
        "Prometheus reads ", (scene.address, "cyan"), f"   Kafka is at {scene.brokers}   Redis at {scene.redis}\n",
        "Who waits, counted down:  ",
        (f"leadpulse waiting --url {scene.address.removesuffix('/metrics')}", "cyan"),
    )  # fmt: skip
    state = "ready" if samples.total("leadpulse_ready") else "rebalancing or recovering"
    return Panel(Group(facts, where), title=f"leadpulse demo: worker {state}", subtitle="Ctrl-C ends it")


def summary(samples: Samples, scene: Scene) -> str:
    """Say in a few lines what the numbers are."""
    window = {"window": scene.window}
    found = samples.distribution("leadpulse_response_seconds", **window, kind="contact")
    outcomes = samples.by("outcome", "leadpulse_closed_leads", **window)
    within = found.within(scene.target)
    return "\n".join(
        (
            f"{samples.total('leadpulse_records_read_total'):,.0f} events read,"
            f" {samples.total('leadpulse_dead_letters_total'):,.0f} of them dead letters",
            f"{samples.total('leadpulse_created_leads', **window):,.0f} leads in the last {scene.window}:"
            f" {outcomes.get('won', 0):,.0f} won, {outcomes.get('lost', 0):,.0f} lost,"
            f" {samples.total('leadpulse_unanswered_leads'):,.0f} waiting for an answer now",
            f"first contact: p50 {duration(found.quantile(0.5))}, p90 {duration(found.quantile(0.9))},"
            f" {'-' if within is None else f'{within:.0%}'} within {duration(scene.target)}",
        )
    )
