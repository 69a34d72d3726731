"""What the commands share that ask Kafka something: quiet clients, and errors in one line."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any, TypeVar

from aiokafka.errors import KafkaConnectionError, KafkaError

from schemas.refusals import one_line
from streams.cli.errors import CliError, ExitCode
from streams.settings import Settings
from streams.topics import TopicMismatch

T = TypeVar("T")

_LONGEST = 400


def ask(settings: Settings, question: Coroutine[Any, Any, T], *, wait: float | None = None) -> T:
    """Ask Kafka, and return the answer.

    Args:
        settings: Which Kafka.
        question: What to do there.
        wait: How long it may take, in seconds.

    Raises:
        CliError: Kafka cannot be reached or refuses.
    """
    complaint = _Complaint()
    brokers = ", ".join(settings.kafka.brokers)

    async def answered() -> T:
        async with asyncio.timeout(wait):
            return await question

    try:
        return asyncio.run(answered())
    except TimeoutError as error:
        within = f" within {wait:g} s" if wait else " in time"
        raise CliError(f"no answer from Kafka at {brokers}{within}", ExitCode.UNAVAILABLE) from error
    except TopicMismatch as error:
        raise CliError(str(error), ExitCode.CONFIGURATION) from error
    except KafkaConnectionError as error:
        raise CliError(f"cannot reach Kafka at {brokers}: {complaint.text or error}", ExitCode.UNAVAILABLE) from error
    except KafkaError as error:
        raise CliError(f"Kafka at {brokers}: {error}", ExitCode.UNAVAILABLE) from error


class _Complaint(logging.Handler):
    """The last thing that aiokafka complained about: why it could not connect is said in its log only."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.text = ""
        clients = logging.getLogger("aiokafka")
        clients.handlers = [self]
        clients.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        self.text = one_line(record.getMessage(), _LONGEST)
