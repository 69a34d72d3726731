"""A stream that flows while something else happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

from streams.producing import Message, Writer, produce


@asynccontextmanager
async def flowing(writer: Writer, messages: Iterable[Message]) -> AsyncIterator[None]:
    """Write messages, each when it is due, for as long as the block lasts."""
    stop = asyncio.Event()
    task = asyncio.create_task(produce(writer, messages, stop=stop))
    try:
        yield
    finally:
        stop.set()
        await task
