"""What the broker is told."""

from __future__ import annotations

from pathlib import Path

from streams.services.kafka_config import server_properties


def _parsed(text: str) -> dict[str, str]:
    return dict(line.split("=", 1) for line in text.splitlines())


def test_clients_are_sent_to_the_loopback_port() -> None:
    properties = _parsed(server_properties(Path("/data"), 9092, 9093, {}))

    assert properties["advertised.listeners"] == "PLAINTEXT://127.0.0.1:9092"
    assert properties["listeners"] == "PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9093"
    assert properties["controller.quorum.voters"] == "1@127.0.0.1:9093"
    assert properties["log.dirs"] == "/data"


def test_one_node_asks_for_one_replica_of_everything() -> None:
    properties = _parsed(server_properties(Path("/data"), 9092, 9093, {}))
    replicas = {key: value for key, value in properties.items() if key.endswith((".replication.factor", ".min.isr"))}

    assert len(replicas) == 6
    assert set(replicas.values()) == {"1"}


def test_a_callers_setting_goes_before_ours() -> None:
    properties = _parsed(server_properties(Path("/data"), 1, 2, {"log.retention.ms": "5", "log.segment.bytes": "6"}))

    assert properties["log.retention.ms"] == "5"
    assert properties["log.segment.bytes"] == "6"


def test_every_key_is_there_once() -> None:
    lines = server_properties(Path("/data"), 1, 2, {"process.roles": "broker"}).splitlines()

    assert len({line.split("=")[0] for line in lines}) == len(lines)


def test_values_are_escaped_as_java_reads_them() -> None:
    text = server_properties(Path("/a b\\c/é/😀"), 1, 2, {"x": " y\nz"})

    assert "log.dirs=/a b\\\\c/\\u00e9/\\ud83d\\ude00\n" in text
    assert text.endswith("x=\\ y\\nz\n")
