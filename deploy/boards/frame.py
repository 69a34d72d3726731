"""What all boards share: their variables, the links between them, and the marks of alarms and deploys."""

from __future__ import annotations

from collections.abc import Sequence

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.dashboard import (
    AnnotationQuery,
    Dashboard,
    DashboardCursorSync,
    DashboardLink,
    DashboardLinkType,
    VariableModel,
    VariableOption,
    VariableRefresh,
    VariableSort,
)
from msgspec import Struct

from deploy.boards.panels import DATASOURCE
from deploy.boards.panels import Panel as PanelBuilder
from deploy.boards.scope import scoped
from deploy.boards.terms import Terms, before

TAG = "leadpulse"
DEFAULT_URL = "http://localhost:9464"
ALERTS_OF_OURS = 'ALERTS{alertname=~"Leadpulse.+", alertstate="firing"}'
"""Alarms are known by the beginning of their name: those about a whole sales floor have no label of a worker."""
IN_SIGHT = ""
"""Links stand beside the variables; the default of the SDK hides them in a menu."""

_ALL = VariableOption(selected=True, text="All", value="$__all")


class Board(Struct, frozen=True, kw_only=True):
    """One dashboard.

    Attributes:
        name: File and last part of the uid; it never changes, since people keep links to it.
        title: What it is called.
        description: The question it answers.
        variables: Names of the variables it has beside data source and job.
        rows: Title of each row (empty: none is shown) and its panels.
        timezone: "browser" for people who look at their own day, "utc" for those who compare with logs.
        refresh: How often it looks again.
        since: How far back it begins to look.
    """

    name: str
    title: str
    description: str
    variables: tuple[str, ...]
    rows: Sequence[tuple[str, Sequence[PanelBuilder]]]
    timezone: str = "browser"
    refresh: str = "30s"
    since: str = "now-6h"

    @property
    def uid(self) -> str:
        """Stable name in links."""
        return f"leadpulse-{self.name}"


def built(board: Board, terms: Terms) -> Dashboard:
    """Return a board as the SDK's model of it."""
    made = (
        dashboard.Dashboard(f"leadpulse / {board.title}")
        .uid(board.uid)
        .description(board.description)
        .tags([TAG])
        .readonly()
        .timezone(board.timezone)
        .refresh(board.refresh)
        .time(board.since, "now")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .variables(_variables(board, terms))
        .annotations(_annotations())
        .links(_links(board))
    )
    for title, panels in board.rows:
        if title:
            made.with_row(dashboard.Row(title))
        for panel in panels:
            made.with_panel(panel)
    return _numbered(made.build())


def _numbered(board: Dashboard) -> Dashboard:
    """Give panels their ids, by which alarms and links name them."""
    for number, panel in enumerate(board.panels or (), 1):
        panel.id_val = number
    return board


def _variables(board: Board, terms: Terms) -> list[Builder[VariableModel]]:
    made: dict[str, Builder[VariableModel]] = {
        "datasource": dashboard.DatasourceVariable("datasource").label("Data source").type("prometheus"),
        "job": _query("job", "Job", "leadpulse_partitions").description("The application; its workers share a job."),
        "instance": _several("instance", "Instance", scoped("leadpulse_ready")).all_value(".+"),
        "window": _window(terms),
        "period": _period(terms),
        "source": _several("source", "Source", scoped("leadpulse_created_leads")).all_value(".*"),
        "team": _several("team", "Team", scoped("leadpulse_created_leads")).all_value(".*"),
        "policy": _several("policy", "Policy", scoped("leadpulse_promised_leads")).all_value(".*"),
        "leadpulse_url": dashboard.TextBoxVariable("leadpulse_url")
        .label("leadpulse")
        .description("Where a browser reaches a worker, for the lists of leads behind the numbers.")
        .default_value(DEFAULT_URL)
        .current(VariableOption(text=DEFAULT_URL, value=DEFAULT_URL))
        .options([VariableOption(selected=True, text=DEFAULT_URL, value=DEFAULT_URL)]),
        "lead": dashboard.TextBoxVariable("lead")
        .label("Lead")
        .description("Id of a lead, for the link to its history."),
    }
    return [made[name] for name in ("datasource", "job", *board.variables)]


def _query(name: str, label: str, selector: str) -> dashboard.QueryVariable:
    query = f"label_values({selector}, {name})"
    return (
        dashboard.QueryVariable(name)
        .label(label)
        .datasource(DATASOURCE)
        .query(query)
        .definition(query)
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
    )


def _several(name: str, label: str, selector: str) -> dashboard.QueryVariable:
    return _query(name, label, selector).multi(True).include_all(True).current(_ALL)


def _window(terms: Terms) -> dashboard.CustomVariable:
    first = terms.windows[0]
    return (
        dashboard.CustomVariable("window")
        .label("Window")
        .description("Over which span of time the numbers are; not the span that the diagrams show.")
        .values(",".join(terms.windows))
        .options([VariableOption(selected=name == first, text=name, value=name) for name in terms.windows])
        .current(VariableOption(selected=True, text=first, value=first))
    )


def _period(terms: Terms) -> dashboard.CustomVariable:
    values = {name: f"{name}|{before(name)}" for name in terms.calendar}
    first = terms.calendar[0]
    return (
        dashboard.CustomVariable("period")
        .label("Period")
        .description("A period of the calendar, shown beside the one before it.")
        .values(",".join(f"{name} : {value}" for name, value in values.items()))
        .options([VariableOption(selected=name == first, text=name, value=value) for name, value in values.items()])
        .current(VariableOption(selected=True, text=first, value=values[first]))
    )


def _annotations() -> list[Builder[AnnotationQuery]]:
    version = scoped("leadpulse_build_info")
    started = scoped("process_start_time_seconds")
    return [
        _annotation("Alarms", "red", ALERTS_OF_OURS, "{{alertname}}", "{{severity}} {{team}} {{source}} {{policy}}"),
        _annotation(
            "Deploys",
            "blue",
            f"count by (version) ({version}) unless count by (version) ({version} offset 5m)",
            "leadpulse {{version}}",
            "A version that was not there five minutes before",
        ),
        _annotation(
            "Starts", "purple", f"{started} * 1000", "{{instance}} started", "A worker came up"
        ).use_value_for_time(True),
    ]


def _annotation(name: str, color: str, expr: str, title: str, text: str) -> dashboard.AnnotationQuery:
    return (
        dashboard.AnnotationQuery()
        .name(name)
        .datasource(DATASOURCE)
        .enable(True)
        .icon_color(color)
        .expr(expr)
        .title_format(title)
        .text_format(text)
        .step("60s")
    )


def _links(board: Board) -> list[Builder[DashboardLink]]:
    links: list[Builder[DashboardLink]] = [
        dashboard.DashboardLink("Boards")
        .placement(IN_SIGHT)
        .type(DashboardLinkType.DASHBOARDS)
        .tags([TAG])
        .as_dropdown(False)
        .include_vars(True)
        .keep_time(True)
    ]
    if "lead" in board.variables:
        links.append(
            dashboard.DashboardLink("History of the lead")
            .placement(IN_SIGHT)
            .type(DashboardLinkType.LINK)
            .url("${leadpulse_url}/leads/${lead:percentencode}")
            .tooltip("What happened to the lead whose id stands in the field Lead")
            .target_blank(True)
        )
    return links
