"""Load for the tally worker, as a process of its own: one plain input, one written in transactions.

Run as `python -m tests.integration.harness.load '<JSON>'`, with the keys of `LoadConfig`. Ends by itself after
`records`, or at SIGTERM, between two transactions.
"""

import asyncio
import ctypes
import random
import signal
import sys
import time
import zlib

import msgspec
from aiokafka import AIOKafkaProducer

from tests.integration.harness.tally import TallyTopics

PR_SET_PDEATHSIG = 1
BATCH = 200
ABORT_EVERY = 6
"""Every sixth transaction is aborted: records that nobody may count, and gaps in the offsets."""


class LoadConfig(msgspec.Struct, kw_only=True, frozen=True):
    """How much of what."""

    broker: str
    name: str
    seed: int
    partitions: int = 4
    records: int = 20_000
    """Of the left input; the right one gets a quarter."""
    rate: float | None = None
    """Records a second of the left input; None for as fast as possible."""
    keys: int = 3000
    poisons: float = 0.0
    """Share of records that make the state raise."""


class Load:
    """Writes both inputs from one seed."""

    def __init__(self, config: LoadConfig) -> None:
        self.config = config
        self.random = random.Random(config.seed)
        self.stopped = asyncio.Event()
        self.written = 0

    async def run(self) -> None:
        left, right = TallyTopics(self.config.name).inputs
        async with (
            AIOKafkaProducer(bootstrap_servers=self.config.broker, linger_ms=5, acks="all") as plain,
            AIOKafkaProducer(bootstrap_servers=self.config.broker, transactional_id=f"load-{right}") as transactional,
        ):
            started, round_ = time.monotonic(), 0
            while self.written < self.config.records and not self.stopped.is_set():
                await self._send(plain, left, BATCH, erasing=True)
                self.written += BATCH
                if round_ % 4 == 0:
                    await self._transaction(transactional, right, abort=round_ // 4 % ABORT_EVERY == ABORT_EVERY - 1)
                round_ += 1
                if self.config.rate is not None:
                    await asyncio.sleep(max(0.0, started + self.written / self.config.rate - time.monotonic()))

    async def _transaction(self, producer: AIOKafkaProducer, topic: str, *, abort: bool) -> None:
        await producer.begin_transaction()
        await self._send(producer, topic, BATCH, erasing=False)
        await producer.flush()
        await (producer.abort_transaction() if abort else producer.commit_transaction())

    async def _send(self, producer: AIOKafkaProducer, topic: str, count: int, *, erasing: bool) -> None:
        """Erasing is kept to keys of the left input, see `expect`."""
        sent: dict[int, list[tuple[bytes, bytes]]] = {}
        for _ in range(count):
            key, value = self._record(erasing)
            sent.setdefault(zlib.crc32(key) % self.config.partitions, []).append((key, value))
        futures = []
        for partition, records in sent.items():
            batch = producer.create_batch()
            for key, value in records:
                batch.append(key=key, value=value, timestamp=int(time.time() * 1000))
            futures.append(await producer.send_batch(batch, topic, partition=partition))
        await asyncio.gather(*futures)

    def _record(self, erasing: bool) -> tuple[bytes, bytes]:
        chance, number = self.random.random(), self.random.randrange(1 << 30)
        key = b"key-%06d" % self.random.randrange(self.config.keys)
        if chance < self.config.poisons:
            return key, b"poison %d" % number
        if chance < self.config.poisons + 0.002:
            return key, b"garbage %d" % number
        if erasing and chance > 0.98:
            return b"left-%06d" % (number % self.config.keys), b"erase"
        if erasing and chance > 0.7:
            return b"left-%06d" % (number % self.config.keys), b"add %d" % number
        return key, b"add %d" % number


async def main(config: LoadConfig) -> None:
    """Write until there is enough, or SIGTERM."""
    load = Load(config)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, load.stopped.set)
    await load.run()


if __name__ == "__main__":
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    asyncio.run(main(msgspec.json.decode(sys.argv[1], type=LoadConfig)))
