"""Runs the services alone, until somebody has had enough of them."""

from __future__ import annotations

import signal
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.console import Console

from streams.services.errors import ServiceError
from streams.services.progress import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from streams.services.supervisor import Service

_LOOK_SECONDS = 0.5


def run_services(services: Sequence[Service], console: Console | None = None, notes: Sequence[str] = ()) -> int:
    """Start services, say where they are, and stop them at Ctrl-C or SIGTERM; only for the main thread.

    Args:
        services: What to run; started in this order, stopped in the other.
        console: Where to say so; standard output if None.
        notes: Lines to print once all run: how to use them.

    Returns:
        The exit status: 0 after a wanted end, 1 when a service did not start or ended by itself.
    """
    console = console or Console()
    former = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with ExitStack() as running:
            _start(services, running, console)
            for line in (*notes, "Ctrl-C stops them."):
                say(line, console)
            while all(service.running for service in services):
                time.sleep(_LOOK_SECONDS)
            raise next(service for service in services if not service.running).failure("ended by itself")
    except KeyboardInterrupt:
        say("Stopped.", console)
        return 0
    except ServiceError as error:
        say(f"error: {error}")
        return 1
    finally:
        signal.signal(signal.SIGTERM, former)


def _start(services: Sequence[Service], running: ExitStack, console: Console) -> None:
    for service in services:
        say(f"Starting {service.name} in {service.data_dir}", console)
        running.enter_context(service)
    for service in services:
        say(f"{service.name:<8}{service.address:<24}log {service.log_file}", console)
