"""Settings of the engine: one frozen value."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

MEGABYTE = 1 << 20


class EngineOptions(msgspec.Struct, frozen=True, kw_only=True):
    """Everything the engine has to be told. Times are in seconds, sizes in bytes.

    Raises:
        ValueError: If the values contradict each other.
    """

    app_id: str
    """Name of the consumer group and prefix of the transactional ids: two apps never share one."""
    brokers: tuple[str, ...]
    """`host:port` of some brokers of the cluster."""
    inputs: tuple[str, ...]
    """Co-partitioned topics to read."""
    outputs: tuple[str, ...] = ()
    """Topics that the states write to; any other is refused. They need as many partitions as the inputs."""
    changelog: str = ""
    """Topic of the state; default `<app_id>-changelog`."""
    client_options: Mapping[str, Any] = {}
    """Security arguments for every aiokafka client: security_protocol, ssl_context, sasl_*."""
    group_instance_id: str | None = None
    """Static membership: a restart within the session timeout causes no rebalance. Unique in the group."""

    chunk: int = 1000
    """Records of one partition that are applied in one go."""
    max_pending: int = 32_000
    """Records of one partition that may be applied and not yet committed."""
    max_pending_bytes: int = 32 * MEGABYTE
    """The same for the outputs that they made: dead letters are as large as what comes from outside."""
    linger: float = 0.02
    """Wait for company before a small transaction is begun."""
    backlog_linger: float = 0.75
    """Wait for more before a transaction of a chunk or more is begun, up to half of what may be pending."""
    on_processing_error: Literal["dead_letter", "stop"] = "dead_letter"

    session_timeout: float = 10.0
    transaction_timeout: float = 30.0
    request_timeout: float = 40.0
    offset_commit_interval: float = 1.0
    """Pause between copies of the position into the consumer group, where lag tools look."""
    end_offset_interval: float = 0.25
    """Pause between two looks at where the inputs end; a deadline is judged at most so much later."""
    stop_timeout: float = 15.0
    """A worker that is told to stop and cannot, say because the broker is away, ends itself after this time."""

    batch_size: int = MEGABYTE // 2
    max_record_size: int = 8 * MEGABYTE
    """Largest state or output record; the topics made by the engine allow it."""
    fetch_size: int = 2 * MEGABYTE
    fetch_max_wait: float = 0.1
    compression: str | None = None
    recovery_parallelism: int = 4
    """Changelog partitions read at the same time."""

    def __post_init__(self) -> None:
        """Refuse what cannot work."""
        if not self.app_id or not self.brokers or not self.inputs:
            raise ValueError("app_id, brokers and inputs must not be empty")
        if len(set(self.inputs)) != len(self.inputs) or self.changelog_topic in self.inputs:
            raise ValueError(
                f"the inputs {self.inputs} and the changelog {self.changelog_topic!r} must be distinct topics"
            )
        pending = self.max_pending, self.max_pending_bytes
        if min(self.chunk, *pending, self.batch_size, self.recovery_parallelism) < 1:
            raise ValueError("chunk, max_pending(_bytes), batch_size and recovery_parallelism must be at least 1")
        if self.request_timeout < self.session_timeout:
            raise ValueError(
                f"request_timeout {self.request_timeout} must not be below session_timeout {self.session_timeout}"
            )

    @property
    def changelog_topic(self) -> str:
        """Name of the changelog topic."""
        return self.changelog or f"{self.app_id}-changelog"

    def transactional_id(self, partition: int) -> str:
        """Return the stable id whose newest producer owns the partition."""
        return f"{self.app_id}-{partition}"

    def client_arguments(self) -> dict[str, Any]:
        """Return the arguments that every aiokafka client of the engine shares."""
        return {
            "bootstrap_servers": list(self.brokers),
            "request_timeout_ms": int(self.request_timeout * 1000),
            **self.client_options,
        }
