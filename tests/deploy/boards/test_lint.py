"""The rules of Grafana's dashboard-linter, each under its name there, and our own; exceptions with their reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import promql_parser
import pytest

from deploy.boards.panels import description
from schemas.signals import SIGNALS
from tests.deploy.boards.boards import BOARDS, RATE_INTERVAL, panels, parsed, selectors, walked

Board = dict[str, Any]
Rule = Callable[[Board], Iterator[tuple[str, str]]]
"""Gives what is wrong: where, and what."""

LEADS = ("wallboard", "response", "funnel", "sources", "alarms")
"""Boards about leads."""
ONE_JOB = (
    "one application at a time: its numbers are whole or not by themselves, and two added up would have the guard "
    "compare partitions of both"
)
PART = "a worker tells the leads of its own partitions: a sum over some workers would look like a whole"
EXCEPTIONS = {
    **{("template-job-rule", board): ONE_JOB for board in BOARDS},
    **{("template-instance-rule", board): PART for board in LEADS},
    **{("target-instance-rule", board): PART for board in LEADS},
    ("target-job-rule", "alarms"): "alarms may have no job, see frame.ALERTS_OF_OURS; the notifier's has another name",
    ("target-instance-rule", "operations"): "the guard asks whether all partitions are told, so it asks all workers",
}
UNITS = {"s", "bytes", "Bps", "cps", "percentunit", "locale"}


def _variables(board: Board) -> dict[str, Any]:
    return {variable["name"]: variable for variable in board["templating"]["list"]}


def _targets(board: Board) -> Iterator[tuple[str, promql_parser.Expr]]:
    for panel in panels(board):
        for target in panel["targets"]:
            yield panel["title"], parsed(target["expr"], board)


def template_datasource(board: Board) -> Iterator[tuple[str, str]]:
    variable = _variables(board)["datasource"]
    if (variable["type"], variable["query"], variable["label"]) != ("datasource", "prometheus", "Data source"):
        yield "datasource", "is not the templated data source"


def _template(board: Board, name: str) -> Iterator[tuple[str, str]]:
    variable = _variables(board).get(name)
    if variable is None:
        yield name, "is missing"
        return
    if variable["datasource"]["uid"] != "$datasource" or variable["type"] != "query":
        yield name, "does not ask the templated data source"
    if variable["label"] != name.title():
        yield name, "has another label"
    if not variable["multi"] or variable.get("allValue") != ".+":
        yield name, "does not let several be chosen, all of them as .+"


def template_job(board: Board) -> Iterator[tuple[str, str]]:
    return _template(board, "job")


def template_instance(board: Board) -> Iterator[tuple[str, str]]:
    return _template(board, "instance")


def template_on_time_change_reload(board: Board) -> Iterator[tuple[str, str]]:
    for name, variable in _variables(board).items():
        if variable["type"] == "query" and variable["refresh"] != 2:
            yield name, "is not asked again when the time changes"


def template_label_promql(board: Board) -> Iterator[tuple[str, str]]:
    for name, variable in _variables(board).items():
        if variable["type"] == "query":
            parsed(variable["query"].removeprefix("label_values(").rpartition(",")[0], board)
            if variable["query"] != variable["definition"]:
                yield name, "is described otherwise than asked"


def uneditable(board: Board) -> Iterator[tuple[str, str]]:
    if board["editable"]:
        yield "", "could be changed by hand, and be lost"


def panel_datasource(board: Board) -> Iterator[tuple[str, str]]:
    for panel in panels(board):
        used = {panel["datasource"]["uid"], *(target["datasource"]["uid"] for target in panel["targets"])}
        if used != {"$datasource"}:
            yield panel["title"], "asks another data source"


def panel_title_description(board: Board) -> Iterator[tuple[str, str]]:
    texts = {description(signal) for signal in SIGNALS}
    for panel in panels(board):
        if not panel["title"] or not any(panel["description"].startswith(text) for text in texts):
            yield panel["title"], "has no title, or does not say what the signal table says"


def panel_units(board: Board) -> Iterator[tuple[str, str]]:
    for panel in panels(board):
        if panel["fieldConfig"]["defaults"].get("unit") not in UNITS:
            yield panel["title"], "has no unit"


def panel_no_targets(board: Board) -> Iterator[tuple[str, str]]:
    for panel in panels(board):
        if not panel["targets"] or len({target["refId"] for target in panel["targets"]}) != len(panel["targets"]):
            yield panel["title"], "has no query, or two of one letter"


def target_rate_interval(board: Board) -> Iterator[tuple[str, str]]:
    """As in the linter, an increase may be over a time of its own: a score is of a day."""
    interval = promql_parser.parse_duration(RATE_INTERVAL)
    for title, tree in _targets(board):
        for node, above in walked(tree):
            ranged = isinstance(node, promql_parser.MatrixSelector | promql_parser.SubqueryExpr)
            under = above[-1].func.name if ranged and isinstance(above[-1], promql_parser.Call) else ""
            if ranged and under != "increase" and node.range != interval:
                yield title, "has a range other than $__rate_interval"


def target_counter_agg(board: Board) -> Iterator[tuple[str, str]]:
    """The linter wants the rate right above the counter; here it may take the largest of each partition in between."""
    for title, tree in _targets(board):
        for selector, above in selectors(tree):
            calls = {node.func.name for node in above if isinstance(node, promql_parser.Call)}
            if selector.name.endswith("_total") and not calls & {"rate", "irate", "increase"}:
                yield title, f"shows the counter {selector.name} as it is"
            if not selector.name.endswith(("_total", "_bucket", "_sum", "_count")) and calls & {"rate", "increase"}:
                yield title, f"takes a rate of {selector.name}, which is no counter"


def _matcher(board: Board, label: str) -> Iterator[tuple[str, str]]:
    wanted = f'{label}=~"${label}"'
    for title, tree in _targets(board):
        for selector, _ in selectors(tree):
            if wanted not in map(str, selector.matchers.matchers):
                yield title, f"{selector.name} of any {label}"


def target_job(board: Board) -> Iterator[tuple[str, str]]:
    return _matcher(board, "job")


def target_instance(board: Board) -> Iterator[tuple[str, str]]:
    return _matcher(board, "instance")


RULES: dict[str, Rule] = {
    "template-datasource-rule": template_datasource,
    "template-job-rule": template_job,
    "template-instance-rule": template_instance,
    "template-label-promql-rule": template_label_promql,
    "template-on-time-change-reload-rule": template_on_time_change_reload,
    "uneditable-dashboard": uneditable,
    "panel-datasource-rule": panel_datasource,
    "panel-title-description-rule": panel_title_description,
    "panel-units-rule": panel_units,
    "panel-no-targets-rule": panel_no_targets,
    "target-rate-interval-rule": target_rate_interval,
    "target-counter-agg-rule": target_counter_agg,
    "target-job-rule": target_job,
    "target-instance-rule": target_instance,
}


@pytest.mark.parametrize("name", BOARDS)
@pytest.mark.parametrize("rule", RULES)
def test_a_board_keeps_the_rule_or_is_excepted_with_a_reason(rule: str, name: str) -> None:
    wrong = list(RULES[rule](BOARDS[name]))
    if (rule, name) in EXCEPTIONS:
        assert wrong, "the exception is no longer needed"
    else:
        assert not wrong


def test_exceptions_are_narrow() -> None:
    of_any_job = {what.split()[0] for _, what in target_job(BOARDS["alarms"])}
    assert all(name == "ALERTS" or name.startswith("leadpulse_notify_") for name in of_any_job)
    of_any_worker = {what.split()[0] for _, what in target_instance(BOARDS["operations"])}
    guards = {"leadpulse_consumer_lag_records", "leadpulse_forecast_waits"}
    assert of_any_worker <= {"leadpulse_partition_ready", "leadpulse_partitions"} | guards


def test_a_counter_that_is_shown_as_it_is_is_found() -> None:
    panel = {"type": "stat", "title": "x", "targets": [{"expr": "sum(leadpulse_events_total)"}]}
    board = {"panels": [panel], "templating": {"list": []}}
    assert list(target_counter_agg(board)) == [("x", "shows the counter leadpulse_events_total as it is")]


def test_a_range_by_hand_is_found() -> None:
    panel = {"type": "stat", "title": "x", "targets": [{"expr": "rate(leadpulse_events_total[5m])"}]}
    board = {"panels": [panel], "templating": {"list": []}}
    assert list(target_rate_interval(board)) == [("x", "has a range other than $__rate_interval")]
