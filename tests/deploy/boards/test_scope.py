from __future__ import annotations

import pytest

from deploy.boards.scope import scoped
from schemas.signal import READY, covers
from schemas.signals import SIGNALS


def test_every_selector_asks_for_the_job_of_the_board() -> None:
    assert scoped("sum(leadpulse_uncreated_leads)") == 'sum(leadpulse_uncreated_leads{job=~"$job"})'
    assert scoped(READY).count('{job=~"$job"}') == READY.count("leadpulse_")


def test_matchers_that_are_there_stay() -> None:
    assert scoped('leadpulse_created_leads{window="5m"}') == 'leadpulse_created_leads{window="5m", job=~"$job"}'


def test_a_filter_goes_where_the_signal_has_its_label() -> None:
    both = ("source", "team")
    assert scoped("leadpulse_open_leads", both) == 'leadpulse_open_leads{job=~"$job", source=~"$source"}'
    assert scoped("leadpulse_partitions", both) == 'leadpulse_partitions{job=~"$job"}'


def test_a_label_that_the_query_has_settled_is_not_filtered_again() -> None:
    query = 'leadpulse_unanswered_leads{team="north"}'
    assert scoped(query, ("source", "team")) == (
        'leadpulse_unanswered_leads{team="north", job=~"$job", source=~"$source"}'
    )


def test_samples_of_a_histogram_have_the_labels_of_their_signal() -> None:
    for sample in ("bucket", "gsum", "gcount"):
        assert 'team=~"$team"' in scoped(f"leadpulse_response_seconds_{sample}", ("team",))


def test_single_workers_can_be_chosen_where_the_board_lets_them() -> None:
    assert scoped("process_open_fds", ("instance",)) == 'process_open_fds{job=~"$job", instance=~"$instance"}'


def test_a_guard_asks_for_all_workers_whichever_are_chosen() -> None:
    for guard in (READY, covers("leadpulse_forecast_waits")):
        assert "instance" not in scoped(guard, ("instance",))
        expression = scoped(f"sum(leadpulse_forecast_waits) and on() {guard}", ("instance",))
        assert expression.startswith('sum(leadpulse_forecast_waits{job=~"$job", instance=~"$instance"}) and')
        assert expression.count("instance") == 2


def test_the_notifier_may_be_scraped_under_a_name_of_its_own() -> None:
    assert scoped("leadpulse_notify_ready") == 'leadpulse_notify_ready{job=~"$job(-notify)?"}'


def test_whether_a_sum_is_whole_is_asked_of_all_workers() -> None:
    whole_sum = scoped(f"sum(leadpulse_state_leads) and on() {READY}", ("instance",))
    assert whole_sum.count("$instance") == 1
    assert whole_sum.startswith('sum(leadpulse_state_leads{job=~"$job", instance=~"$instance"}) and on() (count(')


def test_what_is_no_signal_is_refused() -> None:
    with pytest.raises(LookupError, match="leadpulse_nonsense is no signal"):
        scoped("sum(leadpulse_nonsense)")


def test_every_query_of_the_signal_table_can_be_scoped() -> None:
    for signal in SIGNALS:
        assert 'job=~"$job' in scoped(signal.query, ("source", "team", "policy"))
