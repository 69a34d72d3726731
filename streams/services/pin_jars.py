"""Writes the list of the broker's jars anew, for another version of Kafka: ``python -m streams.services.pin_jars``.

Change the versions below, run it, run the integration tests, commit the list. The checksums are those of the files that
Maven Central serves at that moment.
"""

from __future__ import annotations

import hashlib
import tempfile
from pathlib import Path

from jgo.maven import MavenContext

KAFKA = "4.3.1"
LOG4J = "2.25.4"  # the one that this Kafka asks for

# The "!" keeps jgo from reading log4j's own dependency management, which would put kafka-clients back to 3.9.
ROOTS = (f"org.apache.kafka:kafka_2.13:{KAFKA}", f"org.apache.logging.log4j:log4j-slf4j-impl:{LOG4J}!")


def main() -> None:
    """Resolve, download and list."""
    with tempfile.TemporaryDirectory() as folder:
        context = MavenContext(repo_cache=Path(folder))
        inputs, transitive = context.resolver.resolve([context.create_dependency(root) for root in ROOTS])
        pins = []
        for artifact in (dependency.artifact for dependency in (*inputs, *transitive)):
            content = artifact.resolve().read_bytes()
            coordinate = f"{artifact.groupId}:{artifact.artifactId}:{artifact.version}"
            pins.append(f"{hashlib.sha256(content).hexdigest()} {len(content)} {coordinate}\n")
    header = "# SHA-256, bytes and Maven coordinate of each jar of the Kafka broker; written by pin_jars.py\n"
    Path(__file__).with_name("kafka-jars.txt").write_text(header + "".join(pins), encoding="utf-8")


if __name__ == "__main__":
    main()
