"""Where the inputs end, and whether the broker answers at all."""

import asyncio
import time
from collections.abc import Callable, Collection
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError
from faust.types import TP
from mode.utils.logging import get_logger

from streams.engine.observer import EngineObserver
from streams.engine.options import EngineOptions

logger = get_logger(__name__)

ANSWER_TIMEOUT = 5.0
COMPLAINT_INTERVAL = 10.0


class Observed(NamedTuple):
    """The last stable offset of an input, and the wall time in ms at which it was asked for.

    Every record that was on the log (and not in an open transaction) at that time lies before the offset.
    """

    offset: int
    at: int


class OffsetWatch:
    """Asks for the end offsets of the inputs now and then, with a client of its own."""

    def __init__(
        self, options: EngineOptions, observer: EngineObserver, clock: Callable[[], float] = time.time
    ) -> None:
        self.ends: dict[TP, Observed] = {}
        """The newest answer for each input that was asked about."""
        self._options = options
        self._observer = observer
        self._clock = clock
        self._consumer: Any = None
        self._away_since: float | None = None
        self._complained_at = 0.0

    @property
    def broker_answers(self) -> bool:
        """Whether the last question was answered."""
        return self._away_since is None

    async def run(self, inputs: Callable[[], Collection[TP]]) -> None:
        """Ask for ever; `inputs` says what is of interest."""
        try:
            while True:
                await self._look(inputs())
                await asyncio.sleep(self._options.end_offset_interval)
        finally:
            await self._close()

    async def _look(self, inputs: Collection[TP]) -> None:
        asked_at = int(self._clock() * 1000)
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT):
                answers = await self._ask(inputs)
        except (KafkaError, TimeoutError) as error:
            self._note_silence(error)
            return
        self.ends = {tp: Observed(offset, asked_at) for tp, offset in answers.items()}
        self._note_answer()

    async def _ask(self, inputs: Collection[TP]) -> dict[TP, int]:
        if self._consumer is None:
            consumer = AIOKafkaConsumer(isolation_level="read_committed", **self._options.client_arguments())
            try:
                await consumer.start()
            except BaseException:
                await consumer.stop()
                raise
            self._consumer = consumer
        answers = await self._consumer.end_offsets([TopicPartition(tp.topic, tp.partition) for tp in inputs])
        return {TP(tp.topic, tp.partition): offset for tp, offset in answers.items()}

    def _note_silence(self, error: BaseException) -> None:
        now = time.monotonic()
        if self._away_since is None:
            self._away_since = now
            self._complained_at = 0.0
        away = now - self._away_since
        self._observer.broker_away(max(away, ANSWER_TIMEOUT))
        if now - self._complained_at >= COMPLAINT_INTERVAL:
            self._complained_at = now
            brokers = ", ".join(self._options.brokers)
            logger.warning("Kafka at %s does not answer (%r); waiting, nothing is lost", brokers, error)

    def _note_answer(self) -> None:
        if self._away_since is not None:
            logger.warning("Kafka answers again after %.0f s", time.monotonic() - self._away_since)
            self._away_since = None
            self._observer.broker_away(0.0)

    async def _close(self) -> None:
        if self._consumer is not None:
            await self._consumer.stop()
