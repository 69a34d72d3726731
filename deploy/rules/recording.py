"""Recording rules: what boards and alerts ask again and again, named `level:metric:operations`."""

from __future__ import annotations

from deploy.rules.terms import Recording

WHOLE = "job:leadpulse_partition_ready:whole"
"""1 while every partition of a job is told by exactly one worker that has caught up, else 0: sums may be trusted."""
_IS_WHOLE = f"and on (job) {WHOLE} == 1"

FIRST_CONTACT = 'obligation="first_contact"'


def _whole(expression: str) -> str:
    return f"({expression}) {_IS_WHOLE}"


def _quantile(q: float) -> str:
    buckets = 'sum by (job, window, team, le) (leadpulse_response_seconds_bucket{kind="contact"})'
    return _whole(f"histogram_quantile({q}, {buckets})")


def counted(counter: str, by: str) -> str:
    """Return a counter whoever tells it: it moves between workers with its partition, and would count twice."""
    return f"max by (job, partition, {by}) ({counter})"


_OWNERS = "sum by (job, partition) (leadpulse_partition_ready) == 1"
_TELLERS = "count by (job, partition) (leadpulse_partition_ready) == 1"
_ALL = "(max by (job) (leadpulse_partitions) > 0)"
_JUDGED = f'leadpulse_promised_leads{{{FIRST_CONTACT}, result=~"met|breached"}}'
_BROKEN = f'leadpulse_promised_leads{{{FIRST_CONTACT}, result="breached"}}'
_WON = 'leadpulse_closed_leads{outcome="won"}'
_BY_POLICY, _BY_SOURCE = "by (job, window, team, policy)", "by (job, window, source)"

PROMISES = "job_window_team_policy:leadpulse_promised_leads:sum"
BROKEN_SHARE = "job_window_team_policy:leadpulse_promised_leads:broken_ratio"
CREATED = "job_window_source:leadpulse_created_leads:sum"
CLOSED = "job_window_source:leadpulse_closed_leads:sum"
WON_SHARE = "job_window_source:leadpulse_closed_leads:won_ratio"
WAITING = "job_team_band:leadpulse_unanswered_leads:sum"
OLDEST = "job_team:leadpulse_oldest_unanswered_lead_age_seconds:max"
READ_RATE = "job:leadpulse_records_read:rate5m"
LAG = "job:leadpulse_consumer_lag_seconds:max"
DEAD = "job_reason:leadpulse_dead_letters:increase15m"

RECORDINGS: tuple[Recording, ...] = (
    Recording(WHOLE, f"(count by (job) ({_OWNERS} and {_TELLERS}) or on (job) 0 * {_ALL}) == bool on (job) {_ALL}"),
    Recording(PROMISES, _whole(f"sum {_BY_POLICY} ({_JUDGED})")),
    Recording(BROKEN_SHARE, _whole(f"sum {_BY_POLICY} ({_BROKEN}) / sum {_BY_POLICY} ({_JUDGED})")),
    Recording("job_window_team:leadpulse_response_seconds:p50", _quantile(0.5)),
    Recording("job_window_team:leadpulse_response_seconds:p90", _quantile(0.9)),
    Recording(CREATED, _whole(f"sum {_BY_SOURCE} (leadpulse_created_leads)")),
    Recording(CLOSED, _whole(f"sum {_BY_SOURCE} (leadpulse_closed_leads)")),
    Recording(WON_SHARE, _whole(f"sum {_BY_SOURCE} ({_WON}) / sum {_BY_SOURCE} (leadpulse_closed_leads)")),
    Recording(WAITING, _whole("sum by (job, team, band) (leadpulse_unanswered_leads)")),
    Recording(OLDEST, _whole("max by (job, team) (leadpulse_oldest_unanswered_lead_age_seconds)")),
    Recording(READ_RATE, f"sum by (job) (rate({counted('leadpulse_records_read_total', 'topic')}[5m:15s]))"),
    Recording(LAG, "max by (job) (leadpulse_consumer_lag_seconds)"),
    Recording(DEAD, f"sum by (job, reason) (increase({counted('leadpulse_dead_letters_total', 'reason')}[15m:15s]))"),
)
