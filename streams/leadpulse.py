"""The worker: settings, engine, states and web server put together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, cast

from faust.assignor.partition_assignor import PartitionAssignor
from msgspec import structs

from processors.funnel import Funnel
from schemas.codec import INTERACTION_DECODER, LEAD_DECODER
from streams.agents import LeadState, Outlets, wall_clock
from streams.engine import Engine, EngineApp, EngineOptions, InputProgress
from streams.exposition.operations import registry_for
from streams.faust_worker import worker_class
from streams.settings.funnel import funnel_of
from streams.settings.kafka import security_options
from streams.settings.sections import Settings
from streams.topics import Role, TopicPlan, ensure_topics, plan_topics
from streams.web.addresses import base_url
from streams.web.metrics import Scraper
from streams.web.server import WebServer


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


def state_factory(settings: Settings) -> Callable[[int], LeadState]:
    """Return what makes the empty state of a partition, with the rules that the settings give."""
    topics, worker = settings.topics, settings.worker
    funnel = funnel_of(settings)
    outlets = Outlets(
        {topics.leads: LEAD_DECODER, topics.interactions: INTERACTION_DECODER}, topics.alerts, topics.dead_letter_suffix
    )
    clock = wall_clock if worker.clock == "wall" else None
    return lambda partition: LeadState(
        partition, funnel, outlets, clock=clock, future_tolerance=worker.future_tolerance.ms
    )


class LeadpulseApp(EngineApp):
    """The Faust app of leadpulse.

    Args:
        settings: What the user decided.

    Attributes:
        funnel: What the events mean.
        partitions: Partitions of the inputs; 0 before the broker was asked.
        scraper: Makes `/metrics`; its board has the numbers.
    """

    def __init__(self, settings: Settings, **faust_settings: Any) -> None:
        self.settings = settings
        self.funnel: Funnel = funnel_of(settings)
        self.partitions = 0
        options = engine_options(settings)
        self.inputs = options.inputs
        super().__init__(
            options,
            prepare=self._get_ready,
            **{"canonical_url": base_url(settings.web), "Worker": worker_class(settings.log), **faust_settings},
        )
        registry, measurements = registry_for(self)
        self.scraper = Scraper(self.funnel, registry, measurements)
        self._web = WebServer(self, self.scraper, settings.web.host, settings.web.port)
        Engine(self, state_factory(settings), measurements)

    async def _get_ready(self) -> None:
        """Answer over HTTP first, so that waiting for the broker can be seen from outside; then see to the topics."""
        await self._web.start()
        layout = await ensure_topics(
            topic_plans(self.settings),
            client_arguments=self.options.client_arguments(),
            partitions=self.settings.topics.partitions,
            replication_factor=self.settings.kafka.replication_factor,
        )
        self.partitions = layout.partitions

    async def on_stop(self) -> None:
        """Stop; the last scrapes are answered meanwhile."""
        await super().on_stop()
        await self._web.stop()

    # -- what the web server and the metrics ask -----------------------------------------------------------------

    @property
    def lead_states(self) -> dict[int, LeadState]:
        """The recovered states by partition number."""
        return {number: state for number, state in self.engine.states.items() if isinstance(state, LeadState)}

    def progress(self) -> Iterator[InputProgress]:
        """Yield how far each input of each partition has come."""
        return self.engine.progress()

    def not_ready_because(self) -> str | None:
        """Return why this worker is not ready, None when it is."""
        return "waiting for Kafka" if not self.partitions else self.engine.not_ready_because()

    def failed_because(self) -> str | None:
        """Return why this worker is ending, None while it works."""
        return None if self.engine.failure is None else f"failed: {type(self.engine.failure).__name__}"

    def peers(self) -> Iterable[str]:
        """Return the base URLs of the other workers of the group, as of the last rebalance."""
        # INTERNAL: every member learns with its assignment which URL owns which partitions; Faust's router reads this.
        assignor = cast(PartitionAssignor, self.assignor)
        return sorted(set(assignor.external_topic_distribution) - {str(self.conf.canonical_url)})

    def wall_now(self) -> int:
        """Return the wall time in ms."""
        return wall_clock()
