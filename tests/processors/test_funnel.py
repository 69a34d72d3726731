"""What the configuration means: when its numbers must be made anew, and when not."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from processors.follow_up import Band, FollowUp
from processors.funnel import DAY_MS, MAX_EDGES, MINUTE_MS, STATUS_NAMES, Funnel, Stage
from processors.policies import BUSINESS, Policy, targets
from processors.working_hours import CLOSED, CalendarPlan, CalendarSpec

PLAIN = Funnel()


@pytest.mark.parametrize(
    "change",
    [
        {"stages": PLAIN.stages[::-1]},
        {"stages": PLAIN.stages[:-1]},
        {"stages": (*PLAIN.stages[:-1], Stage("negotiation", "won"))},
        {"zone": "Europe/Amsterdam"},
        {"response_edges": (MINUTE_MS,)},
        {"stage_edges": (MINUTE_MS,)},
        {"cycle_edges": (MINUTE_MS,)},
        {"contact_outcomes": frozenset({"held"})},
        {"written_channels": frozenset({"email"})},
        {"policies": ()},
        {"policies": (structs.replace(PLAIN.policies[0], warn_share=0.5),)},
        {"policies": (structs.replace(PLAIN.policies[0], clock=BUSINESS),)},
        {"policies": (structs.replace(PLAIN.policies[0], escalations=(MINUTE_MS,)),)},
        {"policies": (*PLAIN.policies, structs.replace(PLAIN.policies[0], name="second"))},
        {"calendars": CalendarPlan(default=CalendarSpec(zone="UTC", week=(CLOSED,) * 7))},
        {"routing": BUSINESS},
        {"follow_up": FollowUp(band=Band(longest_gap=MINUTE_MS))},
        {"follow_up": FollowUp(band=Band(most_a_week=1))},
        {"follow_up": FollowUp(bands=(("contacted", Band()),))},
        {"follow_up": FollowUp(collision=1)},
        {"follow_up": FollowUp(reply=1)},
    ],
)
def test_what_numbers_depend_on_is_part_of_the_meaning(change: dict[str, Any]) -> None:
    assert structs.replace(PLAIN, **change).meaning() != PLAIN.meaning()


@pytest.mark.parametrize(
    "change",
    [
        {"rolling": {"1h": 60}},
        {"calendar": ("today",)},
        {"label_caps": {"source": 3}},
        {"contact_outcomes": frozenset(sorted(PLAIN.contact_outcomes, reverse=True))},
    ],
)
def test_what_is_applied_at_reading_or_from_now_on_is_not(change: dict[str, Any]) -> None:
    assert structs.replace(PLAIN, **change).meaning() == PLAIN.meaning()


def test_the_same_meaning_has_the_same_digest_in_every_process() -> None:
    # Stored in every changelog: a change here makes every worker of the world recompute.
    edges = {"response_edges": (1,), "stage_edges": (2,), "cycle_edges": (3,)}
    policy = Policy(name="p", sources=frozenset("abc"), targets=targets(first_contact=1))
    small = structs.replace(
        PLAIN,
        stages=(Stage("a"), Stage("b", "won")),
        policies=(policy,),
        contact_outcomes=frozenset("xyz"),
        **edges,
    )
    assert small.meaning().hex() == "66a84bee8b07da7004e22e4d95fff24f"


def test_edges_that_are_swapped_between_families_are_another_meaning() -> None:
    swapped = structs.replace(PLAIN, stage_edges=PLAIN.cycle_edges, cycle_edges=PLAIN.stage_edges)
    assert swapped.meaning() != PLAIN.meaning()


def test_the_plain_funnel_serves_without_configuration() -> None:
    assert [stage.name for stage in PLAIN.stages] == ["contacted", "qualified", "proposal", "negotiation"]
    assert STATUS_NAMES == ("open", "won", "lost", "disqualified")
    for edges in (PLAIN.response_edges, PLAIN.stage_edges, PLAIN.cycle_edges):
        assert list(edges) == sorted(set(edges))
        assert len(edges) <= MAX_EDGES
    (policy,) = PLAIN.policies
    assert policy.holds_for_all
    for _, target in policy.targets:
        assert target in PLAIN.response_edges, "the share answered in time is exact"
    assert PLAIN.response_edges[-1] == 3 * DAY_MS
