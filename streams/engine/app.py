"""The Faust app whose consumer works for the engine."""

import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import faust

from streams.engine.chunks import ChunkScheduler
from streams.engine.driver import Transport
from streams.engine.options import EngineOptions
from streams.engine.quiet import quieten
from streams.engine.security import faust_credentials

if TYPE_CHECKING:
    from streams.engine.engine import Engine

CHUNKS_AHEAD = 16
"""Chunks in the queue before the agent: enough to keep it busy, little to throw away."""


class EngineApp(faust.App):
    """A Faust app, to be used like any other; `Engine(app, …)` makes it work in chunks and transactions.

    Args:
        options: Settings of the engine.
        prepare: Awaited before any client starts: the place to wait for the broker and to make topics.
        settings: Any Faust setting; those that the engine needs are preset.
    """

    engine: "Engine"

    def __init__(
        self, options: EngineOptions, *, prepare: Callable[[], Awaitable[None]] | None = None, **settings: Any
    ) -> None:
        self.options = options
        self._prepare = prepare
        self._rebalance_begun_at: float | None = None
        super().__init__(options.app_id, **{**_faust_settings(options), **settings})

    def _new_transport(self) -> Transport:
        """Use our consumer; Faust would look the driver up by the URL. Its producer stays as it is."""
        return Transport(self.conf.broker_consumer, self)

    async def on_first_start(self) -> None:
        """Prepare, before anything connects."""
        quieten()
        await super().on_first_start()
        if self._prepare is not None:
            await self._prepare()

    async def on_stop(self) -> None:
        """Stop in order: no more records, commit what is applied, give up the partitions, leave the group."""
        self.engine.stopping()
        await super().on_stop()
        await self.engine.close()

    def on_rebalance_start(self) -> None:
        """Note when the flow stopped. Called in the consumer thread, as soon as the group asks to rejoin."""
        super().on_rebalance_start()
        if self._rebalance_begun_at is None:
            self._rebalance_begun_at = time.monotonic()
            self.loop.call_soon_threadsafe(self.engine.observer.rebalance_begun)

    def on_rebalance_end(self) -> None:
        """Note when records flow again."""
        super().on_rebalance_end()
        begun, self._rebalance_begun_at = self._rebalance_begun_at, None
        if begun is not None:
            self.engine.observer.rebalance_ended(time.monotonic() - begun, len(self.engine.assigned))


def _faust_settings(options: EngineOptions) -> dict[str, Any]:
    return {
        "broker": [f"kafka://{broker}" for broker in options.brokers],
        "broker_credentials": faust_credentials(options.client_options),
        "ConsumerScheduler": ChunkScheduler,
        "consumer_group_instance_id": options.group_instance_id,
        "consumer_auto_offset_reset": "earliest",
        "consumer_max_fetch_size": options.fetch_size,
        "stream_buffer_maxsize": CHUNKS_AHEAD,
        "stream_wait_empty": True,  # a rebalance waits until what was applied is committed
        "stream_recovery_delay": 0.0,
        "topic_disable_leader": True,  # a topic of Faust's own that would only cost a partition
        # Without standbys and tables Faust falls back to an assignor that does not keep the inputs together.
        "table_standby_replicas": 1,
        "broker_session_timeout": options.session_timeout,
        "broker_request_timeout": options.request_timeout,
        "broker_heartbeat_interval": options.session_timeout / 10,
        "broker_rebalance_timeout": max(options.session_timeout, 10.0),
        "broker_commit_interval": options.offset_commit_interval,
        "web_enabled": False,
    }
