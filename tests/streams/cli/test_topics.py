from __future__ import annotations

import pytest
from aiokafka.structs import TopicPartition

from streams.cli import topics
from streams.cli.main import run
from streams.cli.topics import Amount
from streams.plan import topic_plans
from streams.settings import Settings
from streams.topics import FoundTopic, Role

PLANS = topic_plans(Settings())
RIGHT = {plan.name: FoundTopic(4, "compact" if plan.role is Role.CHANGELOG else "delete") for plan in PLANS}


def test_right_topics_have_no_mismatch() -> None:
    assert topics.mismatches(PLANS, RIGHT, 4) == []
    assert topics.mismatches(PLANS, {}, 4) == []


def test_everything_that_is_wrong_is_said_at_once() -> None:
    found = RIGHT | {
        "leadpulse-changelog": FoundTopic(3, "compact"),
        "leads.v1.dlq": FoundTopic(1, "delete"),
    }
    changelog, dead = topics.mismatches(PLANS, found, 4)
    assert changelog.startswith("the changelog leadpulse-changelog has 3 partitions, but the inputs have 4")
    assert dead.startswith("leads.v1.dlq has 1 partitions")


def test_inputs_that_differ_are_all_that_is_said() -> None:
    found = RIGHT | {"leads.v1": FoundTopic(3, "delete")}
    (problem,) = topics.mismatches(PLANS, found, 4)
    assert problem.startswith("the inputs must have the same number of partitions")


def test_what_is_behind_is_what_the_group_has_not_passed() -> None:
    tps = [TopicPartition("leads.v1", n) for n in range(3)]
    begins, ends = dict.fromkeys(tps, 10), dict(zip(tps, (20, 30, 10), strict=True))
    assert topics._amount("leads.v1", begins, ends, {tps[0]: 15, tps[1]: 5}) == Amount(30, 5 + 20)
    assert topics._amount("leads.v1", begins, ends, {}) == Amount(30, None)


@pytest.mark.parametrize("command", ["list", "check", "create"])
def test_a_broker_out_of_reach_ends_the_waiting(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["topics", command, "--wait", "0.3", "--set", "kafka.brokers=127.0.0.1:1"]) == 69
    assert capsys.readouterr().err.splitlines()[-1].startswith("leadpulse: ")
