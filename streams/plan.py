"""The settings as the engine, the topics and the states take them; needs no Faust."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from msgspec import structs

from processors.forecast import Scores
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER
from streams.agents import LeadState, Outlets, wall_clock
from streams.engine.options import EngineOptions
from streams.settings.funnel import funnel_of
from streams.settings.kafka import security_options
from streams.settings.sections import Settings
from streams.topics import Role, TopicPlan, plan_topics
from streams.web.addresses import lead_link


def engine_options(settings: Settings) -> EngineOptions:
    """Return the engine's part of the settings."""
    kafka, worker, topics = settings.kafka, settings.worker, settings.topics
    return EngineOptions(
        app_id=settings.app.id,
        brokers=tuple(kafka.brokers),
        inputs=(topics.leads, topics.interactions),
        outputs=(topics.alerts, topics.dead_letters(topics.leads), topics.dead_letters(topics.interactions)),
        client_options={"retry_backoff_ms": kafka.retry_backoff.ms, **security_options(kafka)},
        group_instance_id=kafka.group_instance_id or None,
        chunk=worker.chunk,
        max_pending=worker.max_pending,
        linger=worker.linger.seconds,
        on_processing_error=worker.on_processing_error,
        session_timeout=kafka.session_timeout.seconds,
        transaction_timeout=worker.transaction_timeout.seconds,
        request_timeout=kafka.request_timeout.seconds,
        offset_commit_interval=kafka.commit_interval.seconds,
        fetch_size=kafka.fetch_max_bytes,
        fetch_max_wait=kafka.fetch_max_wait.seconds,
    )


def topic_plans(settings: Settings) -> list[TopicPlan]:
    """Return all topics that a worker needs, as it would create them."""
    options, topics = engine_options(settings), settings.topics
    dead = [topics.dead_letters(topic) for topic in options.inputs]
    plans = plan_topics(
        inputs=options.inputs,
        changelog=options.changelog_topic,
        outputs=(topics.alerts, *dead),
        max_record_size=options.max_record_size,
    )
    kept = {True: topics.dead_letter_retention, False: topics.retention}
    return [
        plan
        if plan.role is Role.CHANGELOG
        else structs.replace(plan, configs={**plan.configs, "retention.ms": str(kept[plan.name in dead].ms)})
        for plan in plans
    ]


def state_factory(settings: Settings, scores: Scores | None = None) -> Callable[[int], LeadState]:
    """Return what makes the empty state of a partition, with the rules that the settings give.

    Args:
        settings: What the user decided.
        scores: Where the forecasts of this worker are scored.
    """
    topics, worker = settings.topics, settings.worker
    funnel = funnel_of(settings)
    outlets = Outlets(
        {topics.leads: LEAD_DECODER, topics.interactions: INTERACTION_DECODER},
        topics.alerts,
        topics.dead_letter_suffix,
        link=partial(lead_link, settings),
    )
    clock = wall_clock if worker.clock == "wall" else None
    return lambda partition: LeadState(
        partition, funnel, outlets, clock=clock, future_tolerance=worker.future_tolerance.ms, scores=scores
    )
