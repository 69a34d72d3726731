"""A real Apache Kafka, as one node on this machine."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, ClassVar

from streams.services.jars import JarCache, cache_folder, pinned_jars
from streams.services.java import Java, find_java
from streams.services.kafka_config import log4j_properties, server_properties
from streams.services.kafka_probe import live_brokers
from streams.services.ports import HOST, free_ports
from streams.services.supervisor import Service

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class KafkaService(Service):
    """A Kafka cluster of one node (KRaft: broker and controller in one process).

    Args:
        data_dir: Where records, configuration and the log are kept; made and formatted if it is new.
        port: Where clients connect on loopback; 0 takes a free one, kept over restarts of this object.
        heap: The largest Java heap, in Java's notation.
        settings: Broker settings that go before ours.
        cache: Where the downloaded jars are kept; see `cache_folder`.
        start_timeout: How long the broker may take until it answers, in seconds; a download does not count.
        stop_timeout: How long a clean stop may take before the process is killed, in seconds.
    """

    name: ClassVar[str] = "Kafka"

    def __init__(  # noqa: PLR0913  # all but one are by name and have a default
        self,
        data_dir: Path,
        port: int = 0,
        *,
        heap: str = "512m",
        settings: Mapping[str, str] | None = None,
        cache: Path | None = None,
        start_timeout: float = 120.0,
        stop_timeout: float = 20.0,
    ) -> None:
        super().__init__(data_dir, port, start_timeout=start_timeout, stop_timeout=stop_timeout)
        self._heap = heap
        self._settings = dict(settings or {})
        self._cache = cache or cache_folder()
        self._records = self.data_dir / "records"

    @property
    def bootstrap(self) -> str:
        """The address as Kafka's clients call it."""
        return self.address

    def _prepare(self) -> Sequence[str]:
        java = find_java()
        jars = pinned_jars()
        class_path = JarCache(self._cache / f"kafka-{jars[0].version}", jars).class_path()
        (self.data_dir / "log4j2.properties").write_text(log4j_properties(), encoding="utf-8")
        if not self._records.exists():
            self._format(java, class_path)
        properties = self._configure("server.properties", self._records)
        return [*self._java(java, class_path), "kafka.Kafka", str(properties)]

    def _configure(self, name: str, records: Path) -> Path:
        controller_port = next(port for port in free_ports(2) if port != self.port)
        properties = self.data_dir / name
        properties.write_text(server_properties(records, self.port, controller_port, self._settings), encoding="utf-8")
        return properties

    def _format(self, java: Java, class_path: str) -> None:
        """Make the record folder: beside its place, then renamed, so that it is there whole or not at all."""
        unfinished = self.data_dir / "records.part"
        shutil.rmtree(unfinished, ignore_errors=True)
        properties = self._configure("format.properties", unfinished)
        cluster_id = urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        tool = ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(properties)]
        # Quick to compile matters more than fast code in a program that lives for a second.
        command = [*self._java(java, class_path, "-XX:TieredStopAtLevel=1"), *tool]
        with self.log_file.open("ab") as log:
            try:
                subprocess.run(  # noqa: S603  # a Java found on this machine, our own arguments
                    command,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    cwd=self.data_dir,
                    timeout=self.start_timeout,
                    check=True,
                )
            except (OSError, subprocess.SubprocessError) as error:
                raise self.failure("cannot format its data folder") from error
        unfinished.rename(self._records)

    def _java(self, java: Java, class_path: str, *flags: str) -> list[str]:
        # The serial collector starts faster and needs less memory than the default at this heap size.
        fixed = ["-XX:+UseSerialGC", f"-Xmx{self._heap}", *flags]
        logging = f"-Dlog4j2.configurationFile={self.data_dir / 'log4j2.properties'}"
        return [str(java.program), *fixed, logging, "-cp", class_path]

    def _answers(self) -> bool:
        return live_brokers(HOST, self.port) > 0
