"""The signals about leads: rows of the signal table, see `schemas.signals`."""

from __future__ import annotations

from schemas.signal import WINDOW, Signal, whole


def _sum(by: str, name: str, *, window: bool = True) -> str:
    selector = '{window="$window"}' if window else ""
    return whole(f"sum by ({by}) ({name}{selector})")


BUSINESS: tuple[Signal, ...] = (
    Signal(
        name="leadpulse_created_leads",
        kind="gauge",
        help="Leads created in the window, by their creation time",
        labels=(WINDOW, "source", "team"),
        family="created",
        panel="Leads by source",
        description="How many leads came in, under the source and the team they were created with.",
        query=_sum("source", "leadpulse_created_leads"),
    ),
    Signal(
        name="leadpulse_scored_leads",
        kind="gauge",
        help="Leads created in the window that were given a score, whenever that was",
        labels=(WINDOW, "source"),
        family="scored",
        panel="Leads with a score",
        description="How many of the leads that came in were scored: what the mean score stands on.",
        query=_sum("source", "leadpulse_scored_leads"),
    ),
    Signal(
        name="leadpulse_scores",
        kind="gauge",
        help="Sum of the latest scores of the leads created in the window",
        labels=(WINDOW, "source"),
        family="scores",
        panel="Mean score by source",
        description="How good the leads are that came in, on the scale of whoever scores: the sum of their latest "
        "scores by the number of those that have one.",
        query=whole(
            'sum by (source) (leadpulse_scores{window="$window"})'
            ' / (sum by (source) (leadpulse_scored_leads{window="$window"}) > 0)'
        ),
    ),
    Signal(
        name="leadpulse_stage_moves",
        kind="gauge",
        help="Moves of open leads between stages in the window, every move counted",
        labels=(WINDOW, "source", "from_stage", "to_stage"),
        family="moved",
        panel="Stage flow",
        description="Where leads went, and how often they went back.",
        query=_sum("from_stage, to_stage", "leadpulse_stage_moves"),
    ),
    Signal(
        name="leadpulse_stage_reached_leads",
        kind="gauge",
        help="Leads that first reached the stage, or one behind it, in the window",
        labels=(WINDOW, "source", "stage"),
        family="reached",
        panel="Furthest stage",
        description="The funnel: each stage holds who got there or further. The drop-off of a stage is one minus the "
        "next stage's number over its own.",
        query=_sum("stage", "leadpulse_stage_reached_leads"),
    ),
    Signal(
        name="leadpulse_stage_duration_seconds",
        kind="gauge_histogram",
        help="Time that leads spent in a stage they left in the window",
        labels=(WINDOW, "source", "stage"),
        unit="seconds",
        family="stage_time",
        panel="Mean time in stage",
        description="How long leads stay before they move on or are closed; a lead counts when it leaves.",
        query=whole(
            'sum by (stage) (leadpulse_stage_duration_seconds_gsum{window="$window"})'
            ' / sum by (stage) (leadpulse_stage_duration_seconds_gcount{window="$window"})'
        ),
    ),
    Signal(
        name="leadpulse_response_seconds",
        kind="gauge_histogram",
        help="Wall time from a lead's creation to its first response of the kind, for responses in the window",
        labels=(WINDOW, "source", "team", "kind"),
        unit="seconds",
        family="response",
        panel="First contact within each threshold",
        description="How fast leads are answered. Kind tells apart what a bot sent (automated), what a person tried "
        "(attempt) and what reached the lead (contact). The thresholds of the configuration are buckets: the share "
        "within each is exact.",
        query=whole(
            'sum by (le) (leadpulse_response_seconds_bucket{window="$window", kind="contact"})'
            ' / on() group_left sum(leadpulse_response_seconds_gcount{window="$window", kind="contact"})'
        ),
    ),
    Signal(
        name="leadpulse_response_channel_seconds",
        kind="gauge_histogram",
        help="Wall time from a lead's creation to its first contact on the channel, for contacts in the window",
        labels=(WINDOW, "team", "channel"),
        unit="seconds",
        family="response_channel",
        panel="Median first contact, by channel",
        description="How fast leads are reached by call, email and so on, and how many on each. It is the channel of "
        "the first contact; what was tried before on others is not in it.",
        query=whole(
            "histogram_quantile(0.5, sum by (le, channel) "
            '(leadpulse_response_channel_seconds_bucket{window="$window"}))'
        ),
    ),
    Signal(
        name="leadpulse_response_clock_seconds",
        kind="gauge_histogram",
        help="Time from creation to first contact on each clock, for contacts in the window",
        labels=(WINDOW, "source", "team", "clock"),
        unit="seconds",
        family="response_clocks",
        panel="Where the response time goes",
        description="routing (to the first assignment), human (working time from then on) and closed (outside of "
        "working hours) add up to the wall time of every lead; business is all working time since the creation.",
        query=whole(
            'sum by (clock) (leadpulse_response_clock_seconds_gsum{window="$window", clock!="business"})'
            ' / on() group_left sum(leadpulse_response_clock_seconds_gcount{window="$window", clock="business"})'
        ),
    ),
    Signal(
        name="leadpulse_next_response_seconds",
        kind="gauge_histogram",
        help="Time from a lead writing again to our next answer, for answers in the window",
        labels=(WINDOW, "source", "team", "clock"),
        unit="seconds",
        family="next_response",
        panel="Next response, p90",
        description="How long they wait when they come back, in working hours (business) and in all (wall).",
        query=whole(
            'histogram_quantile(0.9, sum by (le, clock) (leadpulse_next_response_seconds_bucket{window="$window"}))'
        ),
    ),
    Signal(
        name="leadpulse_promised_leads",
        kind="gauge",
        help="Promises to leads by what became of them in the window",
        labels=(WINDOW, "policy", "team", "obligation", "result"),
        family="promises",
        panel="Within SLA",
        description="met and answered_late count when the answer came; warned, breached and escalated when their time "
        "came, answered later or not. The share within the promise is met / (met + breached).",
        query=whole(
            'sum by (policy) (leadpulse_promised_leads{window="$window", result="met"})'
            ' / sum by (policy) (leadpulse_promised_leads{window="$window", result=~"met|breached"})'
        ),
    ),
    Signal(
        name="leadpulse_skewed_responses",
        kind="gauge",
        help="First responses in the window that bear a time before the creation; their latency counts as zero",
        labels=(WINDOW, "source", "kind"),
        family="skewed",
        panel="Responses before creation",
        description="Somebody's clock is wrong. Check the system that sends the interactions.",
        query=_sum("source", "leadpulse_skewed_responses"),
    ),
    Signal(
        name="leadpulse_closed_leads",
        kind="gauge",
        help="Leads closed in the window with the outcome they still have",
        labels=(WINDOW, "source", "team", "outcome"),
        family="closed",
        panel="Won, lost, disqualified",
        description="How leads ended, under the team that had them at the end. Reopening takes an outcome back.",
        query=_sum("outcome", "leadpulse_closed_leads"),
    ),
    Signal(
        name="leadpulse_close_reason_leads",
        kind="gauge",
        help="Leads closed in the window, by the reason given",
        labels=(WINDOW, "source", "reason", "outcome"),
        family="close_reasons",
        panel="Why leads are lost",
        description="The reasons that came with lost and disqualified.",
        query=whole('sum by (reason) (leadpulse_close_reason_leads{window="$window", outcome=~"lost|disqualified"})'),
    ),
    Signal(
        name="leadpulse_sales_cycle_seconds",
        kind="gauge_histogram",
        help="Time from creation or from the first contact to the closing, for leads closed in the window",
        labels=(WINDOW, "source", "outcome", "since"),
        unit="seconds",
        family="cycle",
        panel="Mean sales cycle of won leads",
        description="How long a sale takes. Only closed leads are in it: look at the age of the open ones beside it.",
        query=whole(
            'sum by (since) (leadpulse_sales_cycle_seconds_gsum{window="$window", outcome="won"})'
            ' / sum by (since) (leadpulse_sales_cycle_seconds_gcount{window="$window", outcome="won"})'
        ),
    ),
    Signal(
        name="leadpulse_reply_leads",
        kind="gauge",
        help="Leads by whether they reacted in time to our first attempt",
        labels=(WINDOW, "source", "team", "result"),
        family="replies",
        panel="Prospects who reply",
        description="replied: they wrote, called or talked with us within `follow_up.reply_within` of a person's first "
        "attempt; else silent. Either counts when that time has passed, 7 days by default, so the share replied / "
        "(replied + silent) is of all whose time was up in the window. By the team that made the attempt.",
        query=whole(
            'sum by (source) (leadpulse_reply_leads{window="$window", result="replied"})'
            ' / sum by (source) (leadpulse_reply_leads{window="$window"})'
        ),
    ),
    Signal(
        name="leadpulse_contact_collisions",
        kind="gauge",
        help="Contacts in the window by another person than the contact shortly before",
        labels=(WINDOW, "source", "team"),
        family="collisions",
        panel="Two people, one lead",
        description="Who calls a lead that a colleague has just called. Counted at the second contact, for the team "
        "that had the lead then.",
        query=_sum("team", "leadpulse_contact_collisions"),
    ),
    Signal(
        name="leadpulse_contacts_after_close",
        kind="gauge",
        help="What went out in the window to leads that were closed, or did not want it",
        labels=(WINDOW, "source", "team", "kind", "state"),
        family="contacts_after_close",
        panel="Contacts that should not have been",
        description="State: won, lost, disqualified, or opted_out (of that channel; it weighs more than the others). "
        "Kind: automated, attempt or contact.",
        query=_sum("state, kind", "leadpulse_contacts_after_close"),
    ),
    Signal(
        name="leadpulse_open_leads",
        kind="gauge",
        help="Leads that are open now, by the stage they are in",
        labels=("source", "stage"),
        family="open",
        panel="Open leads by stage",
        description="The pipeline as it stands.",
        query=_sum("stage", "leadpulse_open_leads", window=False),
    ),
    Signal(
        name="leadpulse_unanswered_leads",
        kind="gauge",
        help="Open leads that no person has reached yet, by how their promise stands",
        labels=("source", "team", "band"),
        family="unanswered",
        panel="Unanswered leads",
        description="Who waits for us right now. Band: on_time, warned (the deadline is near), breached (it has "
        "passed), unpromised (no policy holds for the lead).",
        query=_sum("band", "leadpulse_unanswered_leads", window=False),
    ),
    Signal(
        name="leadpulse_follow_up_leads",
        kind="gauge",
        help="Open leads outside of the contact band of their stage",
        labels=("team", "stage", "band"),
        family="follow_up",
        panel="Outside of the contact band",
        description="Band: too_long (no contact for longer than the stage allows), too_many (more contacts in seven "
        "days than it allows, and not too_long). All other open leads are within the band. A bound over six hours is "
        "told to a quarter of an hour, one over four days to an hour, never too early.",
        query=_sum("band, stage", "leadpulse_follow_up_leads", window=False),
    ),
    Signal(
        name="leadpulse_unplanned_leads",
        kind="gauge",
        help="Open leads without a next activity ahead of them",
        labels=("team",),
        family="unplanned",
        panel="Nothing planned",
        description="Leads that will be forgotten: nobody has set a next activity (next_activity_set), or its time has "
        "passed. Where nobody sends such events this is all open leads.",
        query=_sum("team", "leadpulse_unplanned_leads", window=False),
    ),
    Signal(
        name="leadpulse_uncreated_leads",
        kind="gauge",
        help="Leads of which events came but no creation; they are in no other number",
        family="uncreated",
        panel="Leads without creation",
        description="More than a few: the topic of the leads lacks creations, or they come late.",
        query=whole("sum(leadpulse_uncreated_leads)"),
    ),
    Signal(
        name="leadpulse_open_lead_age_seconds",
        kind="gauge_histogram",
        help="Time since the creation of the leads that are open now",
        labels=("source",),
        unit="seconds",
        family="open_ages",
        panel="Age of open leads, median",
        description="How old the pipeline is: half of the open leads are older.",
        query=whole("histogram_quantile(0.5, sum by (source, le) (leadpulse_open_lead_age_seconds_bucket))"),
    ),
    Signal(
        name="leadpulse_unanswered_lead_age_seconds",
        kind="gauge_histogram",
        help="Time since the creation of the open leads that no person has reached",
        labels=("team",),
        unit="seconds",
        family="unanswered_ages",
        panel="Age of unanswered leads, median",
        description="How long those who wait have been waiting: half of them for longer.",
        query=whole("histogram_quantile(0.5, sum by (team, le) (leadpulse_unanswered_lead_age_seconds_bucket))"),
    ),
    Signal(
        name="leadpulse_oldest_open_lead_age_seconds",
        kind="gauge",
        help="Time since the creation of the oldest open lead",
        labels=("source",),
        unit="seconds",
        family="open_age",
        panel="Oldest open lead",
        description="Age of what is still open; leads that are never closed make it grow without end.",
        query=whole("max by (source) (leadpulse_oldest_open_lead_age_seconds)"),
    ),
    Signal(
        name="leadpulse_oldest_unanswered_lead_age_seconds",
        kind="gauge",
        help="Time since the creation of the oldest open lead that no person has reached",
        labels=("team",),
        unit="seconds",
        family="unanswered_age",
        panel="Longest wait",
        description="How long the one who has waited longest has been waiting.",
        query=whole("max by (team) (leadpulse_oldest_unanswered_lead_age_seconds)"),
    ),
)
"""Numbers about leads."""
