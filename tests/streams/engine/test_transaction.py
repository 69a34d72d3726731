"""Our side of a transaction, on aiokafka's own producer with its network cut off."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import NodeNotReadyError

from streams.engine.transaction import TransactionalProducer
from tests.streams.engine.builders import OPTIONS


class Retrying:
    """A producer that tries again and again to reach the leader of its partition."""

    def __init__(self) -> None:
        self.connections_closed = 0
        self.aiokafka = AIOKafkaProducer(bootstrap_servers="127.0.0.1:1", transactional_id="app-0", linger_ms=0)
        manager, client, sender = self.aiokafka._txn_manager, self.aiokafka.client, self.aiokafka._sender
        manager.set_pid_and_epoch(1, 1)
        manager.maybe_add_partition_to_txn = manager._txn_partitions.add
        client.send, client.close, client.force_metadata_update = self._send, self._close, self._updated
        client._wait_on_metadata = client._maybe_wait_metadata = self._nothing
        self.aiokafka._metadata.leader_for_partition = lambda _: 1
        self.aiokafka._metadata.partitions_for_topic = lambda _: {0}
        sender._sender_task = asyncio.create_task(sender._sender_routine())
        sender._sender_task.add_done_callback(sender._fail_all)
        self.producer = TransactionalProducer(0, OPTIONS)
        self.producer._producer = self.aiokafka

    async def _send(self, *_: Any, **__: Any) -> Any:
        raise NodeNotReadyError("the leader is away")

    async def _close(self) -> None:
        self.connections_closed += 1

    async def _nothing(self, *_: Any, **__: Any) -> None:
        return None

    def _updated(self) -> asyncio.Future[bool]:
        done = asyncio.get_running_loop().create_future()
        done.set_result(True)
        return done


@pytest.fixture
async def retrying() -> AsyncIterator[Retrying]:
    # aiokafka leaves a failed future of the batch behind, which nobody asks.
    asyncio.get_running_loop().set_exception_handler(lambda *_: None)
    found = Retrying()
    yield found
    found.aiokafka._closed = True  # else it complains that nobody stopped it


@pytest.mark.parametrize("after", [0.02, 0.13, 0.35])
async def test_a_producer_that_tries_again_is_closed_without_a_word(retrying: Retrying, after: float) -> None:
    writing = asyncio.create_task(retrying.producer.write(lambda: {"app-changelog": [(b"k", b"v", [])]}))
    await asyncio.sleep(after)
    writing.cancel()
    await asyncio.wait({writing})
    await retrying.producer.close()
    assert retrying.connections_closed == 1


class Undelivered:
    """A producer whose first batch is never delivered, and whose second waits for room behind it."""

    def __init__(self) -> None:
        self.sent: list[asyncio.Future[None]] = []

    async def begin_transaction(self) -> None: ...

    async def send_batch(self, *_: Any, **__: Any) -> asyncio.Future[None]:
        if self.sent:
            await asyncio.Event().wait()
        self.sent.append(asyncio.get_running_loop().create_future())
        return self.sent[0]


async def test_a_transaction_of_several_batches_can_be_called_off_while_the_broker_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    producer = TransactionalProducer(0, OPTIONS)
    producer._producer = aiokafka = Undelivered()
    monkeypatch.setattr(producer, "_pack", lambda _: [("app-changelog", None)] * 2)
    writing = asyncio.create_task(producer.write(dict))
    while not aiokafka.sent:  # noqa: ASYNC110  # of another task
        await asyncio.sleep(0)
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait({writing}, timeout=5)
    assert writing.cancelled()
