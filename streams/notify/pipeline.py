"""From the log to one receiver: rounds that tell every difference, and reminders of what is open."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Final

from processors.notices import Change, Incidents
from streams.notify.messages import Message, Outcome, Receiver
from streams.notify.numbers import ReceiverNumbers
from streams.notify.posting import Answer, Backoff
from streams.notify.reading import AlertLog, Positions

logger = logging.getLogger(__name__)

FORGETTING: Final = 60.0
"""Seconds between two looks for incidents that are to be forgotten."""
SILENCE: Final = 2 * FORGETTING
"""Seconds without an answer of Kafka after which a notifier with partitions is not ready; it asks twice within them."""
NOTHING_OURS: Final = 1.0
"""Seconds between two looks at the log while no partition is ours."""
_DONE: Final = Answer(Outcome.DELIVERED)
_NOT_OURS: Final = Answer(Outcome.AWAY, "the partitions are not ours")
_SETTLED: Final = (Outcome.DELIVERED, Outcome.REFUSED)


class Pipeline:
    """Tells one receiver.

    Args:
        receiver: Whom.
        log: What.
        post: Sends a message to the receiver.
        backoff: How long to wait after failures.
        numbers: Measurements of the receiver.
    """

    def __init__(
        self,
        receiver: Receiver,
        log: AlertLog,
        post: Callable[[Message], Awaitable[Answer]],
        *,
        backoff: Backoff,
        numbers: ReceiverNumbers,
    ) -> None:
        self.log = log
        self._receiver, self._post, self._backoff, self._numbers = receiver, post, backoff, numbers
        self._stopping = asyncio.Event()
        self._remind_at = time.monotonic()
        self._forget_at = time.monotonic() + FORGETTING

    # -- how it stands -------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The receiver's name."""
        return self._receiver.name

    @property
    def waiting(self) -> int:
        """How many alarms wait to be told."""
        return self.log.waiting

    @property
    def oldest(self) -> int | None:
        """Time of the oldest of them, ms; None when there is none."""
        return self.log.oldest

    @property
    def behind(self) -> int:
        """Offsets that are not committed as told."""
        return self.log.behind

    @property
    def open(self) -> int:
        """How many incidents go on that the receiver knows of."""
        return sum(len(part.incidents.open()) for part in self.log.parts.values())

    def not_ready_because(self) -> str | None:
        """Return why not all that is ours can be told, None when it can."""
        if not self.log.joined:
            return f"the group of {self.name} has not been joined"
        if not all(part.caught_up for part in self.log.parts.values()):
            return f"{self.name} has not caught up with the alerts"
        if self.log.parts and time.monotonic() - self.log.answered_at > SILENCE:
            return f"Kafka does not answer for {self.name}: others may have its partitions by now"
        return None

    # -- telling -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Tell until `stop` is called."""
        failed = False
        while not self._stopping.is_set():
            if not failed:
                await self._wait()
            self._forget()
            answer = await self._round()
            failed = answer.outcome is not Outcome.DELIVERED
            if not failed:
                self._backoff.succeeded()
                continue
            pause = self._backoff.failed(answer.pause)
            logger.warning("%s does not take alarms: %s; again in %.1f s", self.name, answer.reason, pause)
            self._remind_at = 0.0  # it may have lost its memory
            await self._sleep(pause)

    def stop(self) -> None:
        """End `run` after the attempt under way."""
        self._stopping.set()
        self.log.changed.set()

    async def _wait(self) -> None:
        """Wait until there is something to do; for alarms a little longer, for those that belong together."""
        until = self._forget_at if self._receiver.reminding is None else min(self._forget_at, self._remind_at)
        try:
            async with asyncio.timeout(max(0.0, until - time.monotonic())):
                await self.log.changed.wait()
        except TimeoutError:
            pass
        if self._receiver.gathering and self.log.waiting:
            await self._sleep(self._receiver.gathering)
        self.log.changed.clear()

    async def _sleep(self, seconds: float) -> None:
        """Sleep, but not beyond the end."""
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            pass

    def _forget(self) -> None:
        if time.monotonic() < self._forget_at:
            return
        self._forget_at = time.monotonic() + FORGETTING
        self.log.forget()

    async def _round(self) -> Answer:
        """Tell everything that is to be told now, commit it, and say again what is open when it is time."""
        async with self.log.telling:
            parts = self.log.tellable()
            incidents = [part.incidents for _, part in parts]
            # Both of one moment: what lies before the positions is what is told here.
            positions = {tp: part.position for tp, part in parts}
            changes = [change for of_part in incidents for change in of_part.pending()]
            answer = _DONE
            if changes:
                answer = await self._attempt(changes, positions, incidents)
            elif not parts or not await self.log.is_ours():
                answer = _NOT_OURS
            if answer is _NOT_OURS:
                self._remind_at = time.monotonic() + NOTHING_OURS
                return _DONE
            if answer.outcome is not Outcome.DELIVERED:
                return answer
            if any(part.known != (positions[tp], positions[tp]) for tp, part in parts):
                await self.log.commit(positions)
            return await self._remind(incidents)

    async def _attempt(self, changes: Sequence[Change], positions: Positions, incidents: Sequence[Incidents]) -> Answer:
        tried_before = {tp: part.known.tried for tp, part in self.log.parts.items() if tp in positions}
        unsent = {change.alert.alert_id: change for change in changes}
        for of_part in incidents:
            of_part.trying(changes)
        answer = _NOT_OURS
        if await self.log.intend(positions):
            answer = await self._tell(changes, unsent, incidents)
        for of_part in incidents:
            of_part.untold(unsent.values())
        if answer is not _NOT_OURS and len(unsent) == len(changes):
            await self.log.intend(tried_before)  # nothing left this process
        return answer

    async def _tell(
        self, changes: Sequence[Change], unsent: dict[str, Change], incidents: Sequence[Incidents]
    ) -> Answer:
        """Send the messages that tell changes, up to the first that fails; what may have arrived leaves `unsent`."""
        for message in self._receiver.messages(changes, time.time()):
            if not self._are_ours(incidents):
                return _NOT_OURS
            answer = await self._send(message)
            if answer.outcome is not Outcome.AWAY:
                for change in message.changes:
                    unsent.pop(change.alert.alert_id, None)
            if answer.outcome is Outcome.REFUSED and len(message.changes) > 1:  # one of them spoils it
                for change in message.changes:
                    if (alone := await self._tell([change], unsent, incidents)).outcome is not Outcome.DELIVERED:
                        return alone
            elif answer.outcome in _SETTLED:
                self._settle(message, answer, incidents)
            else:
                return answer
        return _DONE

    def _are_ours(self, incidents: Iterable[Incidents]) -> bool:
        """Return whether no partition of a round was given away since it began: a rebalance waits only so long."""
        ours = {id(part.incidents) for part in self.log.parts.values()}
        return all(id(of_part) in ours for of_part in incidents)

    def _settle(self, message: Message, answer: Answer, incidents: Iterable[Incidents]) -> None:
        """Note that there is nothing more to do for the changes of a message."""
        if answer.outcome is Outcome.REFUSED:
            ids = ", ".join(change.alert.alert_id for change in message.changes)
            logger.error("%s refuses alert %s for good: %s; it is left out", self.name, ids, answer.reason)
        self._numbers.told(answer.outcome, len(message.changes))
        for of_part in incidents:
            of_part.told(message.changes)

    async def _remind(self, incidents: Sequence[Incidents]) -> Answer:
        if self._receiver.reminding is None or time.monotonic() < self._remind_at:
            return _DONE
        open_ = [alert for of_part in incidents for alert in of_part.open()]
        for message in self._receiver.reminders(open_, time.time()):
            # Asked anew: this process may have been frozen since the round began, and what is open be over long ago.
            if not await self.log.is_ours() or not self._are_ours(incidents):
                return _DONE
            answer = await self._send(message)
            if answer.outcome is Outcome.REFUSED:
                logger.error("%s refuses to be reminded of open alarms: %s", self.name, answer.reason)
            elif answer.outcome is not Outcome.DELIVERED:
                return answer
        self._remind_at = time.monotonic() + self._receiver.reminding
        return _DONE

    async def _send(self, message: Message) -> Answer:
        begun = time.monotonic()
        answer = await self._post(message)
        self._numbers.requested(answer.outcome, time.monotonic() - begun)
        return answer
