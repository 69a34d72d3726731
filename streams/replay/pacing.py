"""How fast history is told again."""

from collections.abc import Iterable, Iterator

from streams.producing import Message
from streams.replay.mapper import Mapped


def at_speed(events: Iterable[Mapped], leads: str, interactions: str, speed: float) -> Iterator[Message]:
    """Make the records of events due as they followed each other.

    Args:
        events: In the order of the export. One that is older than those before it is due at once.
        leads: The topic of lead events.
        interactions: The topic of interactions.
        speed: How many seconds of history pass in one second; 0 for as fast as possible.
    """
    start: float | None = None
    due = 0.0
    for mapped in events:
        if speed:
            time = mapped.event.occurred_at.timestamp()
            start = time if start is None else start
            due = max(due, (time - start) / speed)
        yield Message(due, interactions if mapped.interaction else leads, mapped.key, mapped.value)
