"""Brings the demo up: a broker, a Redis, a sales floor and a worker, each in a process of its own, and the board."""

from __future__ import annotations

import signal
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import ClassVar

from msgspec import Struct, structs
from rich.console import Console
from rich.live import Live

from streams.demo.alarms import AlarmFeed
from streams.demo.board import PREFIXES, Heard, Pace, Scene, board, summary
from streams.demo.samples import Samples
from streams.services import KafkaService, RedisService, ServiceError
from streams.services.ports import HOST, free_ports, require_free
from streams.services.progress import say
from streams.services.supervisor import Service
from streams.settings import Duration, Settings
from streams.web.addresses import waiting_url
from streams.web.waiting_answer import read_answer

PORT = 9464
WINDOW = "5m"
# The floor of the demo lives in fast motion: answers take seconds, a whole journey a minute.
TARGET = "15s"
_SETTINGS: Mapping[str, str] = {
    "LEADPULSE_APP__ID": "leadpulse-demo",
    "LEADPULSE_TOPICS__PARTITIONS": "2",
    "LEADPULSE_RESPONSE__THRESHOLDS": "5s,10s,15s,20s,30s,45s,1m,2m,5m",
    "LEADPULSE_RESPONSE__TARGET": TARGET,
    "LEADPULSE_FUNNEL__STAGE_THRESHOLDS": "1s,5s,15s,30s,1m,5m",
    "LEADPULSE_FUNNEL__CYCLE_THRESHOLDS": "10s,30s,1m,2m,5m",
    "LEADPULSE_WINDOWS__ROLLING": "1m,5m,15m,1h",
    "LEADPULSE_WINDOWS__CALENDAR": "today",
    "LEADPULSE_SILENCE__PERIOD": "2s",
    "LEADPULSE_SILENCE__GRAIN": "1s",
    "LEADPULSE_SILENCE__HALF_LIFE": "5m",
    "LEADPULSE_SILENCE__GIVE_UP": "10m",
    "LEADPULSE_SILENCE__MIN_HISTORY": "30s",
    "LEADPULSE_SILENCE__GRACE": "2s",
    "LEADPULSE_SILENCE__CHECK_INTERVAL": "1s",
    "LEADPULSE_LOG__FORMAT": "json",
}
SILENCE = "website@11m"
"""The source that stops, and when in the time of the floor, of which `_PAST` lies behind us when the board appears."""
_SHOWN = 500
"""Leads that wait, at most: those whose deadline comes next are behind all whose deadline has passed."""
_LOOK_SECONDS = 1.0
_HTTP_SECONDS = 5.0
_PAST = "10m"
_READ, _DELAY = "leadpulse_records_read_total", "leadpulse_event_delay_seconds"
_OK = 200
_PROGRAM = "from streams.cli.main import main; main()"


class Plan(Struct, frozen=True):
    """What the demo is to do.

    Attributes:
        seconds: Ends it after this time; None for Ctrl-C.
        rate: Events a second.
        seed: Seed of the sales floor.
        stages: The open stages of the configured funnel.
    """

    seconds: float | None
    rate: float
    seed: int
    stages: tuple[str, ...]


class _Command(Service):
    """A command of leadpulse as a service: gone when the demo is gone, its log named in every error.

    Args:
        folder: Where its log is.
        arguments: What follows `leadpulse`.
        environment: Its settings.
        answers_at: URL that answers 200 once it works; empty when it works at once.
    """

    def __init__(
        self, folder: Path, arguments: Sequence[str], environment: Mapping[str, str], answers_at: str = ""
    ) -> None:
        super().__init__(folder / self.name)
        self._arguments, self._environment, self._answers_at = arguments, environment, answers_at

    def _prepare(self) -> Sequence[str]:
        settings = [f"{name}={value}" for name, value in self._environment.items()]
        return ["env", *settings, sys.executable, "-c", _PROGRAM, *self._arguments]

    def _choose_port(self) -> None:
        """Do nothing: what it listens on is in its settings."""

    def _answers(self) -> bool:
        return not self._answers_at or fetch(self._answers_at) is not None


class _Worker(_Command):
    name: ClassVar[str] = "worker"


class _Simulator(_Command):
    name: ClassVar[str] = "simulator"


def fetch(url: str) -> str | None:
    """Return what a URL of this machine answers, None while it does not say 200."""
    try:
        with urllib.request.urlopen(url, timeout=_HTTP_SECONDS) as answer:  # noqa: S310  # http to loopback
            return str(answer.read().decode()) if answer.status == _OK else None
    except (urllib.error.URLError, OSError):
        return None


def run_demo(plan: Plan, console: Console | None = None) -> None:
    """Run the demo until Ctrl-C, SIGTERM or the end of its time; nothing is left running.

    Raises:
        ServiceError: A part of it did not start or ended by itself.
    """
    console = console or Console()
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with TemporaryDirectory(prefix="leadpulse-demo-") as folder, ExitStack() as running:
            show = _Show(plan, Path(folder), console)
            show.begin(running)
            show.play()
            say(show.summary(), console)
    except KeyboardInterrupt:
        say("Stopped; nothing is left running.", console)
    finally:
        signal.signal(signal.SIGTERM, former)


class _Show:
    """One run of the demo.

    Args:
        plan: What to do.
        folder: Where everything keeps its data and logs.
        console: Where the board is drawn.
    """

    def __init__(self, plan: Plan, folder: Path, console: Console) -> None:
        self._plan, self._folder, self._console = plan, folder, console
        self._parts: list[Service] = []
        self._samples = Samples("", PREFIXES)
        self._read_at = time.monotonic()
        self._pace = Pace()
        self._scene = Scene(plan.stages, Duration(TARGET).seconds, WINDOW, "", "")
        self._waiting_at = ""
        self._feed: AlarmFeed | None = None
        self._heard = Heard()

    def begin(self, running: ExitStack) -> None:
        """Bring everything up; what was brought up is stopped with `running`, the last first."""
        kafka = KafkaService(self._folder / "kafka")
        self._start(kafka, "Kafka, a real broker on this machine (the first time, it is downloaded)", running)
        redis = RedisService(self._folder / "redis")
        self._start(redis, "Redis, for the view of who waits", running)
        port = _free_port()
        address = f"http://{HOST}:{port}"
        places = {"KAFKA__BROKERS": kafka.bootstrap, "REDIS__URL": redis.url, "WEB__PORT": str(port)}
        environment = {**_SETTINGS, **{f"LEADPULSE_{name}": place for name, place in places.items()}}
        floor = ["simulate", f"--rate={self._plan.rate}", f"--seed={self._plan.seed}", f"--since={_PAST}"]
        floor.append(f"--silence={SILENCE}")
        self._start(_Simulator(self._folder, floor, environment), "a sales floor", running)
        worker = _Worker(self._folder, ["worker"], environment, f"{address}/readyz")
        self._start(worker, "a worker", running)
        self._scene = structs.replace(
            self._scene, address=f"{address}/metrics", brokers=kafka.bootstrap, redis=redis.url
        )
        self._waiting_at = str(waiting_url(address, _SHOWN))
        self._feed = running.enter_context(closing(AlarmFeed(kafka.bootstrap, Settings().topics.alerts)))

    def _start(self, part: Service, what: str, running: ExitStack) -> None:
        say(f"Starting {what}", self._console)
        running.enter_context(part)
        self._parts.append(part)

    def play(self) -> None:
        """Show the board until the time is over; on something that is no terminal, a line now and then."""
        until = None if self._plan.seconds is None else time.monotonic() + self._plan.seconds
        say(f"Numbers for Prometheus: {self._scene.address}", self._console)
        live = self._console.is_terminal
        with Live(console=self._console, screen=True, auto_refresh=False) if live else nullcontext() as screen:
            while until is None or time.monotonic() < until:
                self._look()
                if screen is not None:
                    screen.update(board(self._samples, self._scene, self._pace, self._heard), refresh=True)
                time.sleep(_LOOK_SECONDS)

    def _look(self) -> None:
        """Read the numbers.

        Raises:
            ServiceError: A part of the demo is gone.
        """
        for part in self._parts:
            if not part.running:
                raise part.failure("ended by itself")
        waiting = read_answer((fetch(self._waiting_at) or "").encode())
        self._heard = Heard(waiting, self._feed.look() if self._feed else ())
        text = fetch(self._scene.address)
        if text is None:
            return
        now, former, self._samples = time.monotonic(), self._samples, Samples(text, PREFIXES)
        read = self._samples.total(_READ) - former.total(_READ)
        delays = self._samples.distribution(_DELAY).since(former.distribution(_DELAY))
        self._pace = Pace(max(0.0, read) / max(now - self._read_at, _LOOK_SECONDS / 2), delays)
        self._read_at = now

    def summary(self) -> str:
        """Say what was seen, in a few lines."""
        return summary(self._samples, self._scene)


def _free_port() -> int:
    """Return the usual port of `/metrics`, or another when somebody has it."""
    try:
        require_free(PORT, "the worker")
    except ServiceError:
        return free_ports(1)[0]
    return PORT
