"""Random faults under load, then the key-by-key comparison: `make chaos`.

    python -m tests.integration.chaos --kills 50 --seed 7

Brings up a broker of its own. Two workers are killed, frozen, stopped and started as the dice say, now and then the
broker is killed too, while a load writes both inputs. What is tested is a `Target`; another one than the engine's own
tally is named with `--target package.module:make_target`.
"""

import argparse
import asyncio
import importlib
import random
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol, cast

from streams.services import KafkaService
from tests.integration.harness.processes import Process
from tests.integration.harness.run import Run

EAGER = {
    "log.cleaner.backoff.ms": "1000",
    "log.initial.task.delay.ms": "1000",
    "transaction.abort.timed.out.transaction.cleanup.interval.ms": "1000",
}
WORKERS = ("A", "B")


class Verdict(Protocol):
    """What a comparison found; its text is shown."""

    @property
    def is_exact(self) -> bool:
        """Whether nothing was wrong."""


class Target(Protocol):
    """What the chaos is let loose on."""

    session_timeout: float
    """Seconds after which the group gives up on a worker."""

    def worker_command(self, label: str) -> Sequence[str]:
        """Return the command of a worker; the first one may make the topics."""

    def load_command(self) -> Sequence[str]:
        """Return the command of a load that writes until SIGTERM and then ends with 0."""

    async def wait_for_topics(self) -> None:
        """Return when the load may begin."""

    async def settle(self) -> None:
        """Return when everything on the inputs is processed; raise AssertionError if that takes too long."""

    async def verify(self) -> Verdict:
        """Compare what is on the log with a model of the inputs."""


TargetMaker = Callable[[str, Path, int], Target]
"""Makes a target, given the broker's address, a folder for logs, and a seed."""


class TallyTarget:
    """The engine with the tests' own small state."""

    session_timeout = 4.0

    def __init__(self, broker: str, folder: Path, seed: int) -> None:
        self._seed = seed
        self._run = Run(
            broker,
            folder,
            slow=0.003,
            engine={
                "chunk": 200,
                "max_pending": 1000,
                "session_timeout": self.session_timeout,
                "transaction_timeout": 5.0,
            },
        )

    def worker_command(self, label: str) -> Sequence[str]:
        return self._run.worker_command()

    def load_command(self) -> Sequence[str]:
        return self._run.load_command(seed=self._seed, records=1_000_000_000, rate=1500, poisons=0.00002)

    async def wait_for_topics(self) -> None:
        await self._run.wait_for_topics()

    async def settle(self) -> None:
        await self._run.settle(timeout=180)

    async def verify(self) -> Verdict:
        return await self._run.verify()


class Chaos:
    """Rolls the dice, and keeps the workers up as a supervisor would."""

    def __init__(self, target: Target, service: KafkaService, folder: Path, seed: int, *, broker_faults: bool) -> None:
        self._target = target
        self._service = service
        self._folder = folder
        self._dice = random.Random(seed)
        self._faults = ["kill"] * 6 + ["stop", "freeze", "nap"] + (["broker"] if broker_faults else [])
        self._started = time.monotonic()
        self._workers: dict[str, Process] = {}
        self._load: Process | None = None
        self.kills = 0
        self.ended_by_themselves = 0

    async def run(self, kills: int) -> Verdict:
        """Do harm until so many workers were killed, let everything come to rest, and compare."""
        try:
            self._start(WORKERS[0])
            await self._target.wait_for_topics()
            self._start_load()
            self._start(WORKERS[1])
            while self.kills < kills:
                await self._pause(self._dice.uniform(0.5, 6.0))
                await self._harm(self._dice.choice(WORKERS), self._dice.choice(self._faults))
            self._stop_load()
            await self._settle()
            return await self._target.verify()
        finally:
            self._end()

    async def _settle(self) -> None:
        settling = asyncio.create_task(self._target.settle())
        while not settling.done():
            await self._pause(0.5)
        settling.result()
        for label, worker in self._workers.items():
            worker.ask_to_end()
            self._say(f"{label} stopped with {worker.wait()}")

    async def _harm(self, label: str, fault: str) -> None:
        worker, session = self._workers[label], self._target.session_timeout
        self._say(f"{fault} {label}")
        if fault == "kill":
            worker.kill()
            self.kills += 1
            await self._pause(self._dice.choice((0.0, session * 1.5)), but=label)
            self._start(label)
        elif fault == "stop":
            worker.ask_to_end()
            self._say(f"{label} stopped with {worker.wait()}")
            self._start(label)
        elif fault == "broker":
            self._service.kill()
            await self._pause(self._dice.choice((0.0, 5.0, 20.0)))
            self._service.start()
        else:
            worker.freeze()
            await self._pause(session * (2.5 if fault == "freeze" else 0.4), but=label)
            worker.thaw()

    async def _pause(self, seconds: float, but: str | None = None) -> None:
        """Wait, and start workers again that ended by themselves, as a supervisor would."""
        deadline = time.monotonic() + seconds
        while True:
            for label, worker in self._workers.items():
                if label != but and worker.ended:
                    self.ended_by_themselves += 1
                    self._say(f"{label} ended by itself with {worker.wait()}")
                    self._start(label)
            if self._load is not None and self._load.ended:  # it too gives up on a broker that is away for long
                self._say(f"load ended by itself with {self._load.wait()}")
                self._start_load()
            if time.monotonic() >= deadline:
                return
            await asyncio.sleep(0.1)

    def _start_load(self) -> None:
        self._load = Process("load", self._target.load_command(), self._folder)

    def _stop_load(self) -> None:
        load, self._load = self._load, None
        if load is not None:
            load.ask_to_end()
            self._say(f"load ended with {load.wait(60)}")

    def _start(self, label: str) -> None:
        self._workers[label] = Process(label, self._target.worker_command(label), self._folder)

    def _end(self) -> None:
        for process in (*self._workers.values(), *([self._load] if self._load else [])):
            process.kill()

    def _say(self, line: str) -> None:
        print(f"{time.monotonic() - self._started:7.1f}  {line}", flush=True)


def _target_maker(name: str) -> TargetMaker:
    module, _, attribute = name.partition(":")
    return cast("TargetMaker", getattr(importlib.import_module(module), attribute))


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chaos; 0 if everything was exact."""
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__.split("\n\n")[0])
    parser.add_argument("--kills", type=int, default=50, help="end after so many kill -9 of workers")
    parser.add_argument("--seed", type=int, default=1, help="of the dice and the load")
    parser.add_argument("--target", default="tests.integration.chaos:TallyTarget", metavar="MODULE:NAME")
    parser.add_argument("--no-broker-faults", action="store_true", help="leave the broker alone")
    options = parser.parse_args(arguments)
    folder = Path(tempfile.mkdtemp(prefix="chaos-"))
    print(f"logs in {folder}", flush=True)
    with KafkaService(folder / "kafka", settings=EAGER) as service:
        target = _target_maker(options.target)(service.bootstrap, folder, options.seed)
        chaos = Chaos(target, service, folder, options.seed, broker_faults=not options.no_broker_faults)
        verdict = asyncio.run(chaos.run(options.kills))
    print(f"{'EXACT' if verdict.is_exact else 'WRONG'} after {chaos.kills} kills: {verdict}")
    return 0 if verdict.is_exact else 1


if __name__ == "__main__":
    sys.exit(main())
