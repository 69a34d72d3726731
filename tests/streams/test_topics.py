import pytest

from streams.topics import FoundTopic, Role, TopicMismatch, check_layout, plan_topics

PLANS = plan_topics(inputs=("left", "right"), changelog="state", outputs=("alerts", "dlq"), max_record_size=1000)


def found(**partitions: int) -> dict[str, FoundTopic]:
    return {name: FoundTopic(count, "compact" if name == "state" else "delete") for name, count in partitions.items()}


def test_the_changelog_is_compacted_and_everything_written_may_be_as_large_as_a_record() -> None:
    by_name = {plan.name: plan for plan in PLANS}
    assert by_name["state"].role is Role.CHANGELOG
    assert by_name["state"].configs["cleanup.policy"] == "compact"
    assert int(by_name["state"].configs["max.message.bytes"]) > 1000
    assert int(by_name["dlq"].configs["max.message.bytes"]) > 1000
    assert by_name["left"].configs == {}


def test_an_empty_cluster_gets_the_wanted_number_of_partitions() -> None:
    assert check_layout(PLANS, {}, 4) == 4


def test_existing_inputs_decide_the_number_of_partitions() -> None:
    assert check_layout(PLANS, found(left=12, right=12), 4) == 12
    assert check_layout(PLANS, found(left=12), 4) == 12


def test_inputs_that_differ_are_refused() -> None:
    with pytest.raises(TopicMismatch, match="left has 4, right has 6"):
        check_layout(PLANS, found(left=4, right=6), 4)


def test_a_changelog_of_another_partitioning_is_refused() -> None:
    with pytest.raises(TopicMismatch, match="state has 4 partitions, but the inputs have 6"):
        check_layout(PLANS, found(left=6, right=6, state=4), 4)
    with pytest.raises(TopicMismatch, match="state has 8 partitions, but the inputs have 4"):
        check_layout(PLANS, found(state=8), 4)


@pytest.mark.parametrize("policy", ["delete", "compact,delete"])
def test_a_changelog_that_forgets_is_refused(policy: str) -> None:
    with pytest.raises(TopicMismatch, match=f"cleanup.policy={policy}"):
        check_layout(PLANS, {"state": FoundTopic(4, policy)}, 4)


def test_outputs_may_have_more_partitions_than_the_inputs_but_not_fewer() -> None:
    assert check_layout(PLANS, found(left=4, right=4, alerts=6), 4) == 4
    with pytest.raises(TopicMismatch, match="alerts has 2 partitions"):
        check_layout(PLANS, found(left=4, right=4, alerts=2), 4)
