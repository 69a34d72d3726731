"""The shard behind the engine: records to events to the shard, and what must be written back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct, structs
from msgspec.json import Decoder

from processors.changelog import Changelog
from processors.forecast import Scores
from processors.funnel import Funnel
from processors.incidents import KEY as INCIDENT
from processors.incidents import Incidents
from processors.results import ACCEPTED, DUPLICATE, Dropped, Result
from processors.rows import milliseconds
from processors.shard import ANY_TIME, Shard
from processors.silence import Verdict
from schemas.alerts import Alert, Breached, Escalated, Warned
from schemas.cloudevents import decode_record
from schemas.codec import MAX_BYTES, UNREADABLE, encode
from schemas.dead_letters import dead_letter, headers_of
from schemas.refusals import Refusal, key_mismatch, processing_error
from streams.engine.records import Record
from streams.engine.state import Output, RecordFailed
from streams.event_clock import EventClock

logger = logging.getLogger(__name__)

Clock = Callable[[], int]
"""Gives now in ms since 1970."""


def wall_clock() -> int:
    """Return the wall time in ms since 1970."""
    return time.time_ns() // 1_000_000


class Outlets(Struct, frozen=True):
    """Where a shard's records come from and go to.

    Attributes:
        decoders: Input topic -> its decoder.
        alerts: Topic of the alerts.
        dead_letter_suffix: What makes an input's name its dead letters' topic.
        link: Gives the address of a lead, for people who read an alert.
    """

    decoders: Mapping[str, Decoder[Any]]
    alerts: str
    dead_letter_suffix: str
    link: Callable[[str], str] = str


class LeadState:
    """The state of one partition, as the engine wants it.

    Args:
        partition: Its number.
        funnel: What the events mean.
        outlets: The topics.
        clock: The wall clock; None for a replay, where now is the largest event time and nothing is in the future.
        future_tolerance: How far ahead of the wall clock an event may be, ms.
        scores: Where the forecasts of this worker are scored.
    """

    def __init__(  # noqa: PLR0913  # the last by name
        self,
        partition: int,
        funnel: Funnel,
        outlets: Outlets,
        clock: Clock | None = wall_clock,
        future_tolerance: int = 300_000,
        *,
        scores: Scores | None = None,
    ) -> None:
        self.partition = partition
        self.shard = Shard(funnel, scores)
        self.changelog = Changelog(self.shard)
        self.outputs: list[Output] = []
        self.counts: dict[str, int] = {}
        """The shard's counts as of the last commit: what readers may see without ever seeing it go back."""
        self.taken_at = 0
        """Wall time in ms at which the state was recovered and this worker took it up."""
        self.reached: int | None = None
        """Wall time in ms up to which everything on the inputs has been applied; None while it is not known."""
        self.incidents = Incidents()
        """The silences of sources that were announced; only one partition has any, it judges for all."""
        self.verdict: Verdict | None = None
        """What was found about the sources, to be announced by the next tick."""
        self.recomputed = False
        """Whether the numbers were made anew at the last recovery, their meaning having changed."""
        self.known_until = 0
        """Wall time in ms up to which everything that had happened is committed; 0 before that is known."""
        self.on_waiting: Callable[[], None] | None = None
        """Called when a commit has changed who waits."""
        self.on_step: Callable[[float], None] | None = None
        """Called when a warning, a breach or an escalation is committed, with the seconds since it was due."""
        self._outlets = outlets
        self._wall = clock
        self._event_clock = EventClock()
        self._tolerance = future_tolerance
        self._flushed: dict[str, int] = {}
        self._steps: list[int] = []
        self._steps_flushed: list[int] = []
        self._reached_at_flush: int | None = None

    def now(self) -> int:
        """Return now in ms, on this worker's kind of clock."""
        return self._wall() if self._wall else self.shard.watermark

    # -- what the engine calls -----------------------------------------------------------------------------------

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take a changelog record."""
        if key.startswith(INCIDENT):
            self.incidents.load(key, value)
        else:
            self.changelog.load(key, value)

    def loaded(self) -> Iterator[None]:
        """Take up work after the last changelog record, a slice at a time.

        The first look at the windows adds up three months of panes; it is better taken here than by a scrape.
        """
        self.recomputed = yield from self.changelog.loaded()
        if self.recomputed:
            self._say_what_moved()
        self.counts = dict(self.shard.counts)
        self.shard.windows.advance(self.now())
        self.taken_at = wall_clock() if self._wall is None else self._wall()
        self._event_clock.note(self.taken_at, self.shard.watermark)

    def apply(self, records: Sequence[Record]) -> None:
        """Apply records, each lead's in the order in which its events occurred; raise `RecordFailed` for a defect.

        The state is the same for every order; an event that comes before an earlier one of its lead costs a refold.
        """
        apply, accepted = self.shard.apply, 0
        latest = min(self._wall() + self._tolerance, ANY_TIME) if self._wall else ANY_TIME
        events, theirs = self._decoded(records)
        moments = [event.occurred_at for event in events]
        for n in sorted(range(len(events)), key=moments.__getitem__):
            try:
                result = apply(events[n], latest)
            except Exception as cause:
                raise RecordFailed(theirs[n].topic, theirs[n].offset) from cause
            if result is ACCEPTED:
                accepted += 1
            else:
                self._not_accepted(theirs[n], result)
        counts = self.shard.counts
        counts["accepted"] += accepted
        topics = [record.topic for record in records]
        for topic in set(topics):
            counts[f"read.{topic}"] += topics.count(topic)
        if self._wall is None:
            self._event_clock.note(wall_clock(), self.shard.watermark)
        if self.shard.alerts:
            self._tell()

    def _decoded(self, records: Sequence[Record]) -> tuple[list[Any], list[Record]]:
        """Return the events, each with its record at the same place; what is none is set aside."""
        decoders, events, theirs = self._outlets.decoders, list[Any](), list[Record]()
        for record in records:
            value, decoder = record.value, decoders[record.topic]
            event: Any
            try:
                if record.headers or not value or len(value) > MAX_BYTES:
                    event = decode_record(decoder, value, record.headers)
                else:
                    try:
                        event = decoder.decode(value)
                    except UNREADABLE:
                        event = decode_record(decoder, value, ())
                if event.__class__ is Refusal:  # isinstance takes five times as long for a msgspec struct
                    self._dead(record, event)
                elif record.key != event.lead_id.encode():
                    self._dead(record, key_mismatch(record.key, event.lead_id))
                else:
                    events.append(event)
                    theirs.append(record)
            except Exception as cause:
                raise RecordFailed(record.topic, record.offset) from cause
        return events, theirs

    def reject(self, record: Record, cause: BaseException) -> None:
        """Make a dead letter of a record whose processing failed."""
        self.shard.counts[f"read.{record.topic}"] += 1
        self._dead(record, processing_error(cause), cause)

    def tick(self, reached: int) -> bool:
        """Judge the deadlines up to a wall time (ms) at which everything is known; in a replay, up to its own then."""
        self.reached = reached
        changed = self.shard.tick(reached if self._wall else self._event_clock.at(reached))
        if self.shard.alerts:
            self._tell()
        if not self.shard.hot and self._reached_at_flush is None:
            self.known_until = reached
        if self.verdict is not None:
            verdict, self.verdict = self.verdict, None
            changed |= self._announce(verdict)
        return changed

    def flush(self) -> Iterable[tuple[bytes, bytes | None]]:
        """Give what changed since the last flush."""
        self.changelog.advance(self.now())
        self.shard.waiting.flushing(self.shard.hot)
        self._reached_at_flush = self.reached or 0
        records = [*self.changelog.flush(), *self.incidents.flush()]
        self._flushed = dict(self.shard.counts)
        self._steps_flushed, self._steps = self._steps, []
        return records

    def committed(self) -> None:
        """Show readers the counts of the last flush, and who waits."""
        self.counts = self._flushed
        self.known_until, self._reached_at_flush = self._reached_at_flush or self.known_until, None
        if self.shard.waiting.committed() and self.on_waiting:
            self.on_waiting()
        if self._steps_flushed:
            self._observe_steps()

    def _observe_steps(self) -> None:
        """Tell how late what was called out is on the topic; a replay's deadlines lie in the past."""
        if self._wall is not None and self.on_step is not None:
            now = self._wall()
            for due in self._steps_flushed:
                self.on_step(max(0, now - due) / 1000)
        self._steps_flushed = []

    def _say_what_moved(self) -> None:
        moved = "; ".join(map(str, self.changelog.moved)) or "nothing"
        logger.warning(
            "partition %s: the settings mean something else than those that its numbers were made with; all were made "
            "anew from %s leads. Moved, at any time: %s",
            self.partition,
            f"{len(self.shard):,}",
            moved,
        )

    # -- what becomes of an event --------------------------------------------------------------------------------

    def _not_accepted(self, record: Record, result: Result) -> None:
        if isinstance(result, Refusal):
            self._dead(record, result)
        elif isinstance(result, Dropped):
            self.shard.counts["duplicate" if result is DUPLICATE else "too_late"] += 1

    def _dead(self, record: Record, refusal: Refusal, cause: BaseException | None = None) -> None:
        self.shard.counts[f"dead.{refusal.reason}"] += 1
        letter = dead_letter(record, refusal, cause)
        topic = record.topic + self._outlets.dead_letter_suffix
        self.outputs.append(Output(topic, letter.key, letter.value, headers_of(letter)))

    def _tell(self) -> None:
        for alert in self.shard.alerts:
            if isinstance(alert, Warned | Breached | Escalated):
                self._steps.append(milliseconds(alert.at))
            self._send(alert.lead_id, structs.replace(alert, link=self._outlets.link(alert.lead_id)))
        self.shard.alerts.clear()

    def _announce(self, verdict: Verdict) -> bool:
        alerts = list(self.incidents.follow(verdict))
        for alert in alerts:
            self._send(alert.source, alert)
        return bool(alerts)

    def _send(self, key: str, alert: Alert) -> None:
        self.shard.counts[f"alert.{alert.__struct_config__.tag}"] += 1
        self.outputs.append(Output(self._outlets.alerts, key.encode(), encode(alert)))
