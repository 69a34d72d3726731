"""What a Kafka broker that is alone in its cluster is told."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.services.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

NODE_ID = 1

_ALONE = {
    "process.roles": "broker,controller",
    "node.id": str(NODE_ID),
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # One node: every internal topic has one replica, and few partitions, for each costs files and start time.
    "default.replication.factor": "1",
    "min.insync.replicas": "1",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "4",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "share.coordinator.state.topic.num.partitions": "1",
    # A topic that a typing mistake made would hide the mistake.
    "auto.create.topics.enable": "false",
    # Nobody else is about to join: do not wait for them. Short sessions are for tests of workers that are gone.
    "group.initial.rebalance.delay.ms": "0",
    "group.min.session.timeout.ms": "1000",
    # After a kill -9 the node comes back when its own former session is over.
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
    # Records keep their event's time, which in a replay is years ago: nothing is dropped for its age.
    "log.retention.ms": "-1",
    # Sized for one machine's little heap (the cleaner alone would take 128 MiB of it).
    "log.cleaner.dedupe.buffer.size": "33554432",
    "num.network.threads": "2",
    "num.io.threads": "4",
}

_LOG4J = """\
status = error
# Kafka closes its records in a shutdown hook: what it says there is wanted, too.
shutdownHook = disable
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %m (%c)%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
# What speaks at length: every setting at each start, every cleaning, every change of a leader.
logger.settings.name = org.apache.kafka.common.config.AbstractConfig
logger.settings.level = warn
logger.states.name = state.change.logger
logger.states.level = warn
logger.cleaner.name = org.apache.kafka.storage.internals.log.LogCleaner
logger.cleaner.level = warn
logger.threads.name = org.apache.kafka.storage.internals.log.LogCleaner$CleanerThread
logger.threads.level = warn
"""


def server_properties(log_dir: Path, port: int, controller_port: int, settings: Mapping[str, str]) -> str:
    """Render the broker's configuration file.

    Args:
        log_dir: Where the broker keeps its records.
        port: Where clients connect.
        controller_port: Where the node's controller half listens.
        settings: Broker settings of the caller; they win.
    """
    properties = _ALONE | {
        "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller_port}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
        "controller.quorum.voters": f"{NODE_ID}@{HOST}:{controller_port}",
        "log.dirs": str(log_dir),
    }
    merged = properties | dict(settings)
    return "".join(f"{key}={_escaped(value)}\n" for key, value in merged.items())


def log4j_properties() -> str:
    """Render the configuration of the broker's logging: to its standard output, which is the service's log."""
    return _LOG4J


def _escaped(value: str) -> str:
    """Escape a value for a Java properties file."""
    escapes = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    text = "".join(escapes.get(character) or _ascii(character) for character in value)
    return f"\\{text}" if text.startswith(" ") else text


def _ascii(character: str) -> str:
    if character.isascii():
        return character
    units = character.encode("utf-16-be").hex()
    return "".join(f"\\u{units[start : start + 4]}" for start in range(0, len(units), 4))
