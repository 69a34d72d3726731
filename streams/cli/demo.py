"""`leadpulse demo`: the whole of leadpulse on this machine."""

from __future__ import annotations

import secrets
from typing import Annotated

import typer

from streams.cli.errors import CliError
from streams.cli.invocation import settings_of
from streams.demo.running import Plan, run_demo
from streams.services import ServiceError

app = typer.Typer()


@app.command()
def demo(
    ctx: typer.Context,
    *,
    seconds: Annotated[
        float | None, typer.Option(min=1, help="End by itself after this time on the board, with a summary.")
    ] = None,
    rate: Annotated[float, typer.Option(min=1, help="Events per second.")] = 60.0,
    seed: Annotated[int | None, typer.Option(help="The same seed gives the same sales floor.")] = None,
) -> None:
    """Show the whole of leadpulse on this machine: Kafka, a made-up sales floor, a worker, and a live board.

    Everything is real but the leads: the broker is Apache Kafka, downloaded the first time, and the board reads the
    worker's /metrics and /waiting, and the alerts topic. Ctrl-C ends it and leaves nothing running.
    """
    stages = tuple(stage.name for stage in settings_of(ctx).funnel.stages if stage.kind == "open")
    plan = Plan(seconds, rate, secrets.randbits(32) if seed is None else seed, stages)
    try:
        run_demo(plan)
    except ServiceError as error:
        raise CliError(str(error)) from error
