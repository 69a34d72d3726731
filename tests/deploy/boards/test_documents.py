from __future__ import annotations

import json
from itertools import combinations
from typing import Any

import pytest
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from deploy.boards.documents import board_documents
from deploy.boards.frame import IN_SIGHT
from deploy.boards.terms import Terms
from deploy.boards.wallboard import wallboard
from deploy.generated import terms_of
from schemas.signals import SIGNALS
from streams.settings import Settings, load
from tests.deploy.boards.boards import BOARDS, panels, parsed, selectors
from tests.integration.board_queries import queries

TERMS = terms_of(Settings())


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_survives_a_round_trip_through_the_sdk(name: str) -> None:
    register_default_plugins()
    again = json.loads(json.dumps(Dashboard.from_json(json.loads(json.dumps(BOARDS[name]))), cls=JSONEncoder))
    for link in again["links"]:
        assert link.pop("placement") == "inControlsMenu", "the only place for links that the SDK can read"
        link["placement"] = IN_SIGHT
    assert again == BOARDS[name]


@pytest.mark.parametrize("name", BOARDS)
def test_a_board_is_of_the_classic_form_under_a_name_that_stays(name: str) -> None:
    board = BOARDS[name]
    assert (board["schemaVersion"], board["uid"]) == (42, f"leadpulse-{name}")
    assert len(board["uid"]) <= 40  # Grafana takes no longer ones
    assert board["description"].endswith("?"), "the question it answers"


@pytest.mark.parametrize("name", BOARDS)
def test_panels_have_a_number_each_and_do_not_overlap(name: str) -> None:
    found = BOARDS[name]["panels"]
    assert [panel["id"] for panel in found] == list(range(1, len(found) + 1))
    fields = [_fields(panel) for panel in found]
    assert all(not one & other for one, other in combinations(fields, 2))
    assert all(0 <= x < 24 for field in fields for x, _ in field)


def _fields(panel: dict[str, Any]) -> set[tuple[int, int]]:
    x, y, w, h = (panel["gridPos"][side] for side in "xywh")
    return {(x + i, y + j) for i in range(w) for j in range(h)}


def test_the_wallboard_fills_one_screen_and_no_more() -> None:
    fields = [field for panel in BOARDS["wallboard"]["panels"] for field in _fields(panel)]
    rows = max(y for _, y in fields) + 1
    assert len(fields) == 24 * rows, "a hole"
    assert rows * 38 + 8 <= 1080


def test_every_signal_is_on_a_board() -> None:
    shown = {
        selector.name
        for name, board in BOARDS.items()
        for query in queries(name, board)
        if not query.place.startswith(("variable", "annotation"))
        for selector, _ in selectors(parsed(query.expr, board))
    }
    missing = {signal.name for signal in SIGNALS if not any(name.startswith(signal.name) for name in shown)}
    assert not missing


@pytest.mark.parametrize("name", BOARDS)
def test_links_keep_time_and_variables_and_lead_to_the_other_boards(name: str) -> None:
    link = BOARDS[name]["links"][0]
    assert (link["type"], link["tags"], link["keepTime"], link["includeVars"]) == (
        "dashboards",
        ["leadpulse"],
        True,
        True,
    )
    assert BOARDS[name]["tags"] == ["leadpulse"]


def test_tiles_lead_to_the_leads_behind_them() -> None:
    links = {
        panel["title"]: link["url"]
        for board in BOARDS.values()
        for panel in panels(board)
        for link in panel["fieldConfig"]["defaults"].get("links", ())
    }
    assert links["Waiting now"] == "${leadpulse_url}/waiting"
    assert links["Waiting, by team"] == "${leadpulse_url}/waiting?team=${__field.labels.team:percentencode}"
    assert BOARDS["response"]["links"][1]["url"] == "${leadpulse_url}/leads/${lead:percentencode}"


@pytest.mark.parametrize("name", BOARDS)
def test_alarms_deploys_and_starts_are_marked(name: str) -> None:
    assert [mark["name"] for mark in BOARDS[name]["annotations"]["list"]] == ["Alarms", "Deploys", "Starts"]


def test_people_see_their_own_time_and_operators_that_of_the_logs() -> None:
    assert {name: board["timezone"] for name, board in BOARDS.items()} == dict.fromkeys(BOARDS, "browser") | {
        "operations": "utc"
    }


def test_limits_are_those_of_the_promise() -> None:
    settings = load(environ={"LEADPULSE_RESPONSE__TARGET": "90s"})
    board = json.loads(board_documents(terms_of(settings))["deploy/grafana/dashboards/wallboard.json"])
    (tile,) = (panel for panel in panels(board) if panel["title"] == "Longest wait")
    assert [step["value"] for step in tile["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [None, 72, 90]


def test_of_several_policies_the_most_patient_one_gives_the_limit() -> None:
    policies = '[{name = "hot", first_contact = "5m"}, {name = "rest", first_contact = "1h", warn_at = 0.5}]'
    terms = terms_of(load(environ={"LEADPULSE_SLA__POLICIES": policies}))
    assert (terms.answer_warning, terms.answer_target) == (1800, 3600)


def test_where_no_first_contact_is_promised_the_target_is_the_limit() -> None:
    terms = terms_of(load(environ={"LEADPULSE_SLA__POLICIES": '[{name = "x", next_response = "1h"}]'}))
    assert terms.answer_target == Settings().response.target.ms / 1000


def test_windows_and_stages_are_those_that_are_configured() -> None:
    terms = Terms(answer_warning=1, answer_target=2, stages=("a",), rolling=("5m",), calendar=("today", "week"))
    assert terms.windows == ("today", "yesterday", "week", "last_week", "5m", "all")
    funnel = json.loads(board_documents(terms)["deploy/grafana/dashboards/funnel.json"])
    (bars,) = (panel for panel in panels(funnel) if panel["title"] == "Leads that got so far")
    assert [target["legendFormat"] for target in bars["targets"]] == ["created", "a", "won"]


def test_without_a_window_of_today_there_is_no_wallboard() -> None:
    terms = Terms(answer_warning=1, answer_target=2, stages=("a",), rolling=("5m",), calendar=("week",))
    with pytest.raises(ValueError, match=r"windows\.calendar: the wallboard shows today"):
        wallboard(terms)
