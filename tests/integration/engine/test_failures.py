"""What the engine does when records, records' sizes, or the broker are not as they should be."""

import asyncio
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.records_to_delete import RecordsToDelete

from streams.services import KafkaService
from streams.services.ports import HOST, free_ports
from tests.integration.engine.conftest import EAGER
from tests.integration.harness.log import read_topic
from tests.integration.harness.run import Run

pytestmark = pytest.mark.integration

FAST = {"session_timeout": 3.0, "offset_commit_interval": 0.5, "chunk": 300}


async def test_poison_records_go_to_the_dead_letters_and_nothing_else_changes(
    broker: KafkaService, tmp_path: Path
) -> None:
    with Run(broker.bootstrap, tmp_path, slow=0.005, engine={**FAST, "group_instance_id": "only"}) as run:
        worker = run.start_worker()
        worker.wait_for("recovered", count=4)
        # About 16 of them in 8000 records, so that some chunks hold several; and a kill in the middle.
        load = run.start_load(seed=4, records=8000, poisons=0.002)
        worker.wait_for("poisoned", count=4)
        worker.kill()
        worker = run.start_worker()
        assert load.wait() == 0
        await run.settle(timeout=90)
        assert worker.count("poisoned") > 4
        report = await run.verify()
        assert report.is_exact, report
        letters = await read_topic(run.broker, run.topics.dead_letters, run.partitions)
        causes = [dict(entry.headers).get("cause", b"") for entries in letters.values() for entry in entries]
        assert sum(cause.startswith(b"poison at ") for cause in causes) > 8


async def test_a_worker_told_to_stop_on_processing_errors_does(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, engine={**FAST, "on_processing_error": "stop"}) as run:
        worker = run.start_worker()
        worker.wait_for("recovered", count=4)
        await _send(run, b"add 1", b"poison 2", b"add 3")
        assert worker.wait(30) == 70
        assert "processing failed at offset 1: ValueError('poison at 1')" in worker.log_text()
        # Nothing of the failed chunk was kept, and a worker that goes on does the rest.
        again = run.start_worker("again", engine={"on_processing_error": "dead_letter"})
        await run.settle()
        assert again.count("poisoned") == 1
        report = await run.verify()
        assert report.is_exact, report


async def test_an_error_that_names_no_record_ends_the_process(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, engine=FAST) as run:
        worker = run.start_worker()
        worker.wait_for("recovered", count=4)
        await _send(run, b"add 1", b"bug")
        assert worker.wait(30) == 70
        assert "RuntimeError('a bug that names no record')" in worker.log_text()


async def test_a_record_too_large_for_the_changelog_ends_the_process_and_names_its_size(
    broker: KafkaService, tmp_path: Path
) -> None:
    with Run(broker.bootstrap, tmp_path, partitions=1, engine={**FAST, "max_record_size": 100}) as run:
        worker = run.start_worker()
        worker.wait_for("recovered")
        await _send(run, b"garbage " + b"x" * 500)
        assert worker.wait(30) == 70
        assert "more than max_record_size=100: key of 3 bytes b'key', value of 508 bytes" in worker.log_text()


async def test_a_record_larger_than_a_batch_is_committed(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, partitions=1, engine={**FAST, "batch_size": 1000}) as run:
        run.start_worker().wait_for("recovered")
        await _send(run, b"add 1", b"garbage " + b"x" * 900_000, b"add 2")
        await run.settle()
        report = await run.verify()
        assert report.is_exact, report
        assert report.dead_letters == 1


async def test_input_deleted_before_it_was_processed_is_counted_and_told(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, partitions=1, engine=FAST) as run:
        worker = run.start_worker()
        worker.wait_for("recovered")
        await _send(run, *[b"add %d" % n for n in range(10)])
        await run.settle()
        worker.ask_to_end()
        assert worker.wait() == 0
        await _send(run, *[b"add %d" % n for n in range(20)])
        await _delete(run, before=25)
        worker = run.start_worker("again")
        await run.settle()
        assert f"lost {run.topics.inputs[0]} 0 15" in worker.lines
        assert "15 offsets were deleted before they were processed" in worker.log_text()


async def test_input_deleted_under_a_running_worker_is_counted_too(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, partitions=1, engine={**FAST, "session_timeout": 10.0}) as run:
        worker = run.start_worker()
        worker.wait_for("recovered")
        await _send(run, b"add 1")
        await run.settle()
        worker.freeze()
        await asyncio.sleep(0.5)
        await _send(run, *[b"add %d" % n for n in range(20)])
        await _send(run, *[b"add %d" % n for n in range(20)])
        await _delete(run, before=30)
        worker.thaw()
        worker.wait_for("lost")
        await run.settle()
        lost = sum(int(line.split()[-1]) for line in worker.lines if line.startswith("lost"))
        assert lost in (
            29,
            9,
        )  # a fetch that was on its way while the worker was frozen may have brought the first batch


async def test_an_input_that_was_made_anew_is_refused(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, partitions=1, engine=FAST) as run:
        worker = run.start_worker()
        worker.wait_for("recovered")
        await _send(run, *[b"add %d" % n for n in range(10)])
        await run.settle()
        worker.ask_to_end()
        assert worker.wait() == 0
        admin = AIOKafkaAdminClient(bootstrap_servers=run.broker)
        await admin.start()
        await admin.delete_topics([run.topics.inputs[0]])
        await admin.close()
        again = run.start_worker("again")
        assert again.wait(60) == 70
        assert "processed up to 10: the topic was recreated or lost data" in again.log_text()


async def test_a_broker_that_comes_late_is_waited_for_and_one_that_dies_too(tmp_path: Path) -> None:
    service = KafkaService(tmp_path / "kafka", settings=EAGER)
    with service:
        address = service.bootstrap
    engine = {**FAST, "transaction_timeout": 2.0}
    with Run(address, tmp_path, slow=0.002, engine=engine) as run, service:
        service.stop()
        worker = run.start_worker()
        await worker.logs("waiting for Kafka")
        service.start()
        worker.wait_for("recovered", count=4)
        load = run.start_load(seed=5, records=1_000_000, rate=1000)
        for seconds in (0.0, 12.0):  # the second is longer than the session, the transaction timeout and its cleanup
            worker.wait_for("committed", count=worker.count("committed") + 5)
            service.kill()
            await asyncio.sleep(seconds)
            service.start()
        worker.wait_for("committed", count=worker.count("committed") + 20)
        load.ask_to_end()
        load.wait()
        await run.settle()
        log = worker.log_text()
        assert "Kafka answers again after" in log
        assert len(log.splitlines()) < 2000  # aiokafka alone would have written several thousand
        worker.ask_to_end()
        assert worker.wait() == 0
        report = await run.verify()
        assert report.is_exact, report
        assert report.events > 5000


async def test_a_worker_that_waits_for_its_broker_can_be_stopped(tmp_path: Path) -> None:
    nobody = f"{HOST}:{free_ports(1)[0]}"
    with Run(nobody, tmp_path, engine=FAST) as run:
        worker = run.start_worker()
        await worker.logs("waiting for Kafka")
        worker.ask_to_end()
        assert worker.wait(10) == 0


async def test_inputs_that_do_not_fit_together_are_refused_at_the_start(broker: KafkaService, tmp_path: Path) -> None:
    with Run(broker.bootstrap, tmp_path, engine=FAST) as run:
        admin = AIOKafkaAdminClient(bootstrap_servers=run.broker)
        await admin.start()
        await admin.create_topics([NewTopic(name, n, 1) for n, name in enumerate(run.topics.inputs, 2)])
        await admin.close()
        await run.wait_for_topics()
        worker = run.start_worker()
        assert worker.wait(30) == 70
        assert f"{run.name}-left has 2, {run.name}-right has 3" in worker.log_text()


async def test_a_producer_whose_transaction_timed_out_is_replaced(broker: KafkaService, tmp_path: Path) -> None:
    """Another producer with the partition's id stands for whatever made the broker give up on ours."""
    with Run(broker.bootstrap, tmp_path, engine=FAST) as run:
        worker = run.start_worker()
        worker.wait_for("recovered", count=4)
        await _send(run, b"add 1", b"add 2")
        await run.settle()
        async with AIOKafkaProducer(bootstrap_servers=run.broker, transactional_id=f"{run.name}-0"):
            await _send(run, b"add 3", b"add 4")
            worker.wait_for("fenced 0")
        worker.wait_for("recovered", count=5)
        await run.settle()
        report = await run.verify()
        assert report.is_exact, report


async def test_a_worker_that_cannot_stop_for_want_of_a_broker_ends_itself(tmp_path: Path) -> None:
    with KafkaService(tmp_path / "kafka", settings=EAGER) as service:
        engine = {**FAST, "stop_timeout": 3.0}
        with Run(service.bootstrap, tmp_path, slow=0.01, engine=engine) as run:
            worker = run.start_worker()
            worker.wait_for("recovered", count=4)
            load = run.start_load(seed=6, records=1_000_000, rate=2000)
            worker.wait_for("committed", count=5)
            load.kill()
            service.kill()
            worker.ask_to_end()
            assert worker.wait(15) == 70
            assert "could not stop within 3 s" in worker.log_text()


async def _send(run: Run, *values: bytes) -> None:
    """Write to partition 0 of the first input."""
    async with AIOKafkaProducer(bootstrap_servers=run.broker, max_request_size=1 << 20) as producer:
        for value in values:
            await producer.send_and_wait(run.topics.inputs[0], value, b"key", partition=0)


async def _delete(run: Run, before: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=run.broker)
    await admin.start()
    await admin.delete_records({TopicPartition(run.topics.inputs[0], 0): RecordsToDelete(before_offset=before)})
    await admin.close()
