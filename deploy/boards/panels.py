"""Panels: each tells of one signal, whose title, unit and text it takes from the signal table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase
from typing import Any, TypeVar

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BarGaugeNamePlacement,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    DataSourceRef,
    GraphDrawStyle,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, FieldColorModeId
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from msgspec import Struct

from deploy.boards.looks import Look, thresholds
from deploy.boards.promql import ZERO, ranked
from deploy.boards.scope import scoped
from schemas.signals import Signal, by_name

DATASOURCE = DataSourceRef(type_val="prometheus", uid="$datasource")
URL = "${leadpulse_url}"
_UNITS = {"seconds": "s", "bytes": "bytes", "": "locale"}
"""What Grafana calls the units of the signal table; counts are written out, with separators."""
_NONE_OF_KIND = {"counter": "none counted", "histogram": "none measured"}
_NARROWEST = 70
"""Pixels of a column; what Grafana gives by itself makes a table of seven scroll."""
_THICKEST = 44
"""Pixels of a bar: a single one does not fill its panel."""
Tile = stat.Panel
Panel = stat.Panel | timeseries.Panel | bargauge.Panel | table.Panel
_Made = TypeVar("_Made", stat.Panel, timeseries.Panel, bargauge.Panel, table.Panel)


class Query(Struct, frozen=True):
    """One query of a panel.

    Attributes:
        expr: PromQL without the variables of the board, see `scope`.
        name: What its series are called; `{{label}}` stands for the value of a label.
    """

    expr: str
    name: str


class Panels(Struct, frozen=True):
    """Makes the panels of one board.

    Attributes:
        variables: Names of the variables that the board has beside data source and job; queries are filtered by them.
    """

    variables: tuple[str, ...]

    def tile(self, name: str, queries: Sequence[Query], look: Look) -> stat.Panel:
        """Make a few large numbers, of now: one that is missing is shown as missing, never the last that was there."""
        panel = self._filled(stat.Panel(), by_name(name), look, queries)
        for ref, query in zip(ascii_uppercase, queries, strict=False):
            panel.with_target(self._target(query, ref).instant())
        if look.letters:
            name_size, value_size = look.letters
            panel.text(common.VizTextDisplayOptions().title_size(name_size).value_size(value_size))
        return (
            panel.thresholds(thresholds(look.steps))
            .color_mode(BigValueColorMode.VALUE if len(look.steps) == 1 else BigValueColorMode.BACKGROUND_SOLID)
            .graph_mode(BigValueGraphMode.NONE)
            .text_mode(BigValueTextMode.VALUE_AND_NAME)
            .wide_layout(False)
            .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        )

    def series(self, name: str, queries: Sequence[Query], look: Look) -> timeseries.Panel:
        """Make a diagram over time."""
        panel = self._filled(timeseries.Panel(), by_name(name), look, queries).min(0)
        for ref, query in zip(ascii_uppercase, queries, strict=False):
            panel.with_target(self._target(query, ref).range())
        if look.interval:
            panel.interval(look.interval)
        if len(look.steps) > 1:
            dashed = common.GraphThresholdsStyleConfig().mode(GraphThresholdsStyleMode.DASHED)
            panel.thresholds(thresholds(look.steps)).thresholds_style(dashed)
        return (
            panel.draw_style(GraphDrawStyle.BARS if look.columns else GraphDrawStyle.LINE)
            .line_width(1 if look.columns else 2)
            .fill_opacity(60 if look.columns or look.stacked else 8)
            .show_points(VisibilityMode.NEVER)
            .stacking(common.StackingConfig().mode(StackingMode.NORMAL if look.stacked else StackingMode.NONE))
            .legend(
                common.VizLegendOptions()
                .display_mode(LegendDisplayMode.LIST)
                .placement(LegendPlacement.BOTTOM)
                .show_legend(True)
                .calcs([])
            )
            .tooltip(common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        )

    def bars(self, name: str, queries: Sequence[Query], look: Look) -> bargauge.Panel:
        """Make horizontal bars of now: of several queries in their order, of one query its largest series first."""
        panel = self._filled(bargauge.Panel(), by_name(name), look, queries).min(0)
        if len(queries) == 1:
            queries = [Query(ranked(queries[0].expr), queries[0].name)]
        for ref, query in zip(ascii_uppercase, queries, strict=False):
            panel.with_target(self._target(query, ref).instant())
        return (
            panel.thresholds(thresholds(look.steps))
            .orientation(VizOrientation.HORIZONTAL)
            .display_mode(BarGaugeDisplayMode.BASIC)
            .name_placement(BarGaugeNamePlacement.LEFT)
            .show_unfilled(True)
            .max_viz_height(_THICKEST)
            .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        )

    def rows(self, name: str, queries: Sequence[Query], look: Look, units: Mapping[str, str]) -> table.Panel:
        """Make a table of now: a row for each label set, a column for each query.

        Args:
            name: Of the signal that gives title and text.
            queries: The name of each is the head of its column.
            look: Of the panel.
            units: Column -> unit, where it is not the one of the signal.
        """
        panel = self._filled(table.Panel(), by_name(name), look, queries).min_width(_NARROWEST)
        heads = {}
        for ref, query in zip(ascii_uppercase, queries, strict=False):
            panel.with_target(self._target(query, ref).instant().format(PromQueryFormat.TABLE))
            heads[f"Value #{ref}" if len(queries) > 1 else "Value"] = query.name
        panel.with_transformation(_transformation("merge"))
        panel.with_transformation(
            _transformation("organize", excludeByName={"Time": True}, renameByName=heads, indexByName={})
        )
        for column, unit in units.items():
            panel.override_by_name(column, [DynamicConfigValue("unit", unit)])
        return panel

    def matrix(self, name: str, query: Query, look: Look, order: Sequence[str]) -> table.Panel:
        """Make a table with the values of one label down and those of another across.

        Args:
            name: Of the signal.
            query: Its name is that of the corner; the series have two labels, the one down and the one across.
            look: Of the panel.
            order: Of the columns.
        """
        panel = self._filled(table.Panel(), by_name(name), look, [query]).min_width(_NARROWEST)
        panel.with_target(self._target(query, "A").instant().format(PromQueryFormat.TABLE))
        down, across = by_name(name).labels[-2:]
        cells = {"rowField": down, "columnField": across, "valueField": "Value", "emptyValue": "zero"}
        corner = f"{down}\\{across}"
        places = {column: place for place, column in enumerate((corner, *order))}
        return panel.with_transformation(_transformation("groupingToMatrix", **cells)).with_transformation(
            _transformation("organize", excludeByName={}, renameByName={corner: query.name}, indexByName=places)
        )

    def _target(self, query: Query, ref: str) -> prometheus.Dataquery:
        expr = scoped(query.expr, self.variables)
        return prometheus.Dataquery().ref_id(ref).expr(expr).legend_format(query.name).datasource(DATASOURCE)

    def _filled(self, panel: _Made, signal: Signal, look: Look, queries: Sequence[Query]) -> _Made:
        panel.title(look.title or signal.panel).description(description(signal, look.note)).datasource(DATASOURCE)
        panel.unit(look.unit or _UNITS[signal.unit]).span(look.width).height(look.height)
        if look.decimals is not None:
            panel.decimals(look.decimals)
        if look.top is not None:
            panel.max(look.top)
        always = any(ZERO in query.expr for query in queries)
        if empty := look.empty or ("" if always else meaning_of_none(signal)):
            panel.no_value(empty)
        if look.link:
            panel.data_links([dashboard.DashboardLink(look.link_title).url(URL + look.link).target_blank(True)])
        return panel


def description(signal: Signal, note: str = "") -> str:
    """Return what a panel says of its signal."""
    return " ".join(part for part in (f"{signal.help}.", signal.description, note) if part)


def meaning_of_none(signal: Signal) -> str:
    """Return what it means that a signal has no series; empty where workers always tell it: then there is no data."""
    if signal.windowed:
        return "none in this window"
    return "no such lead" if signal.family else _NONE_OF_KIND.get(signal.kind, "")


def own_query(name: str, legend: str) -> Query:
    """Return the query that the signal table has for a signal."""
    return Query(by_name(name).query, legend)


def colored(panel: _Made, colors: Mapping[str, str]) -> _Made:
    """Give series a colour of their own, by name."""
    for series, color in colors.items():
        fixed = {"mode": FieldColorModeId.FIXED.value, "fixedColor": color}
        panel.override_by_name(series, [DynamicConfigValue("color", fixed)])
    return panel


def _transformation(name: str, **options: Any) -> DataTransformerConfig:
    return DataTransformerConfig(id_val=name, options=options)
