"""What the commands that write events to Kafka share: topics, progress, and a stop on Ctrl-C that loses nothing."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from msgspec import Struct
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from streams.cli.errors import CliError, ExitCode
from streams.engine.errors import EngineError
from streams.logs import setup_logging
from streams.producing import Message, WriteError, connected, produce
from streams.settings import Settings
from streams.settings.kafka import kafka_client_options
from streams.topics import Role, TopicPlan, ensure_topics


class Written(Struct, frozen=True):
    """How a run ended.

    Attributes:
        records: Records that Kafka has.
        stopped: Whether Ctrl-C or SIGTERM ended it.
    """

    records: int
    stopped: bool


def write(
    settings: Settings,
    messages: Iterable[Message],
    *,
    title: str,
    seconds: float | None = None,
    done: Callable[[int], float] | None = None,
) -> Written:
    """Write messages to Kafka; makes the topics when they are missing.

    Args:
        settings: Which Kafka, which topics.
        messages: What to write, in order of due time.
        title: What the progress bar says.
        seconds: Ends it after this time.
        done: Which part is done, from 0 to 1, given the number of records written; without, the bar has no end.

    Raises:
        CliError: When Kafka cannot be reached or does not take what is written.
    """
    setup_logging(settings.log)
    try:
        with shown(title, done) as progress:
            return asyncio.run(_write(settings, messages, seconds, progress))
    except WriteError as error:
        raise CliError(str(error), ExitCode.UNAVAILABLE) from error
    except EngineError as error:
        raise CliError(str(error)) from error


async def _write(
    settings: Settings, messages: Iterable[Message], seconds: float | None, progress: Callable[[int], None]
) -> Written:
    stop = asyncio.Event()
    async with connected(kafka_client_options(settings.kafka)) as writer:
        await _make_topics(settings)
        for number in (signal.SIGINT, signal.SIGTERM):  # until here, both end the process the usual way
            asyncio.get_running_loop().add_signal_handler(number, stop.set)
        records = await produce(writer, messages, stop=stop, seconds=seconds, progress=progress)
    return Written(records, stop.is_set())


async def _make_topics(settings: Settings) -> None:
    topics = settings.topics
    configs = {"retention.ms": str(topics.retention.ms)}
    await ensure_topics(
        [TopicPlan(name, Role.INPUT, configs) for name in (topics.leads, topics.interactions)],
        client_arguments=kafka_client_options(settings.kafka),
        partitions=topics.partitions,
        replication_factor=settings.kafka.replication_factor,
    )


@contextmanager
def shown(title: str, done: Callable[[int], float] | None) -> Iterator[Callable[[int], None]]:
    """Show a progress bar on a terminal, and nothing elsewhere; gives what to call with the number of records so far.

    Args:
        title: What the bar says.
        done: Which part is done, from 0 to 1, given the number of records; without, the bar has no end.
    """
    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield lambda _: None
        return
    count = TextColumn("{task.fields[records]:,} records")
    with Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        count,
        TimeRemainingColumn(),
        console=console,
    ) as bar:
        task = bar.add_task(title, total=1 if done else None, records=0)
        yield lambda records: bar.update(task, completed=done(records) if done else 0, records=records)
