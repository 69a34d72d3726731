"""Exactness under faults of the workers, compared key by key with a model of the inputs."""

import asyncio
import random
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition

from streams.services import KafkaService
from tests.integration.engine.conftest import EAGER
from tests.integration.harness.log import read_topic
from tests.integration.harness.run import Run

pytestmark = pytest.mark.integration

KILLS = 10
FAST = {"chunk": 100, "max_pending": 500, "session_timeout": 3.0, "offset_commit_interval": 0.5}


async def test_kill_9_under_load_leaves_every_key_right(broker: KafkaService, tmp_path: Path) -> None:
    dice = random.Random(20)
    engine = {**FAST, "group_instance_id": "only"}
    with Run(broker.bootstrap, tmp_path, slow=0.01, engine=engine) as run:
        worker = run.start_worker()
        worker.wait_for("recovered", count=4)
        load = run.start_load(seed=1, records=1_000_000, rate=1500)
        for _ in range(KILLS):
            worker.wait_for("committed", count=dice.randrange(1, 12))
            worker.kill()
            worker = run.start_worker()
        worker.wait_for("committed")
        load.ask_to_end()
        assert load.wait() == 0
        await run.settle()
        worker.ask_to_end()
        assert worker.wait() == 0
        report = await run.verify()
        assert report.is_exact, report
        assert report.events > 10_000
        assert report.alerts > 1000
        assert report.dead_letters > 10
        # Compaction took place, so recovery was from a compacted log.
        assert report.changelog_records < report.changelog_offsets / 2, report
        await _forge(run)
        forged = await run.verify()
        assert (forged.wrong_keys, forged.wrong_alerts, forged.duplicates) == (1, 1, 1)


async def _forge(run: Run) -> None:
    """Falsify one value and repeat one alert by hand: a comparison that does not see it proves nothing."""
    changelog = await read_topic(run.broker, run.topics.changelog, run.partitions)
    alerts = await read_topic(run.broker, run.topics.alerts, run.partitions)
    state = next(entry for entry in changelog[1] if entry.key.startswith(b"key-") and entry.value is not None)
    alert = alerts[2][0]
    async with AIOKafkaProducer(bootstrap_servers=run.broker) as producer:
        await producer.send_and_wait(run.topics.changelog, b"\x80", state.key, partition=1)
        await producer.send_and_wait(run.topics.alerts, alert.value, alert.key, partition=2)


async def test_two_workers_join_leave_die_and_freeze(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, slow=0.002, engine=FAST) as run:
        first = run.start_worker("first")
        first.wait_for("recovered", count=4)
        load = run.start_load(seed=2, records=1_000_000, rate=1500)
        first.wait_for("committed", count=5)

        second = run.start_worker("second")
        second.wait_for("committed", count=5)

        # Frozen beyond its session: its partitions go to the other one, and what it still wants to write is refused.
        second.freeze()
        taken = first.count("recovered")
        first.wait_for("recovered", count=taken + 2)
        first.wait_for("committed", count=first.count("committed") + 5)
        second.thaw()
        second.wait_for("committed", count=second.count("committed") + 10)

        # Shorter than its session: simply goes on.
        first.freeze()
        await asyncio.sleep(1.0)
        first.thaw()
        first.wait_for("committed", count=first.count("committed") + 5)

        taken = second.count("recovered")
        first.kill()
        second.wait_for("recovered", count=taken + 2)
        third = run.start_worker("third")
        third.wait_for("committed", count=5)
        second.ask_to_end()
        assert second.wait() == 0
        third.wait_for("recovered", count=4)

        load.ask_to_end()
        assert load.wait() == 0
        await run.settle()
        report = await run.verify()
        assert report.is_exact, report
        assert report.events > 10_000


async def test_what_a_broker_left_undecided_is_not_committed_by_the_next_owner(tmp_path: Path) -> None:
    """A broker that comes up may forget the markers of transactions that it aborts; see `TransactionalProducer`.

    Made by hand here: records that the coordinator was never told of, on a broker that does not check that.
    """
    unchecked = {**EAGER, "transaction.partition.verification.enable": "false"}
    with (
        KafkaService(tmp_path / "kafka", settings=unchecked) as service,
        Run(service.bootstrap, tmp_path, partitions=1, engine=FAST) as run,
    ):
        worker = run.start_worker()
        worker.wait_for("recovered")
        assert run.start_load(seed=8, records=1000).wait() == 0
        await run.settle()
        worker.kill()
        await _write_undecided(run, run.topics.changelog, b"key-000001", b"\x80")
        await _write_undecided(run, run.topics.alerts, b"key-000001", b"never decided")
        everything = await read_topic(run.broker, run.topics.alerts, 1, "read_uncommitted")
        assert everything[0][-1].value == b"never decided"
        run.start_worker("next").wait_for("recovered")
        assert run.start_load(seed=9, records=1000).wait() == 0
        await run.settle()
        report = await run.verify()
        assert report.is_exact, report
        assert report.unprocessed == 0


async def _write_undecided(run: Run, topic: str, key: bytes, value: bytes) -> None:
    place = TopicPartition(topic, 0)
    async with AIOKafkaProducer(bootstrap_servers=run.broker, transactional_id=f"{run.name}-0") as producer:
        await producer.begin_transaction()
        producer._txn_manager._txn_partitions.add(place)  # as if the coordinator knew
        await producer.send_and_wait(topic, value, key, partition=0)


async def test_chunks_that_vanish_inside_the_worker_are_fetched_again(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, drop_chunks=0.15, engine=FAST) as run:
        worker = run.start_worker()
        worker.wait_for("recovered", count=4)
        assert run.start_load(seed=3, records=6000).wait() == 0
        await run.settle()
        assert worker.count("hole") > 0
        report = await run.verify()
        assert report.is_exact, report
