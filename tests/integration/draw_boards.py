"""`make boards`: draws every dashboard from the numbers of a made-up sales floor into docs/img.

Kafka, the simulator, a worker and Prometheus are real and run for some minutes. What the diagrams show of the time
before comes from `past`, since no day passes in a test.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from itertools import chain, count, takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec import structs

from streams.producing import Message, connected, produce
from streams.services import KafkaService
from streams.settings.funnel import funnel_of
from streams.settings.kafka import kafka_client_options
from streams.simulation import EVERYDAY, Lapse, Parameters, Record, live
from streams.simulation.parameters import ALWAYS, Faults, Journey, Team
from tests.integration.board_queries import boards
from tests.integration.floor import floor
from tests.integration.harness.leadpulse import LeadpulseRun
from tests.integration.impatience import impatient_rules
from tests.integration.past import STEP, fill, told
from tests.integration.pictures import draw_all
from tests.integration.prometheus import Prometheus

ROOT = Path(__file__).parents[2]
PICTURES = ROOT / "docs/img"
SEED = 11
RATE = 0.25
"""Events a second, over the week."""
DAY = 86_400
BEFORE = 9 * DAY
"""How long the floor has been there when the worker starts, in seconds."""
WATCHED = 240
"""Seconds for which Prometheus looks on before the pictures are taken."""
BROKEN, BROKEN_FOR = "paid-search", 2 * 3600
"""A source that has fallen silent, and how long ago in seconds when the worker starts."""
JUDGED_SOON = {
    "SILENCE__PERIOD": "1d",
    "SILENCE__GRAIN": "2m",
    "SILENCE__HALF_LIFE": "7d",
    "SILENCE__GIVE_UP": "7d",
    "SILENCE__MIN_HISTORY": "7d",
    "SILENCE__CHECK_INTERVAL": "5s",
}
"""Sources are learnt anew once in a grain, first before there is anything: an hour would be longer than all this."""
AFTERNOON = 15
"""The hour that it is on the floor: people are there, whenever this runs."""
RECENT = {"alarms", "operations"}
"""Boards about workers and alarms: there were none before."""
WINDOWS = frozenset({"today", "yesterday", "1h"})
"""Windows that the boards show as they are opened."""


def zone_now(hour: int, utc_hour: int) -> str:
    """Return a time zone in which it is that hour when it is the other one in UTC."""
    east = (hour - utc_hour + 11) % 24 - 11
    return f"Etc/GMT{-east:+d}"  # their sign is that of the way back


def floor_in(zone: str) -> Parameters:
    """Return a floor that answers within minutes, day and night, in some zone; one source is broken."""
    return structs.replace(
        EVERYDAY,
        sources=tuple(
            structs.replace(source, silent_after_minutes=(BEFORE - BROKEN_FOR) / 60)
            if source.name == BROKEN
            else source
            for source in EVERYDAY.sources
        ),
        rhythm=structs.replace(EVERYDAY.rhythm, zone=zone, days=(1.0,) * 7),
        teams=(
            Team(name="north", weight=5, agents=12, shifts=ALWAYS, response_minutes=0.8, neglect=0),
            Team(name="south", weight=3, agents=8, shifts=ALWAYS, response_minutes=1.2, neglect=0),
            Team(name="partners", weight=1, agents=4, shifts=ALWAYS, response_minutes=2.5, neglect=0),
        ),
        journey=Journey(
            routing_minutes=0.3, reached=0.9, attempts=20, attempt_gap_hours=0.05, stage_hours=6, silent=0.02
        ),
        faults=Faults(late_minutes=5),
    )


async def main(names: list[str]) -> None:
    """Draw the boards named, or all."""
    wanted = {name: board for name, board in boards().items() if not names or name in names}
    for name in RECENT & wanted.keys():
        wanted[name]["time"]["from"] = f"now-{WATCHED}s"
    zone = zone_now(AFTERNOON, time.gmtime().tm_hour)
    with TemporaryDirectory(prefix="leadpulse-boards-") as temporary:
        folder = Path(temporary)
        with KafkaService(folder / "kafka") as kafka:
            async with floor(kafka.bootstrap, folder, {"FUNNEL__ZONE": zone, **JUDGED_SOON}) as run:
                await _draw(run, wanted, floor_in(zone), zone, folder)


async def _draw(run: LeadpulseRun, wanted: dict[str, Any], floor: Parameters, zone: str, folder: Path) -> None:
    begun = time.time()
    lapse = Lapse(int((begun - BEFORE) * 1000))
    stop = asyncio.Event()
    async with connected(kafka_client_options(run.settings.kafka)) as writer:
        writing = asyncio.create_task(
            produce(writer, _messages(run, live(floor, seed=SEED, rate=RATE, lapse=lapse), begun), stop=stop)
        )
        await asyncio.to_thread(
            _fill, run, live(floor, seed=SEED, rate=RATE, lapse=lapse), begun, folder / "prometheus-data"
        )
        async with Prometheus(run.ports, folder, rules=[impatient_rules(folder, "20s")]) as prometheus:
            await asyncio.sleep(WATCHED)
            await draw_all(prometheus, wanted, PICTURES, folder / "page", zone=zone)
        stop.set()
        await writing


def _messages(run: LeadpulseRun, records: Iterator[Record], begun: float) -> Iterator[Message]:
    leads, interactions = run.inputs
    for record in records:
        topic = interactions if record.interaction else leads
        yield Message(record.due / 1000 - begun, topic, record.key, record.value)


def _fill(run: LeadpulseRun, records: Iterator[Record], begun: float, folder: Path) -> None:
    """Put the last day, and the time a week ago at which the pictures will be taken, into Prometheus."""
    now = int(begun)
    week_ago = range(now - 7 * DAY, now - 7 * DAY + 20 * 60, STEP)
    lately = takewhile(lambda at: at < time.time(), count(now - DAY, STEP))
    times = (1000 * at for at in chain(week_ago, lately))
    texts = list(told(funnel_of(run.settings), records, times, WINDOWS, 'instance="A",job="leadpulse"'))
    folder.mkdir()
    fill(folder, texts[: len(week_ago)])
    fill(folder, texts[len(week_ago) :])


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
