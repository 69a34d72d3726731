"""Where measurements leave the engine; it knows no metrics client."""


class EngineObserver:
    """Told what happens; every method does nothing until a subclass says otherwise.

    All calls come from the worker's event loop and must return at once. Times are in seconds, timestamps in
    milliseconds since the epoch (as Kafka keeps them).
    """

    def chunk_applied(self, partition: int, records: int, seconds: float) -> None:
        """Note that records were applied to a state."""

    def transaction_committed(
        self, partition: int, seconds: float, records: int, size: int, oldest_timestamp: int | None
    ) -> None:
        """Note a commit: input records in it, bytes written, and the timestamp of the oldest input record."""

    def partition_recovered(self, partition: int, seconds: float, records: int) -> None:
        """Note that a state was read from the changelog; the time runs from the opening of its producer."""

    def rebalance_begun(self) -> None:
        """Note that the group is rebalancing: nothing flows."""

    def rebalance_ended(self, seconds: float, owned: int) -> None:
        """Note that records flow again, and how many partitions this worker owns."""

    def fenced(self, partition: int) -> None:
        """Note that a write was refused because a newer producer exists."""

    def recovering_again(self, partition: int) -> None:
        """Note that a partition's memory was thrown away after a failed commit or a failed record."""

    def hole(self, topic: str, partition: int) -> None:
        """Note that records vanished between the fetch and the state, and are fetched again."""

    def skipped(self, partition: int, records: int) -> None:
        """Note records that were delivered again and not applied again."""

    def lost_input(self, topic: str, partition: int, offsets: int) -> None:
        """Note offsets that retention deleted before they were processed."""

    def poisoned(self, topic: str, partition: int, offset: int) -> None:
        """Note a record whose processing failed."""

    def broker_away(self, seconds: float) -> None:
        """Note how long the broker has not answered; zero when it does again."""
