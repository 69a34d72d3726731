"""What the benchmarks with Kafka share: a broker of their own, cores kept apart, and processes that are measured."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from msgspec import Struct, json

from bench.events import STAGES, Raw
from streams.producing import connected
from streams.services import KafkaService
from streams.services.ports import free_ports
from streams.settings import Settings, load

LEADS, INTERACTIONS = "leads.v1", "interactions.v1"
PARTITIONS = 4
START_SECONDS, STOP_SECONDS = 900.0, 20.0


class Job(Struct, kw_only=True, frozen=True):
    """What a measured process is to do.

    Attributes:
        broker: Where Kafka is.
        name: Application id or consumer group.
        events: How many there are in both topics; 0: go on until stopped.
        cores: The cores it may use; none: all.
        options: Settings of leadpulse that differ, by "section.field".
        variant: Of the idiomatic Faust application.
        plain: Whether the core runs as plain Python, even where it is compiled.
    """

    broker: str
    name: str
    events: int = 0
    cores: tuple[int, ...] = ()
    options: dict[str, Any] = {}
    variant: str = ""
    plain: bool = False

    def pin(self) -> None:
        """Keep this process to its cores, where the system can."""
        if self.cores and hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, self.cores)

    def settings(self) -> Settings:
        """Return the settings of a leadpulse worker."""
        mine = {
            "app.id": self.name,
            "kafka.brokers": [self.broker],
            "topics.partitions": PARTITIONS,
            "funnel.zone": "Europe/Amsterdam",
            "funnel.stages": [{"name": stage} for stage in STAGES],
            "log.level": "warning",
        }
        return load(environ={}, options={**mine, **self.options})


class Pace(Struct):
    """How fast events went, from the first look at a running process to its end.

    Attributes:
        events: Events in that time.
        seconds: Wall time.
        cpu_seconds: Of all threads of the process.
    """

    events: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds


class Stopwatch:
    """Measures from the first moment at which something is done to the moment at which all is.

    Args:
        events: How many events are all.
    """

    def __init__(self, events: int) -> None:
        self._events = events
        self._begun: tuple[int, float, float] = (0, time.perf_counter(), time.process_time())

    def look(self, done: int) -> Pace | None:
        """Note how many events are done; return the pace when all are."""
        now, cpu = time.perf_counter(), time.process_time()
        first, begun, cpu_begun = self._begun
        if done < self._events:
            if not first:  # the start itself is not measured, unless all is done at once
                self._begun = (done, now, cpu)
            return None
        return Pace(done - first, now - begun, cpu - cpu_begun)


def cores() -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return the core of the measured process and those of everything else; empty where they cannot be kept apart."""
    if not hasattr(os, "sched_getaffinity"):
        return (), ()
    mine = sorted(os.sched_getaffinity(0))
    return ((mine[0],), tuple(mine[1:])) if len(mine) > 1 else ((), ())


@contextmanager
def laboratory() -> Iterator[tuple[str, tuple[int, ...]]]:
    """Give the address of a new broker, and the core that is kept free for the measured process."""
    measured, others = cores()
    before = os.sched_getaffinity(0) if others else set()
    try:
        if others:
            os.sched_setaffinity(0, others)
        with tempfile.TemporaryDirectory(prefix="leadpulse-bench-") as folder, KafkaService(Path(folder)) as kafka:
            yield kafka.bootstrap, measured
    finally:
        if before:
            os.sched_setaffinity(0, before)


@contextmanager
def process(module: str, job: Job) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module of this package with a job; it is gone at the end."""
    command = [sys.executable, "-m", f"bench.{module}", json.encode(job).decode()]
    root = str(Path(__file__).parent.parent)
    compiled = [] if job.plain else [os.environ.get("PYTHONPATH", root)]  # see COMPILED in the Makefile
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*compiled, root])}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed application is not compiled at every start
    # Faust makes a folder where it is started.
    with (
        tempfile.TemporaryDirectory(prefix="leadpulse-bench-") as folder,
        subprocess.Popen(command, stdout=subprocess.PIPE, cwd=folder, env=environment) as child,
    ):
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()


def pace_of(module: str, job: Job, timeout: float = 600.0) -> Pace:
    """Run a module until it tells its pace; how it would end is not waited for.

    Raises:
        RuntimeError: It ended without, or took too long.
    """
    with process(module, job) as child:
        assert child.stdout is not None
        alarm = threading.Timer(timeout, child.kill)
        alarm.start()
        try:
            for line in child.stdout:  # Faust may print its own between
                if line.startswith(b'{"events"'):
                    child.kill()
                    return json.decode(line, type=Pace)
        finally:
            alarm.cancel()
    raise RuntimeError(f"bench.{module} ended with code {child.returncode} and no result")


async def create_topics(broker: str, names: Sequence[str], configs: Mapping[str, str] | None = None) -> None:
    """Make topics."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=dict(configs or {})) for name in names])
    finally:
        await admin.close()


async def fill(broker: str, events: Iterable[Raw]) -> int:
    """Write events into both topics; return how many."""
    count = 0
    async with connected({"bootstrap_servers": [broker]}) as writer:
        for event in events:
            await writer.write(INTERACTIONS if event.interaction else LEADS, event.key, event.value)
            count += 1
    return count


def prepare(broker: str, events: Iterable[Raw]) -> int:
    """Make both topics and fill them; return how many events there are."""

    async def run() -> int:
        await create_topics(broker, (LEADS, INTERACTIONS))
        return await fill(broker, events)

    return asyncio.run(run())


def free_port() -> int:
    """Return a port that nobody listens on."""
    return free_ports(1)[0]


def get(port: int, path: str) -> tuple[int, bytes]:
    """Ask a worker; status 0 when it does not answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""
    except OSError:
        return 0, b""


def await_ready(child: subprocess.Popen[bytes], port: int, timeout: float = START_SECONDS) -> float:
    """Wait until a worker is ready; return for how long, in seconds.

    Raises:
        RuntimeError: It ended, or is not ready in time.
    """
    begun = time.monotonic()
    while get(port, "/readyz")[0] != 200:
        waited = time.monotonic() - begun
        if child.poll() is not None or waited > timeout:
            raise RuntimeError(f"the worker is not ready after {waited:.0f} s, exit code {child.returncode}")
        time.sleep(0.05)
    return time.monotonic() - begun


def memory(pid: int) -> dict[str, int]:
    """Return resident memory of a process in bytes, now and at most; empty where there is no /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return {}
    fields = dict(line.split(":", 1) for line in status.splitlines())
    return {name: int(fields[key].split()[0]) * 1024 for name, key in (("now", "VmRSS"), ("peak", "VmHWM"))}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all values do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
