"""The embedded broker is a real one, keeps its data, and leaves nothing behind."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from streams.services import KafkaService, ServiceError, jars
from streams.services.kafka_probe import live_brokers
from streams.services.locking import FileLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.integration.conftest import CreateTopic, NewTopic

pytestmark = pytest.mark.integration

_PARENT = """
import sys, time
from pathlib import Path
from streams.services import KafkaService
service = KafkaService(Path(sys.argv[1]))
service.start()
print(service.bootstrap, flush=True)
time.sleep(120)
"""


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaService]:
    """One broker for the tests of this file, in a folder whose name is no plain word."""
    with KafkaService(tmp_path_factory.mktemp("a broker's data é")) as service:
        yield service


def _write(brokers: str, topic: str, count: int) -> None:
    producer = KafkaProducer(bootstrap_servers=brokers, acks="all")
    for number in range(count):
        producer.send(topic, str(number).encode())
    producer.flush()
    producer.close()


def _read(brokers: str, topic: str, count: int) -> list[int]:
    consumer = KafkaConsumer(bootstrap_servers=brokers, auto_offset_reset="earliest", enable_auto_commit=False)
    consumer.assign([TopicPartition(topic, 0)])
    found: list[int] = []
    deadline = time.monotonic() + 30
    while len(found) < count and time.monotonic() < deadline:
        for records in consumer.poll(timeout_ms=500).values():
            found += [int(record.value) for record in records]
    consumer.close()
    return found


def test_topics_are_made_as_asked(kafka: str, new_topic: NewTopic) -> None:
    name = new_topic("made", partitions=3)

    admin = KafkaAdminClient(bootstrap_servers=kafka)
    (topic,) = admin.describe_topics([name])
    admin.close()

    assert len(topic["partitions"]) == 3


def test_records_survive_kill_and_a_clean_restart(broker: KafkaService, create_topic: CreateTopic) -> None:
    topic = create_topic(broker.bootstrap, "kept", partitions=1)
    _write(broker.bootstrap, topic, 1000)

    broker.kill()
    broker.start()
    assert _read(broker.bootstrap, topic, 1000) == list(range(1000))

    broker.stop()
    broker.start()
    assert _read(broker.bootstrap, topic, 1000) == list(range(1000))


def test_two_brokers_live_beside_each_other(broker: KafkaService, create_topic: CreateTopic, tmp_path: Path) -> None:
    with KafkaService(tmp_path) as second:
        assert second.port != broker.port
        topic = create_topic(second.bootstrap, "second", partitions=1)
        admin = KafkaAdminClient(bootstrap_servers=broker.bootstrap)
        assert topic not in admin.list_topics()
        admin.close()


def test_a_warm_start_needs_no_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up = socket.getaddrinfo

    def only_loopback(host: str, *arguments: Any, **options: Any) -> Any:
        assert host == "127.0.0.1", f"{host} was looked up"
        return looked_up(host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", only_loopback)
    monkeypatch.setattr(jars, "_download", lambda *_: pytest.fail("a jar was downloaded"))

    with KafkaService(tmp_path) as service:
        assert service.running


def test_no_orphan_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _PARENT, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        host, port = parent.stdout.readline().decode().split(":")
        assert live_brokers(host, int(port)) == 1
        parent.kill()

    lock = FileLock(tmp_path / "lock")  # held by every process of the broker
    deadline = time.monotonic() + 30
    while not (free := lock.try_acquire()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert free
    lock.release()
    assert "shut down completed" in (tmp_path / "kafka.log").read_text()


def test_a_clean_stop_is_a_controlled_shutdown(tmp_path: Path) -> None:
    service = KafkaService(tmp_path)
    service.start()

    service.stop()

    log = service.log_file.read_text()
    assert "Terminating process due to signal SIGTERM" in log
    assert "granted an immediate shutdown" in log


def test_a_setting_that_kafka_refuses_is_shown_with_the_log(tmp_path: Path) -> None:
    service = KafkaService(tmp_path, settings={"num.io.threads": "none"})

    with pytest.raises(ServiceError) as raised:
        service.start()

    assert f"the log is {service.log_file}" in str(raised.value)
    assert "num.io.threads" in str(raised.value)
    assert not service.running


def test_a_record_folder_that_is_damaged_is_shown_with_the_log(tmp_path: Path) -> None:
    with KafkaService(tmp_path) as service:
        pass
    (tmp_path / "records" / "meta.properties").write_text("version=1\nnode.id=7\ncluster.id=x\n")

    with pytest.raises(ServiceError, match=r"Kafka ended while it started; the log is .*kafka\.log\n(.|\n)*node"):
        service.start()


def test_a_folder_whose_formatting_was_cut_off_is_formatted_anew(tmp_path: Path) -> None:
    (tmp_path / "records.part").mkdir()
    (tmp_path / "records.part" / "meta.properties").write_text("version=1\n")

    with KafkaService(tmp_path) as service:
        assert service.running

    assert not (tmp_path / "records.part").exists()
