"""`leadpulse worker`: events in, numbers out."""

from __future__ import annotations

import logging
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import typer
from aiokafka.errors import KafkaError

from streams.cli.errors import CliError, ExitCode
from streams.cli.invocation import settings_of
from streams.cli.listening import cannot_listen
from streams.engine.errors import EngineError
from streams.engine.worker import run_worker
from streams.leadpulse import LeadpulseApp
from streams.logs import setup_logging
from streams.settings import Settings
from streams.topics import TopicMismatch

app = typer.Typer()

logger = logging.getLogger(__name__)


@app.command()
def worker(
    ctx: typer.Context,
    *,
    web_port: Annotated[
        int | None,
        typer.Option(metavar="PORT", help="Serve /metrics here; each worker on a machine needs a port of its own."),
    ] = None,
) -> None:
    """Turn events into numbers and alerts: read the topics, serve /metrics, /livez, /readyz, /leads/{id}, /waiting.

    Start several, at most as many as there are partitions: those with the same app.id share them, and take over from
    each other.
    SIGTERM or Ctrl-C ends a worker in order, with exit code 0; whatever else ends it, the next one goes on exactly
    where the last transaction left off. While Kafka is away, it waits.

    Examples:
      leadpulse worker -c leadpulse.toml
      leadpulse worker -c leadpulse.toml --web-port 9474
    """
    settings = settings_of(ctx, web__port=web_port)
    setup_logging(settings.log)
    logger.info(
        "worker of %s; Kafka at %s; http://%s:%d/metrics",
        *(settings.app.id, ", ".join(settings.kafka.brokers), settings.web.host, settings.web.port),
    )
    with TemporaryDirectory(prefix="leadpulse-") as folder:  # Faust wants one; nothing is kept in it
        serving = ServingApp(settings, datadir=folder)
        code = run_worker(serving, quiet=True)
    if serving.refusal is not None:
        raise explained(serving.refusal, settings) from serving.refusal
    if code:
        raise _ended(serving.engine.failure)


class ServingApp(LeadpulseApp):
    """The app, which remembers why it could not start.

    Attributes:
        refusal: What is in its way, if it is nothing that lies in leadpulse.
    """

    def __init__(self, settings: Settings, **faust_settings: Any) -> None:
        super().__init__(settings, **faust_settings)
        self.refusal: OSError | EngineError | KafkaError | None = None
        logging.getLogger("faust.worker").addFilter(self._is_news)

    async def on_first_start(self) -> None:
        """Get ready."""
        try:
            await super().on_first_start()
        except (OSError, EngineError, KafkaError) as refusal:
            self.refusal = refusal
            raise

    def _is_news(self, record: logging.LogRecord) -> bool:
        """Hold back the traceback that Faust logs for what the command will say in one line."""
        return self.refusal is None or record.exc_info is None or record.exc_info[1] is not self.refusal


def explained(refusal: Exception, settings: Settings) -> CliError:
    """Say in one line why a worker could not start."""
    match refusal:
        case TopicMismatch():
            return CliError(str(refusal), ExitCode.CONFIGURATION)
        case KafkaError():
            return CliError(f"Kafka at {', '.join(settings.kafka.brokers)}: {refusal}", ExitCode.UNAVAILABLE)
        case OSError():  # of what a start does, only listening raises one
            return cannot_listen(refusal, settings.web.host, settings.web.port, section="web", option="--web-port")
    return CliError(str(refusal), ExitCode.DEFECT)


def _ended(failure: BaseException | None) -> CliError:
    if isinstance(failure, EngineError):
        return CliError(f"the worker ended: {failure}", ExitCode.DEFECT)
    return CliError("the worker ended; its log says why", ExitCode.DEFECT)
