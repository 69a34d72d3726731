"""The worker: settings, engine, states and web server put together."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from faust.assignor.partition_assignor import PartitionAssignor

from processors.forecast import new_scores
from processors.funnel import Funnel
from streams.agents import LeadState, wall_clock
from streams.engine.app import EngineApp
from streams.engine.engine import Engine, InputProgress
from streams.exposition.operations import registry_for
from streams.exposition.view import ViewCollector
from streams.faust_worker import worker_class
from streams.plan import engine_options, state_factory, topic_plans
from streams.settings.funnel import funnel_of
from streams.settings.sections import Settings
from streams.settings.silence import silence_rules
from streams.silence import Report, Silences, report
from streams.topics import ensure_topics
from streams.waiting_view import Owned, WaitingView
from streams.web.access import access_of
from streams.web.addresses import base_url
from streams.web.metrics import Scraper
from streams.web.server import WebServer, complain_of


class LeadpulseApp(EngineApp):
    """The Faust app of leadpulse.

    Args:
        settings: What the user decided.

    Attributes:
        funnel: What the events mean.
        partitions: Partitions of the inputs; 0 before the broker was asked.
        scores: How good the forecasts of this worker were.
        silences: Judges the sources, if this worker is to.
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
        self.scores = new_scores()
        self.silences = Silences(
            self, silence_rules(settings), self._ask_others, settings.silence.check_interval.seconds
        )
        self._judging: asyncio.Task[None] | None = None
        registry, measurements = registry_for(self)
        self._measurements = measurements
        self.scraper = Scraper(self.funnel, registry, measurements)
        access = access_of(settings.web)
        self._web = WebServer(self, self.scraper, settings.web.host, settings.web.port, access)
        self._view = WaitingView(self._owned, lambda: self.partitions, settings) if settings.redis.url else None
        if self._view:
            registry.register(ViewCollector(self._view.standing))
        self._new_state = state_factory(settings, self.scores)
        Engine(self, self._make_state, measurements)

    def _make_state(self, partition: int) -> LeadState:
        state = self._new_state(partition)
        state.on_waiting = self._view.wake if self._view else None
        state.on_step = self._measurements.alert_delay.observe
        return state

    def _owned(self) -> dict[int, Owned]:
        fences = self.fences
        return {number: Owned(state, fences[number]) for number, state in self.lead_states.items()}

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
        if self._view:
            self._view.start()
        if self.settings.silence.enabled and self.settings.worker.clock == "wall":
            self._judging = asyncio.create_task(self.silences.run())
            self._judging.add_done_callback(complain_of("sources are no longer judged"))

    async def _ask_others(self, counts: bool) -> Iterable[Report]:
        return await self._web.reports(counts)

    async def on_stop(self) -> None:
        """Stop; the last scrapes are answered meanwhile."""
        if self._judging is not None:
            self._judging.cancel()
        if self._view:
            await self._view.stop()
        await super().on_stop()
        await self._web.stop()

    # -- what the web server and the metrics ask -----------------------------------------------------------------

    @property
    def lead_states(self) -> dict[int, LeadState]:
        """The recovered states by partition number."""
        return {number: state for number, state in self.engine.states.items() if isinstance(state, LeadState)}

    @property
    def fences(self) -> Mapping[int, int]:
        """By partition number, what is larger for every later owner."""
        return self.engine.fences

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

    def arrivals(self, *, counts: bool) -> Report:
        """Return what was heard of the sources, with the arrivals of each slot or without."""
        return report(self.lead_states, self.funnel.arrival_grain, self.wall_now(), counts=counts)

    def wall_now(self) -> int:
        """Return the wall time in ms."""
        return wall_clock()
