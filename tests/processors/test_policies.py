"""Which policy a lead falls under, and after how much time what happens."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec import structs

from processors.policies import BREACH, FIRST_ATTEMPT, FIRST_CONTACT, NEXT_RESPONSE, WARNING, Facts, Policy, targets
from processors.promises import Policies

LEAD = Facts(source="web", segment="smb", region="EU", product="loan", team="north", amount=500)
PLAIN = Policy(name="plain", targets=targets(first_contact=1000))


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ({}, True),
        ({"sources": frozenset({"web", "ads"})}, True),
        ({"sources": frozenset({"ads"})}, False),
        ({"segments": frozenset({"smb"})}, True),
        ({"segments": frozenset({"large"})}, False),
        ({"regions": frozenset({"EU"})}, True),
        ({"regions": frozenset({"US"})}, False),
        ({"products": frozenset({"loan"})}, True),
        ({"products": frozenset({"card"})}, False),
        ({"teams": frozenset({"north"})}, True),
        ({"teams": frozenset({"south"})}, False),
        ({"min_amount": 500}, True),
        ({"min_amount": 501}, False),
        ({"sources": frozenset({"web"}), "teams": frozenset({"south"})}, False),
    ],
)
def test_a_policy_holds_when_all_its_conditions_do(condition: dict[str, Any], holds: bool) -> None:
    assert structs.replace(PLAIN, **condition).holds(LEAD) is holds


def test_a_policy_without_conditions_holds_for_all() -> None:
    assert PLAIN.holds_for_all
    for condition in ("sources", "segments", "regions", "products", "teams"):
        assert not structs.replace(PLAIN, **{condition: frozenset({"x"})}).holds_for_all
    assert not structs.replace(PLAIN, min_amount=1).holds_for_all


def test_the_first_policy_that_holds_is_the_leads() -> None:
    south = structs.replace(PLAIN, name="south", teams=frozenset({"south"}))
    north = structs.replace(PLAIN, name="north", teams=frozenset({"north"}))
    assert Policies((south, north, PLAIN)).number(LEAD) == 1
    assert Policies((PLAIN, north)).number(LEAD) == 0
    assert Policies((south,)).number(LEAD) is None
    assert Policies(()).number(LEAD) is None


def test_the_steps_are_the_warning_the_breach_and_the_escalations_after_it() -> None:
    policy = structs.replace(PLAIN, warn_share=0.75, escalations=(100, 250))
    assert policy.steps(FIRST_CONTACT) == (750, 1000, 1100, 1250)
    assert (WARNING, BREACH) == (0, 1)


def test_what_is_not_promised_has_no_steps() -> None:
    assert PLAIN.steps(FIRST_ATTEMPT) == PLAIN.steps(NEXT_RESPONSE) == ()
    (steps,) = [Policies((PLAIN,)).steps(0)]
    assert steps == ((), (800, 1000), ())


def test_the_warning_comes_before_the_breach_be_it_by_a_millisecond() -> None:
    assert structs.replace(PLAIN, warn_share=0.99999).steps(FIRST_CONTACT) == (999, 1000)
    assert structs.replace(PLAIN, targets=targets(first_contact=1)).steps(FIRST_CONTACT) == (0, 1)


def test_a_warning_may_come_some_time_before_the_breach_instead_of_at_a_share() -> None:
    assert structs.replace(PLAIN, warn_before=300).steps(FIRST_CONTACT) == (700, 1000)
    assert structs.replace(PLAIN, warn_before=5000).steps(FIRST_CONTACT) == (0, 1000)


def test_promises_are_given_by_name() -> None:
    assert targets(next_response=3, first_attempt=1) == ((NEXT_RESPONSE, 3), (FIRST_ATTEMPT, 1))
    with pytest.raises(ValueError, match="not in tuple"):
        targets(second_contact=1)
