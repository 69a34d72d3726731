"""One test run: its topics, its processes, and the end of it."""

import asyncio
import time
import uuid
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from tests.integration.harness.load import LoadConfig
from tests.integration.harness.log import end_offsets, group_offsets, topics_exist
from tests.integration.harness.processes import Process, python_module
from tests.integration.harness.tally import TallyTopics
from tests.integration.harness.verify import Report, verify
from tests.integration.harness.worker import WorkerConfig


class Run:
    """Workers and loads on topics of their own; use as a context manager, it leaves no process behind."""

    def __init__(self, broker: str, folder: Path, *, partitions: int = 4, **worker: Any) -> None:
        self.broker = broker
        self.name = f"run-{uuid.uuid4().hex[:8]}"
        self.topics = TallyTopics(self.name)
        self.partitions = partitions
        self.folder = folder
        self.processes: list[Process] = []
        self._worker = worker

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self.processes:
            process.kill()

    def worker_command(self, **changes: Any) -> list[str]:
        """Return the command of a worker; `engine` options are merged."""
        engine = {**self._worker.get("engine", {}), **changes.pop("engine", {})}
        settings = {**self._worker, **changes, "engine": engine}
        config = WorkerConfig(broker=self.broker, name=self.name, partitions=self.partitions, **settings)
        return python_module("tests.integration.harness.worker", msgspec.json.encode(config).decode())

    def start_worker(self, label: str = "worker", **changes: Any) -> Process:
        """Start a worker."""
        return self._start(label, self.worker_command(**changes))

    def load_command(self, **settings: Any) -> list[str]:
        """Return the command of a load."""
        config = LoadConfig(broker=self.broker, name=self.name, partitions=self.partitions, **settings)
        return python_module("tests.integration.harness.load", msgspec.json.encode(config).decode())

    def start_load(self, **settings: Any) -> Process:
        """Start a load; the topics must exist."""
        return self._start("load", self.load_command(**settings))

    async def wait_for_topics(self) -> None:
        """Wait until a worker has made the topics."""
        async with asyncio.timeout(60):
            while not await topics_exist(self.broker, self.topics.inputs):  # noqa: ASYNC110  # another process makes them
                await asyncio.sleep(0.3)

    def _start(self, label: str, command: list[str]) -> Process:
        process = Process(label, command, self.folder)
        self.processes.append(process)
        return process

    async def lag(self) -> dict[tuple[str, int], int]:
        """Return the offsets between the group's offset and the end, where there are any: what an operator sees."""
        ends = await end_offsets(self.broker, self.topics.inputs, self.partitions)
        offsets = await group_offsets(self.broker, self.name)
        return {tp: end - offsets.get(tp, 0) for tp, end in ends.items() if end != max(offsets.get(tp, 0), 0)}

    async def settle(self, timeout: float = 60.0) -> None:
        """Wait until everything on the inputs is processed and the group's offsets say so.

        Raises:
            AssertionError: If that does not happen.
        """
        deadline = time.monotonic() + timeout
        while lag := await self.lag():
            assert time.monotonic() < deadline, f"still behind: {lag}, see {self.folder}"
            await asyncio.sleep(0.3)

    async def verify(self) -> Report:
        """Compare what is on the log with the model."""
        return await verify(self.broker, self.name, self.partitions)
