"""A shard: everything about the leads of one partition.

Events go in (`apply`), what changed comes out for the changelog (`processors.changelog`), and readers look at
`windows`, `ages` and `counts`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import islice
from operator import attrgetter
from typing import Any, Final

from processors.ages import Ages
from processors.announcements import Announcer
from processors.arrivals import Arrivals, Heard
from processors.calendar_days import Days
from processors.cells import FAMILY, Cells, Numbers, book
from processors.deadlines import Timers
from processors.events import Encoder, note_of
from processors.fold import Fold
from processors.forecast import Forecasts, Scores, new_scores
from processors.funnel import Funnel
from processors.history import BIRTH_TABLES, History
from processors.labels import OTHER, tables
from processors.panes import Panes
from processors.questions.live import OPEN_AGE, ORPHAN_CELL, UNANSWERED_AGE, age_group, age_start
from processors.record import Lead, decode_lead, encode_lead
from processors.results import ACCEPTED, Result
from processors.rows import (
    AMOUNT,
    CLOCK,
    EARLIEST_MS,
    EPOCH,
    LATEST_MS,
    SIZE,
    identity,
    milliseconds,
    pack_row,
)
from processors.service import Service
from processors.waiting import WaitingList
from processors.waits import Retelling
from processors.windows import Windows
from schemas.alerts import LeadAlert
from schemas.lead_events import Created
from schemas.refusals import Reason, Refusal, refuse

_RECOMPUTED_AT_ONCE = 100  # leads: some 10 ms
_DERIVED_AT_ONCE = 10_000  # leads: some 10 ms

ANY_TIME: Final = LATEST_MS - 1
"""`latest` for a replay, and the largest there is: every time the panes can hold."""

_birth_names = attrgetter(*BIRTH_TABLES)


class Shard:
    """The state of one partition.

    Args:
        funnel: What the events mean.
        scores: Where the forecasts of breaches are scored.

    Attributes:
        labels: Label tables.
        cold: Lead id -> encoded record, as of the last flush.
        hot: Lead id -> record, for leads touched since.
        most_warm: How many leads stay decoded beyond a flush: most are touched again soon. 5,000 take some 5 MB.
        panes: The windowed numbers; `cells` what comes on top of them since the last `merge`.
        unlogged: Merged cells that the changelog has not got yet.
        windows: Totals per window.
        ages: Family number -> group number -> start times of what is open.
        counts: What happened here, never going back: name -> count.
        timers: When to look at which lead again.
        arrivals: When leads came from which source.
        service: How fast leads are answered.
        forecasts: How many promises will be broken soon.
        alerts: What others are to be told; taken by the runtime.
        waiting: The leads that wait for an answer, as of the last commit; told of flushes and commits by the runtime.
        watermark: Largest event time applied, ms.
    """

    def __init__(self, funnel: Funnel, scores: Scores | None = None) -> None:
        self.funnel = funnel
        self._scores = scores or new_scores()
        days = Days(funnel.zone)
        self.panes = Panes(days)
        self.windows = Windows(funnel, days, self.panes)
        self.ages: dict[int, dict[int, Ages]] = {f.number: defaultdict(Ages) for f in (OPEN_AGE, UNANSWERED_AGE)}
        self.cold: dict[str, bytes] = {}
        self.hot: dict[str, Lead] = {}
        self._warm: dict[str, Lead] = {}
        self.most_warm = 5_000
        self.cells = Cells()
        self.unlogged: list[dict[int, Numbers]] = []
        self.counts: defaultdict[str, int] = defaultdict(int)
        self.alerts: list[LeadAlert] = []
        self.watermark = 0
        self.timers = Timers()
        self._clear_derived()
        self.service = Service(funnel.service_half_life)
        self.set_labels({})

    def set_labels(self, stored: Mapping[tuple[str, int], str]) -> None:
        """Take the label numbers of a stored shard: (table, number) -> name; only before the first event."""
        self.labels = tables(self.funnel.label_caps, self.counts)
        for (table, number), name in stored.items():
            self.labels[table].load(number, name)
        for table, names in self.funnel.names_that_decide().items():
            self.labels[table].reserve(names)
        for stage in self.funnel.stages:
            self.labels["stage"].number(stage.name)
        self.fold = Fold(self.funnel, self.labels)
        self.history = History(self.fold, Fold(self.funnel, self.labels, ()), self.labels)
        self.announcer = Announcer(self.fold, Retelling(self.funnel, self.labels), self.labels)
        self.waiting = WaitingList(self.fold, self.labels, self.cold)
        self.forecasts = Forecasts(self.fold.promises, self.service, self._scores)
        self._encoders = Encoder(self.funnel, self.labels).of
        self._birth_numbers = [self.labels[table].number for table in BIRTH_TABLES]

    def apply(self, event: Any, latest: int = ANY_TIME) -> Result:
        """Make an event part of its lead; nothing is touched before the event is known to be good.

        Args:
            event: Any event of `schemas`.
            latest: The largest event time that is taken, ms, at most `ANY_TIME`; a later one is a mistake of
                somebody's clock.
        """
        t = milliseconds(event.occurred_at)
        if t > latest or t < EARLIEST_MS:
            return _impossible(event.occurred_at, latest)
        encoder = self._encoders.get(event.__class__)
        if encoder is None:
            return self._create(event, t)
        encoded = encoder(event)
        if not isinstance(encoded, tuple):
            return encoded
        code, arg = encoded
        if t > self.watermark:
            self.watermark = t
        lead_id = event.lead_id
        lead = self.hot.get(lead_id) or self.open(lead_id)
        log = lead.log
        ident = identity(event.event_id)
        row = pack_row(t << 8 | code, ident, arg)
        result: Result = ACCEPTED
        # `ident in log` would first try, and fail, to read it as one byte's number.
        if (code < AMOUNT or code > CLOCK) and row > (log[-SIZE:] or lead.floor) and log.find(ident) < 0:
            # In order: fold(log + row) = step(fold(log), row).
            lead.log = log + row
            if lead.created and not lead.merged_into:
                self.fold.step(self.cells, lead, t, code, arg, 1)
            elif not log and not lead.created:
                book(self.cells, ORPHAN_CELL, 1)
        else:
            result = self.history.insert(self.cells, lead, row, note_of(event))
        if self.fold.stirred or len(log) >= self.history.max_log:
            self._follow(lead_id, lead, t)
        return result

    def _create(self, event: Created, t: int) -> Result:
        if t > self.watermark:
            self.watermark = t
        lead_id = event.lead_id
        lead = self.hot.get(lead_id) or self.open(lead_id)
        numbers = [number(name) for number, name in zip(self._birth_numbers, _birth_names(event), strict=True)]
        source, campaign, segment, region, product, team, currency = numbers
        birth = (source, campaign, segment, region, product, team, currency)
        was = lead.source, lead.created
        result = self.history.create(self.cells, lead, t, identity(event.event_id), birth, event.amount)
        self._arrive(was, (lead.source, lead.created))
        self._follow(lead_id, lead, lead.created)
        if result is ACCEPTED and lead.attempted:
            self.forecasts.born(lead_id, lead)
        return result

    def _arrive(self, was: tuple[int, int], now: tuple[int, int]) -> None:
        """Count a creation at its time; an earlier one that came later takes its place."""
        if now != was:
            if was[1]:
                self.arrivals.remove(*was)
            self.arrivals.add(*now)

    def _follow(self, lead_id: str, lead: Lead, t: int) -> None:
        """Keep the log bounded, say what is over, and plan the next look."""
        self.fold.stirred = False
        if len(lead.log) > self.history.max_log:
            self.counts["forgotten"] += self.history.shorten(lead)
        if lead.counts or lead.said or lead.due:
            self.alerts.extend(self.announcer.ended(lead_id, lead))
            self._plan(lead_id, lead)
            self.forecasts.follow(lead_id, lead, t)

    # -- deadlines -----------------------------------------------------------------------------------------------

    def tick(self, now: int) -> bool:
        """Let time pass for the leads that something is due for, and announce it.

        Args:
            now: ms; every event up to then has been applied, on both inputs.

        Returns:
            Whether anything changed.
        """
        changed = False
        for lead_id in list(self.timers.take(now)):  # who cannot be helped now is looked at again by the next tick
            lead = self.facts(lead_id)
            if lead is not None and 0 < lead.due <= now:  # else planned anew since
                changed |= self._pass_deadline(lead_id, self.hot.get(lead_id) or self.open(lead_id), now)
        self.forecasts.tick(now, self.timers, self.facts)
        return changed

    def _pass_deadline(self, lead_id: str, lead: Lead, now: int) -> bool:
        # The row says no more than that the lead still waited at this time: steps count at their own.
        row = pack_row(now << 8 | CLOCK, identity(f"clock {now}"), 0)
        passed, told = self.history.insert(self.cells, lead, row) is ACCEPTED, len(self.alerts)
        self.alerts.extend(self.announcer.ended(lead_id, lead))  # other policies may hold since the last start
        self.alerts.extend(self.announcer.look(lead_id, lead, now))
        lead.due = 0
        self._plan(lead_id, lead)
        self.forecasts.follow(lead_id, lead, now, found=True)
        return passed or len(self.alerts) > told  # the row may be known: an event can come between two equal times

    def _plan(self, lead_id: str, lead: Lead) -> None:
        due = self.announcer.next_look(lead)
        if due != lead.due:
            lead.due = due
            if due:
                self.timers.add(lead_id, due)

    # -- leads ---------------------------------------------------------------------------------------------------

    def open(self, lead_id: str) -> Lead:
        """Return a lead's record for changing, a new one when there is none."""
        lead = self._warm.pop(lead_id, None)
        if lead is None:
            packed = self.cold.get(lead_id)
            lead = Lead() if packed is None else self._decode(packed)
        self.hot[lead_id] = lead
        return lead

    def cool(self) -> list[tuple[str, bytes]]:
        """Encode the hot leads into `cold`; return them, by id. Some stay decoded, see `most_warm`."""
        packed = [(lead_id, encode_lead(lead)) for lead_id, lead in self.hot.items()]
        self.cold.update(packed)
        self._warm.update(self.hot)
        if len(self._warm) > self.most_warm:
            self._warm.clear()
        self.hot.clear()
        return packed

    def _decode(self, packed: bytes) -> Lead:
        lead = decode_lead(packed)
        if lead.status and lead.rests:
            self.history.wake(lead)
        return lead

    def look(self, lead_id: str) -> Lead | None:
        """Return a copy of a lead's record for reading."""
        if hot := self.hot.get(lead_id):
            return hot.copy()
        packed = self.cold.get(lead_id)
        return None if packed is None else self._decode(packed)

    def facts(self, lead_id: str) -> Lead | None:
        """Return a lead's record for reading; of one at rest the facts alone."""
        if hot := self.hot.get(lead_id):
            return hot
        packed = self.cold.get(lead_id)
        return None if packed is None else decode_lead(packed)

    def leads(self) -> Iterator[tuple[str, Lead]]:
        """Yield every lead with a copy of its record."""
        for lead_id in self.cold.keys() | self.hot.keys():
            if lead := self.look(lead_id):
                yield lead_id, lead

    def __len__(self) -> int:
        return len(self.cold) + sum(lead_id not in self.cold for lead_id in self.hot)

    # -- numbers -------------------------------------------------------------------------------------------------

    def merge(self) -> None:
        """Bring what events changed into the panes and ages."""
        if self.cells:
            self._age(self.cells)
            self.panes.add(self.cells.minutes)
            self.unlogged.append(self.cells.minutes)
            self.cells = Cells()

    @property
    def unlogged_cells(self) -> int:
        """How many cells the changelog has not got yet."""
        return sum([len(numbers) for minutes in self.unlogged for numbers in minutes.values()])

    def advance(self, now: int) -> bool:
        """Fold panes that have become old at `now` (ms); return whether the changelog must learn of it."""
        self.merge()
        return self.panes.advance(now)

    def heard(self, now: int) -> dict[str, Heard]:
        """Return what was heard of each source up to `now`, ms; names beyond the cap of the label are left out."""
        self.arrivals.prune(now)
        names = self.labels["source"].names
        return {names[number]: heard for number, heard in self.arrivals.heard.items() if number != OTHER}

    def recompute(self) -> Iterator[list[str]]:
        """Make every number anew from the lead records, after what they mean has changed; no event may come between.

        Yields:
            For each slice of the leads, the ids of those whose record comes out differently.
        """
        self.merge()
        self.panes.clear()
        self._clear_derived()
        self._warm.clear()
        ids = iter(list(self.cold))
        while part := list(islice(ids, _RECOMPUTED_AT_ONCE)):
            yield [lead_id for lead_id in part if self._recompute(lead_id)]
            self.merge()
            self.unlogged = []

    def _recompute(self, lead_id: str) -> bool:
        known = self.cold[lead_id]
        lead = decode_lead(known)
        self._remember(lead)
        self.fold.recompute(self.cells, lead)
        lead.due = 0  # no timer is set after a start
        self._plan(lead_id, lead)
        self.waiting.restore(lead_id, lead)
        self.cold[lead_id] = packed = encode_lead(lead)
        return packed != known

    def derive(self) -> Iterator[None]:
        """Make ages, timers, arrivals and who waits from the lead records, a slice at a time: they are not stored."""
        self._clear_derived()
        leads = iter(self.cold.items())
        while part := list(islice(leads, _DERIVED_AT_ONCE)):
            cells = Cells()
            for lead_id, packed in part:
                lead = decode_lead(packed)
                self._remember(lead)
                if lead.due:
                    self.timers.add(lead_id, lead.due)
                self.waiting.restore(lead_id, lead)
                if lead.counts and not lead.status:
                    self.fold.live(cells, lead, 1)
            self._age(cells)
            yield

    def _remember(self, lead: Lead) -> None:
        if lead.created:
            self.arrivals.add(lead.source, lead.created)

    def _age(self, cells: Cells) -> None:
        for cell, value in cells.ages.items():
            if value:
                self.ages[cell >> FAMILY & 63][age_group(cell)].add(age_start(cell), value)

    def _clear_derived(self) -> None:
        for groups in self.ages.values():
            groups.clear()
        self.arrivals = Arrivals(self.funnel.arrival_grain, self.funnel.arrival_memory)


def _impossible(occurred_at: datetime, latest: int) -> Refusal:
    if milliseconds(occurred_at) > latest < ANY_TIME:
        bound = (EPOCH + timedelta(milliseconds=latest)).isoformat(timespec="seconds")
        return refuse(
            Reason.FUTURE,
            "occurred_at",
            f"{occurred_at.isoformat()} is later than {bound}, the clock and its tolerance",
        )
    detail = f"{occurred_at.isoformat()} does not lie between the years 2000 and 2060"
    return refuse(Reason.INVALID, "occurred_at", detail)
