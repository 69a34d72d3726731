"""The signals about the view of who waits in Redis: rows of the signal table, see `schemas.signals`."""

from __future__ import annotations

from schemas.signal import RATE_INTERVAL, Signal

WAITING_VIEW: tuple[Signal, ...] = (
    Signal(
        name="leadpulse_waiting_view_up",
        kind="gauge",
        help="1 while Redis takes the view of who waits, 0 while it does not; missing where none is configured",
        panel="Waiting view up",
        description="While it is 0, boards that read Redis show an old picture and say so. The numbers go on.",
        query="min(leadpulse_waiting_view_up)",
    ),
    Signal(
        name="leadpulse_waiting_view_lag_seconds",
        kind="gauge",
        help="How long Redis has not had everything that is committed about the waiting leads; 0 while it has",
        unit="seconds",
        panel="Waiting view lag",
        description="How old the picture in Redis is.",
        query="max(leadpulse_waiting_view_lag_seconds)",
    ),
    Signal(
        name="leadpulse_waiting_view_pending_leads",
        kind="gauge",
        help="Leads whose row in Redis is still to be written",
        panel="Waiting view, rows to write",
        description="All waiting leads while Redis is away, since they are written anew when it is back.",
        query="sum(leadpulse_waiting_view_pending_leads)",
    ),
    Signal(
        name="leadpulse_waiting_view_rewrites",
        kind="counter",
        help="Times a whole partition was written to Redis: taken_over, connected, lost, behind or repair",
        labels=("reason",),
        panel="Waiting view, partitions written",
        description="repair comes by itself now and then. lost: Redis had lost its data. behind: Redis is too slow.",
        query=f"sum by (reason) (increase(leadpulse_waiting_view_rewrites_total[{RATE_INTERVAL}]))",
    ),
    Signal(
        name="leadpulse_waiting_view_errors",
        kind="counter",
        help="Times Redis failed (away), or another worker had claimed a partition there (fenced)",
        labels=("kind",),
        panel="Waiting view, errors",
        description="away is tried again all the time. fenced that goes on: another application uses the same prefix.",
        query=f"sum by (kind) (increase(leadpulse_waiting_view_errors_total[{RATE_INTERVAL}]))",
    ),
)
"""Numbers about the view in Redis."""
