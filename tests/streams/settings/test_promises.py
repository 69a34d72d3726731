"""What a business promises its leads: as users write it, as the processors take it, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from processors.funnel import MAX_EDGES
from processors.policies import BUSINESS, WALL, Policy, targets
from streams.settings import Settings, SettingsError, load
from streams.settings.funnel import funnel_of, policies_of

MINUTE_MS = 60_000


def policy(*lines: str, name: str = "hot") -> str:
    """A policy; the first of these lines stands in line 3."""
    return "\n".join(["[[sla.policies]]", f"name = '{name}'", *lines, ""])


def loaded(folder: Path, text: str) -> Settings:
    (folder / "leadpulse.toml").write_text(text, encoding="utf-8")
    return load(folder / "leadpulse.toml", environ={})


def refusals(folder: Path, text: str) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        loaded(folder, text)
    return [problem.removeprefix(f"{folder}/") for problem in caught.value.problems]


def test_without_policies_everybody_is_promised_the_first_contact_within_the_target() -> None:
    settings = load(environ={"LEADPULSE_RESPONSE__TARGET": "7m"})
    assert policies_of(settings) == (Policy(name="default", clock=WALL, targets=targets(first_contact=7 * MINUTE_MS)),)


def test_a_policy_reaches_the_processors_whole(tmp_path: Path) -> None:
    lines = (
        'sources = ["web"]',
        'segments = ["smb"]',
        'regions = ["EU"]',
        'products = ["loan"]',
        'teams = ["north"]',
        "min_amount = 100",
        'clock = "wall"',
        'first_attempt = "5m"',
        'first_contact = "15m"',
        'next_response = "1h"',
        "warn_at = 0.5",
        'escalate = ["10m", "1h"]',
    )
    (found,) = policies_of(loaded(tmp_path, policy(*lines)))
    assert found == Policy(
        name="hot",
        sources=frozenset({"web"}),
        segments=frozenset({"smb"}),
        regions=frozenset({"EU"}),
        products=frozenset({"loan"}),
        teams=frozenset({"north"}),
        min_amount=100,
        clock=WALL,
        targets=targets(first_attempt=5 * MINUTE_MS, first_contact=15 * MINUTE_MS, next_response=60 * MINUTE_MS),
        warn_share=0.5,
        escalations=(10 * MINUTE_MS, 60 * MINUTE_MS),
    )


def test_a_policy_counts_working_hours_unless_told_otherwise(tmp_path: Path) -> None:
    (found,) = policies_of(loaded(tmp_path, policy('first_contact = "15m"')))
    assert (found.clock, found.warn_share, found.escalations) == (BUSINESS, 0.8, ())


def test_policies_keep_their_order(tmp_path: Path) -> None:
    text = policy('first_contact = "1m"', name="b") + policy('first_contact = "2m"', name="a")
    assert [found.name for found in policies_of(loaded(tmp_path, text))] == ["b", "a"]


def test_what_is_promised_becomes_a_bucket_edge(tmp_path: Path) -> None:
    edges = funnel_of(loaded(tmp_path, policy('first_contact = "7m"', 'next_response = "3h"'))).response_edges
    assert {7 * MINUTE_MS, 180 * MINUTE_MS} <= set(edges)
    assert list(edges) == sorted(set(edges))


MANY = "".join(policy(f'first_contact = "{n}m"', name=f"p{n}") for n in range(101, 101 + MAX_EDGES))

REFUSED = {
    "promises nothing": (
        policy("min_amount = 1"),
        'leadpulse.toml:1: [sla] policies[0]: policy "hot" promises nothing: set first_attempt, first_contact or'
        " next_response",
    ),
    "name taken": (
        policy('first_contact = "1m"') + policy('first_contact = "2m"'),
        'leadpulse.toml:1: [sla] policies: has "hot" 2 times',
    ),
    "escalations": (
        policy('first_contact = "1m"', 'escalate = ["2h", "1h"]'),
        'leadpulse.toml:4: [sla] policies[0].escalate: must ascend, but "1h" comes after "2h"',
    ),
    "warning too early": (
        policy('first_contact = "10m"', 'warn_before = "10m"'),
        "leadpulse.toml:4: [sla] policies[0].warn_before: 10m is not less than first_contact, 10m",
    ),
    "warning share": (
        policy('first_contact = "1m"', "warn_at = 1.0"),
        "leadpulse.toml:4: [sla] policies[0].warn_at: must be a number between 0 and 1, got 1.0",
    ),
    "clock": (
        policy('first_contact = "1m"', 'clock = "sun"'),
        'leadpulse.toml:4: [sla] policies[0].clock: must be one of "business", "wall", got "sun"',
    ),
    "amount": (
        policy('first_contact = "1m"', "min_amount = -1"),
        "leadpulse.toml:4: [sla] policies[0].min_amount: must be an integer of at least 0, got -1",
    ),
    "unknown": (
        policy('first_contct = "1m"'),
        'leadpulse.toml:3: [sla] policies[0].first_contct: unknown key; did you mean "first_contact"?',
    ),
    "no name": (
        '[[sla.policies]]\nfirst_contact = "1m"\n',
        'leadpulse.toml:1: [sla] policies[0]: needs a "name"',
    ),
    "too many targets": (
        MANY,
        "leadpulse.toml:1: [sla] policies: different targets and response.thresholds are 72, more than 62",
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_a_bad_policy_is_refused_with_its_line(fault: str, tmp_path: Path) -> None:
    text, problem = REFUSED[fault]
    assert refusals(tmp_path, text) == [problem]
