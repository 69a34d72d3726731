"""The real worker as a process, its topics, and the comparison of what it left with a model of its inputs."""

from __future__ import annotations

import asyncio
import socket
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, Self

from prometheus_client.parser import text_string_to_metric_families

from processors.changelog import restore
from processors.policies import FIRST_CONTACT, OBLIGATIONS
from processors.rows import DISQUALIFIED, END_STAGE, LOST, WON, rows
from processors.shard import Shard
from processors.waits import Retelling
from schemas.alerts import AnsweredLate, Resolved, SourceResumed, SourceSilent
from schemas.codec import ALERT_DECODER
from schemas.dead_letters import from_record
from streams.agents import LeadState, wall_clock
from streams.engine.records import Record
from streams.engine.state import RESERVED
from streams.plan import state_factory
from streams.settings import Settings, load
from streams.settings.funnel import funnel_of
from tests.integration.harness.log import end_offsets, group_offsets, read_topic
from tests.integration.harness.processes import Process
from tests.integration.harness.tally import Entry
from tests.processors.looks import ages, facts, panes

ROOT = Path(__file__).parents[3]
_HTTP_OK = 200
CLOSING = {END_STAGE, WON, LOST, DISQUALIFIED}


def free_port() -> int:
    """Return a port of loopback that nobody uses at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Metrics:
    """One answer of `/metrics`."""

    def __init__(self, text: str) -> None:
        self.samples = [s for family in text_string_to_metric_families(text) for s in family.samples]

    def total(self, name: str, **labels: str) -> float:
        """Sum of the samples with these labels."""
        return sum(s.value for s in self.samples if s.name == name and labels.items() <= s.labels.items())


class Verdict(NamedTuple):
    """What a comparison found."""

    records: int
    leads: int
    alerts: int
    dead_letters: int
    wrong: tuple[str, ...]

    @property
    def is_exact(self) -> bool:
        """Whether nothing was wrong."""
        return not self.wrong


class LeadpulseRun:
    """Workers of one application on topics of its own; a context manager that leaves no process behind.

    Args:
        broker: Address of Kafka.
        folder: Where logs go.
        partitions: Of the topics.
        config: A settings file; its names of application and topics are replaced.
        settings: Environment overlay, without the prefix.
    """

    def __init__(
        self,
        broker: str,
        folder: Path,
        *,
        partitions: int = 4,
        config: Path | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        self.broker, self.folder, self.partitions = broker, folder, partitions
        name = f"lp-{uuid.uuid4().hex[:8]}"
        self.environment = {
            "LEADPULSE_APP__ID": name,
            "LEADPULSE_KAFKA__BROKERS": broker,
            "LEADPULSE_KAFKA__SESSION_TIMEOUT": "6s",
            "LEADPULSE_TOPICS__LEADS": f"{name}.leads",
            "LEADPULSE_TOPICS__INTERACTIONS": f"{name}.interactions",
            "LEADPULSE_TOPICS__ALERTS": f"{name}.alerts",
            "LEADPULSE_TOPICS__PARTITIONS": str(partitions),
            "LEADPULSE_LOG__FORMAT": "json",
            **{f"LEADPULSE_{key}": value for key, value in (settings or {}).items()},
            **({"LEADPULSE_CONFIG": str(config)} if config else {}),
        }
        self.settings: Settings = load(environ=self.environment)
        self.ports: dict[str, int] = {}
        self.processes: list[Process] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()

    @property
    def inputs(self) -> tuple[str, str]:
        """The input topics."""
        return self.settings.topics.leads, self.settings.topics.interactions

    # -- processes -----------------------------------------------------------------------------------------------

    def command(self, *arguments: str, **settings: str) -> list[str]:
        """Return the command line of a `leadpulse` command with this run's settings."""
        environment = self.environment | settings
        named = [f"{key}={value}" for key, value in environment.items()]
        return ["env", *named, sys.executable, "-c", "from streams.cli.main import main; main()", *arguments]

    def worker_command(self, label: str) -> list[str]:
        """Return the command of a worker; the same label keeps its port."""
        port = self.ports.setdefault(label, free_port())
        return self.command("worker", LEADPULSE_WEB__PORT=str(port))

    def start_worker(self, label: str = "A") -> Process:
        """Start a worker."""
        return self._start(label, self.worker_command(label))

    def run_command(self, *arguments: str, timeout: float = 120) -> None:
        """Run a command to its end, which must be a good one."""
        process = self._start(arguments[0], self.command(*arguments))
        assert process.wait(timeout) == 0, process.log_text()

    def start(self, label: str, *arguments: str, **settings: str) -> Process:
        """Start a command that goes on in the background."""
        return self._start(label, self.command(*arguments, **settings))

    def _start(self, label: str, command: list[str]) -> Process:
        process = Process(label, command, self.folder)
        self.processes.append(process)
        return process

    # -- HTTP ----------------------------------------------------------------------------------------------------

    def get(self, path: str, label: str = "A") -> tuple[int, str]:
        """Ask a worker; 0 when it does not answer."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.ports[label]}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def metrics(self, label: str = "A") -> Metrics:
        """Scrape a worker."""
        status, text = self.get("/metrics", label)
        assert status == _HTTP_OK
        return Metrics(text)

    async def wait_ready(self, label: str = "A", timeout: float = 60) -> None:
        """Wait until a worker says that it is ready."""
        deadline = time.monotonic() + timeout
        while (await asyncio.to_thread(self.get, "/readyz", label))[0] != _HTTP_OK:
            assert time.monotonic() < deadline, f"{label} is not ready, see {self.folder}"
            await asyncio.sleep(0.1)

    async def settle(self, timeout: float = 120) -> None:
        """Wait until everything on the inputs is committed, as the group's offsets say."""
        deadline = time.monotonic() + timeout
        while True:
            ends = await end_offsets(self.broker, self.inputs, self.partitions)
            done = await group_offsets(self.broker, self.settings.app.id)
            if all(done.get(tp, 0) >= end for tp, end in ends.items()):
                return
            assert time.monotonic() < deadline, f"still behind: {ends} {done}, see {self.folder}"
            await asyncio.sleep(0.3)

    # -- the model -----------------------------------------------------------------------------------------------

    async def verify(self) -> Verdict:
        """Compare what is on the log, key by key, with a model that reads the inputs in another order."""
        topics = self.settings.topics
        names = (
            *self.inputs,
            f"{self.settings.app.id}-changelog",
            topics.alerts,
            *map(topics.dead_letters, self.inputs),
        )
        logs = [await read_topic(self.broker, name, self.partitions) for name in names]
        found = [self._compare(n, [log[n] for log in logs]) for n in range(self.partitions)]
        return Verdict(
            sum(verdict.records for verdict in found),
            sum(verdict.leads for verdict in found),
            sum(verdict.alerts for verdict in found),
            sum(verdict.dead_letters for verdict in found),
            tuple(problem for verdict in found for problem in verdict.wrong),
        )

    def _compare(self, number: int, logs: list[list[Entry]]) -> Verdict:
        leads, interactions, changelog, alerts, *dead = logs
        model = self._model(number, leads, interactions)
        shard = Shard(funnel_of(self.settings))
        restore(shard, [(entry.key, entry.value) for entry in changelog if not entry.key.startswith(RESERVED)])
        model.shard.panes.edges = shard.panes.edges
        wrong = _wrong_alerts(model, shard, alerts)
        now = wall_clock()
        for one in (model.shard, shard):  # whoever still waits has been reached by the same steps then
            one.tick(now)
        wrong += [
            *_differences("leads", facts(model.shard), facts(shard)),
            *_differences("panes", _placed(model.shard, shard), panes(shard)),
            *_differences("ages", ages(model.shard), ages(shard)),
            *_differences("counts", _stable(model.shard.counts), _stable(shard.counts)),
            *_differences("dead letters", _coordinates(model), _found_dead(dead)),
        ]
        sizes = (len(leads) + len(interactions), len(shard), len(alerts), sum(map(len, dead)))
        return Verdict(*sizes, wrong=tuple(f"partition {number}: {problem}" for problem in wrong))

    def _model(self, number: int, leads: list[Entry], interactions: list[Entry]) -> LeadState:
        topics = self.settings.topics
        model = state_factory(self.settings)(number)
        for topic, entries in ((topics.interactions, interactions), (topics.leads, leads)):
            model.apply([_record(topic, number, entry) for entry in entries])
        return model


def _record(topic: str, partition: int, entry: Entry) -> Record:
    return Record(topic, partition, entry.offset, 0, entry.key, entry.value, entry.headers)


def _differences(what: str, wanted: Mapping[Any, Any], found: Mapping[Any, Any]) -> list[str]:
    keys = [key for key in wanted.keys() | found.keys() if wanted.get(key) != found.get(key)]
    return [f"{what} {key!r}: {found.get(key)} instead of {wanted.get(key)}"[:400] for key in keys]


def _placed(model: Shard, like: Shard) -> dict[int, dict[tuple[object, ...], int]]:
    """The model's panes where the other shard keeps them: folding changes no number."""
    out: dict[int, Counter[tuple[object, ...]]] = {}
    for start, pane in panes(model).items():
        out.setdefault(like.panes.place(start), Counter()).update(pane)
    return {start: {key: n for key, n in pane.items() if n} for start, pane in out.items() if any(pane.values())}


def _stable(counts: Mapping[str, int]) -> dict[str, int]:
    """Counts that do not depend on the order in which the two inputs came."""
    return {name: n for name, n in counts.items() if n and not name.startswith(("alert.", "overflow."))}


def _coordinates(model: LeadState) -> Counter[tuple[str, int, str]]:
    letters = [from_record(output.key, output.value, output.headers) for output in model.outputs if output.headers]
    return Counter((letter.topic, letter.offset, letter.reason.value) for letter in letters if letter)


def _found_dead(logs: list[list[Entry]]) -> Counter[tuple[str, int, str]]:
    letters = [from_record(entry.key, entry.value, entry.headers) for log in logs for entry in log]
    return Counter((letter.topic, letter.offset, letter.reason.value) for letter in letters if letter)


def _wrong_alerts(model: LeadState, shard: Shard, log: list[Entry]) -> list[str]:
    """Each alert once; one for each lead that is answered late, whatever the order in which its events came.

    And what was begun is over with one end, unless the record says that it goes on.
    """
    every = [ALERT_DECODER.decode(entry.value or b"") for entry in log]
    ids = Counter(alert.alert_id for alert in every)
    alerts = [alert for alert in every if not isinstance(alert, SourceSilent | SourceResumed)]
    ends = Counter(alert.incident_id for alert in alerts if isinstance(alert, AnsweredLate | Resolved))
    begun = {a.incident_id: (a.lead_id, a.obligation) for a in alerts if not isinstance(a, AnsweredLate | Resolved)}
    going_on = {key for incident, key in begun.items() if incident not in ends}
    known = {(lead_id, OBLIGATIONS[number]) for lead_id, lead in shard.leads() for number in lead.said or ()}
    told = {alert.lead_id for alert in alerts if isinstance(alert, AnsweredLate)}
    return [
        *(f"alert {name} came {n} times" for name, n in ids.items() if n > 1),
        *(f"incident {name} ended {n} times" for name, n in ends.items() if n > 1),
        *(f"{key} is announced and the record does not know" for key in going_on - known),
        *(f"the record says that {key} was announced" for key in known - going_on),
        *(f"no alert for {lead_id}" for lead_id in _late(model.shard) - told),
    ]


def _late(model: Shard) -> set[str]:
    """Leads that got their first contact late and were never closed: no order of arrival hides that."""
    telling = Retelling(model.funnel, model.labels)
    return {
        lead_id
        for lead_id, lead in model.leads()
        if lead.counts
        and not any(row.code in CLOSING for row in rows(lead.log))
        and (answer := telling.of(lead).answers.get((FIRST_CONTACT, lead.created)))
        and answer.broken
    }
