"""The worker under test: the engine with a tally state, as a process of its own.

Run as `python -m tests.integration.harness.worker '<JSON>'`, with the keys of `WorkerConfig`.
"""

import asyncio
import ctypes
import logging
import random
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from faust.types import TP

from streams.engine.app import EngineApp
from streams.engine.chunks import ChunkScheduler
from streams.engine.engine import Engine
from streams.engine.observer import EngineObserver
from streams.engine.options import EngineOptions
from streams.engine.records import Record
from streams.engine.worker import run_worker
from streams.topics import ensure_topics, plan_topics
from tests.integration.harness.tally import TallyState, TallyTopics

PR_SET_PDEATHSIG = 1
COMPACT_SOON = {
    "segment.bytes": "1048576",
    "segment.ms": "2000",
    "min.cleanable.dirty.ratio": "0.01",
    "delete.retention.ms": "1000",
    "max.compaction.lag.ms": "1000",
}


class WorkerConfig(msgspec.Struct, kw_only=True, frozen=True):
    """What a test tells its worker."""

    broker: str
    name: str
    partitions: int = 4
    slow: float = 0.0
    """Seconds that every chunk takes, so that a kill finds the worker in the middle of one."""
    engine: dict[str, Any] = {}
    drop_chunks: float = 0.0
    """Share of chunks that vanish between fetch and state."""


class SlowState(TallyState):
    """Takes its time."""

    slow = 0.0

    def apply(self, records: Sequence[Record]) -> None:
        half = len(records) // 2
        super().apply(records[:half])
        time.sleep(self.slow)
        super().apply(records[half:])


class Printer(EngineObserver):
    """Tells the test what happens, one line each on standard output."""

    def partition_recovered(self, partition: int, seconds: float, records: int) -> None:
        self._say(f"recovered {partition} {records} {seconds:.3f}")

    def transaction_committed(
        self, partition: int, seconds: float, records: int, size: int, oldest_timestamp: int | None
    ) -> None:
        if records:
            self._say(f"committed {partition} {records}")

    def rebalance_ended(self, seconds: float, owned: int) -> None:
        self._say(f"rebalanced {owned} {seconds:.3f}")

    def fenced(self, partition: int) -> None:
        self._say(f"fenced {partition}")

    def hole(self, topic: str, partition: int) -> None:
        self._say(f"hole {topic} {partition}")

    def lost_input(self, topic: str, partition: int, offsets: int) -> None:
        self._say(f"lost {topic} {partition} {offsets}")

    def poisoned(self, topic: str, partition: int, offset: int) -> None:
        self._say(f"poisoned {topic} {partition} {offset}")

    def broker_away(self, seconds: float) -> None:
        self._say(f"away {seconds:.0f}")

    def _say(self, line: str) -> None:
        print(line, flush=True)


def drop_chunks(share: float) -> None:
    """Let chunks vanish between the fetch and the state, as Faust does with queued ones at rebalances."""
    dice = random.Random(4)
    original = ChunkScheduler.iterate

    def lossy(self: ChunkScheduler, records: Mapping[TP, Any]) -> Iterator[tuple[TP, Any]]:
        return (item for item in original(self, records) if dice.random() >= share)

    ChunkScheduler.iterate = lossy  # type: ignore[method-assign]  # fault injection, in this process only


def build(config: WorkerConfig) -> EngineApp:
    """Return the app of a worker."""
    topics = TallyTopics(config.name)
    options = EngineOptions(
        app_id=config.name,
        brokers=(config.broker,),
        inputs=topics.inputs,
        outputs=(topics.alerts, topics.dead_letters),
        changelog=topics.changelog,
        **config.engine,
    )
    plans = plan_topics(
        inputs=topics.inputs,
        changelog=topics.changelog,
        outputs=options.outputs,
        max_record_size=options.max_record_size,
        changelog_configs=COMPACT_SOON,
    )

    async def prepare() -> None:
        await ensure_topics(plans, client_arguments=options.client_arguments(), partitions=config.partitions)

    app = EngineApp(options, prepare=prepare, datadir=f"/tmp/leadpulse-{config.name}")  # noqa: S108  # Faust makes it, nothing is in it
    SlowState.slow = config.slow
    if config.drop_chunks:
        drop_chunks(config.drop_chunks)
    Engine(app, lambda _: SlowState(topics) if config.slow else TallyState(topics), Printer())
    return app


def main() -> int:
    """Run until stopped; die with the test."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    config = msgspec.json.decode(sys.argv[1], type=WorkerConfig)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s", stream=sys.stderr)
    asyncio.set_event_loop(asyncio.new_event_loop())
    # Standard output is for the test; Faust would draw its spinner there.
    return run_worker(build(config), override_logging=False, redirect_stdouts=False, quiet=True, stdout=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
