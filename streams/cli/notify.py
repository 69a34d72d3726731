"""`leadpulse notify`: alarms to those who are to be called."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from streams.cli.errors import CliError, ExitCode
from streams.cli.invocation import settings_of
from streams.cli.listening import cannot_listen
from streams.logs import setup_logging
from streams.notify.service import Notifier, receivers
from streams.settings import Settings

app = typer.Typer()

logger = logging.getLogger(__name__)


@app.command()
def notify(
    ctx: typer.Context,
    *,
    port: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="Serve /metrics here; each notifier on a machine needs a port of its own."),
    ] = None,
) -> None:
    """Hand alarms to Alertmanager or to a webhook: read the alerts topic, tell who waits too long and when it is over.

    Every alarm is told at least once; what was told is remembered in Kafka. While a receiver is away, alarms wait for
    it, and those that end meanwhile are not told. Start two or more for safety: they share the partitions. SIGTERM or
    Ctrl-C ends a notifier in order, with exit code 0. While Kafka or the topic is missing, it waits.

    Examples:
      leadpulse notify --set notify.alertmanager=http://127.0.0.1:9093
      leadpulse notify -c leadpulse.toml --port 9466
    """
    settings = settings_of(ctx, notify__port=port)
    if not settings.notify.has_receiver:
        raise CliError(
            "[notify] names no receiver: set alertmanager or webhook (LEADPULSE_NOTIFY__ALERTMANAGER, …__WEBHOOK)",
            ExitCode.CONFIGURATION,
        )
    setup_logging(settings.log)
    logger.info(
        "notifier of %s for %s; http://%s:%d/metrics",
        *(settings.app.id, ", ".join(receiver.name for receiver in receivers(settings))),
        *(settings.notify.host, settings.notify.port),
    )
    asyncio.run(_run(settings))


async def _run(settings: Settings) -> None:
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await Notifier(settings).run(stop)
    except KafkaError as error:
        raise CliError(f"Kafka at {', '.join(settings.kafka.brokers)}: {error}", ExitCode.UNAVAILABLE) from error
    except OSError as error:  # of what a notifier does, only listening raises one
        served = settings.notify
        raise cannot_listen(error, served.host, served.port, section="notify", option="--port") from error
