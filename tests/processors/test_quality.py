"""How good the leads are that come in."""

from __future__ import annotations

import pytest
from msgspec import structs

from processors.changelog import Changelog, restore
from processors.funnel import MINUTE_MS
from processors.shard import Shard
from tests.processors.events import FUNNEL, call, created, lost, merged, reopened, scored
from tests.processors.looks import Log, feed, panes
from tests.processors.telling import counted, families, times


def test_the_latest_score_counts_whatever_came_last() -> None:
    assert counted("scored", created(0), scored(0.5, 3), scored(0.75, 7)) == {("web",): 1}
    assert counted("scores", created(0), scored(0.75, 7), scored(0.5, 3)) == {("web",): 750}
    assert counted("scores", scored(0.5, 3), created(0)) == {("web",): 500}
    assert "scored" not in families(created(0))


def test_a_score_counts_where_the_lead_came_in() -> None:
    events = created(0), scored(0.5, 300)
    assert times("scored", *events) == [0]


@pytest.mark.parametrize(
    ("score", "kept"), [(0.0004, 0), (0.0006, 1), (-3.14159, -3142), (1e6, 10**9), (-1e6, -(10**9))]
)
def test_scores_are_kept_to_a_thousandth(score: float, kept: int) -> None:
    closed = created(0), scored(score, 1), lost(2, "price")
    assert counted("scored", *closed) == {("web",): 1}
    assert counted("scores", *closed, reopened(3)).get(("web",), 0) == kept


def test_a_merged_lead_has_no_score() -> None:
    assert families(created(0), scored(0.5, 1), merged("M", 2)).isdisjoint({"scored", "scores"})


def test_a_shortened_lead_keeps_its_score_when_all_is_made_anew() -> None:
    log, often = Log(), [call("no_answer", 2 + n / 100, event_id=f"c{n}") for n in range(600)]
    log.commit(Changelog(feed(Shard(FUNNEL), [created(0), scored(0.5, 1), *often])))
    anew = Shard(structs.replace(FUNNEL, stage_edges=(MINUTE_MS,)))
    restore(anew, log.records.items())
    found = {key: n for pane in panes(anew).values() for key, n in pane.items() if key[0] in ("scored", "scores")}
    assert found == {("scored", "web", 0): 1, ("scores", "web", 0): 500}
