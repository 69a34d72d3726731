"""One HTTP request to a receiver, and what its answer means."""

from __future__ import annotations

import random
from typing import Final

import aiohttp

from streams.notify.messages import Message, Outcome

_MALFORMED: Final = frozenset({400, 413, 415, 422})
"""The fault lies in the message. That of other refusals, such as 401 or 404, lies in the settings: the message is tried
again, and nothing is lost until somebody has mended them."""
_PERHAPS_TAKEN: Final = frozenset({500, 502, 504})
_OK, _MULTIPLE_CHOICES = 200, 300
_LONGEST_ANSWER: Final = 1 << 16


class Answer:
    """What became of a request.

    Attributes:
        outcome: What became of the message.
        reason: Why it was not delivered, for the log.
        pause: Seconds for which the receiver wants to be left alone.
    """

    def __init__(self, outcome: Outcome, reason: str = "", pause: float = 0.0) -> None:
        self.outcome, self.reason, self.pause = outcome, reason, pause


async def post(client: aiohttp.ClientSession, url: str, message: Message) -> Answer:
    """Send a message; whatever happens to it, nothing is raised."""
    headers = {"Content-Type": "application/json", "User-Agent": "leadpulse", **message.headers}
    try:
        async with client.post(url, data=message.body, headers=headers, allow_redirects=False) as answer:
            await answer.content.read(_LONGEST_ANSWER)  # and not into the log: it may repeat the message
            return _judged(answer.status, answer.headers.get("Retry-After", ""))
    except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, ValueError) as error:  # no such address
        return Answer(Outcome.AWAY, _named(error))
    except (aiohttp.ClientError, OSError, TimeoutError) as error:  # the request may have arrived
        return Answer(Outcome.UNSURE, _named(error))


def _named(error: Exception) -> str:
    cause = error.__cause__ or error.__context__
    # Not the text of the error: it holds the address, which may be secret.
    return f"{type(error).__name__}{f' ({type(cause).__name__})' if cause else ''}"


def _judged(status: int, retry_after: str) -> Answer:
    if _OK <= status < _MULTIPLE_CHOICES:
        return Answer(Outcome.DELIVERED)
    reason = f"status {status}"
    if status in _MALFORMED:
        return Answer(Outcome.REFUSED, reason)
    pause = float(retry_after) if retry_after.isdecimal() else 0.0
    return Answer(Outcome.UNSURE if status in _PERHAPS_TAKEN else Outcome.AWAY, reason, pause)


class Backoff:
    """How long to wait before the next attempt: longer each time, and never quite the same.

    Args:
        first: Longest wait after the first failure, seconds.
        most: Longest wait of all, seconds.
        chance: Gives numbers from 0 to 1.
    """

    def __init__(self, first: float, most: float, chance: random.Random | None = None) -> None:
        self._first, self._most = first, most
        self._failures = 0
        self._chance = chance or random.Random()  # noqa: S311  # spreads attempts, guards nothing

    def failed(self, pause: float = 0.0) -> float:
        """Count a failure, and return how many seconds to wait.

        Args:
            pause: The least that the receiver asks for; more than the longest wait is not granted.
        """
        longest = min(self._most, self._first * 2.0 ** min(self._failures, 30))
        self._failures += 1
        return min(self._most, max(pause, longest * self._chance.uniform(0.5, 1.0)))

    def succeeded(self) -> None:
        """Begin anew."""
        self._failures = 0
