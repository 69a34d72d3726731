"""What arrives out of order: the slow ways into a lead's record, all of them exact.

The quick way, an event newer than everything known, is in `processors.shard`.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Mapping
from typing import Final

from processors.cells import Cells
from processors.events import Note
from processors.fold import Fold
from processors.labels import Labels
from processors.record import Lead
from processors.results import ACCEPTED, DUPLICATE, TOO_LATE, Result
from processors.rows import (
    ASSIGNED,
    DISQUALIFIED,
    END_STAGE,
    INTERACTION,
    LOST,
    MERGED,
    SECOND,
    SIZE,
    STAGE,
    TOUCH_BITS,
    Row,
    ident_of,
    rows,
    split,
)

MAX_ROWS: Final = 512
"""A longer log loses its older half to a checkpoint of the fold."""

BIRTH_TABLES = ("source", "campaign", "segment", "region", "product", "team", "currency")
"""The label tables of a creation's facts, in the order of `Birth`."""

Birth = tuple[int, int, int, int, int, int, int]
"""Label numbers of a creation."""


class History:
    """Changes records whose past changes.

    Args:
        fold: Moves the leads.
        retrace: Moves them too, and tells nobody.
        labels: The shard's label tables: ties are broken by names, which every order of arrival shares.
        max_rows: Length at which a log is shortened.
    """

    def __init__(self, fold: Fold, retrace: Fold, labels: Mapping[str, Labels], max_rows: int = MAX_ROWS) -> None:
        self._fold, self._retrace = fold, retrace
        self._untold = Cells()  # stays empty
        self._labels = labels
        self.max_log = max_rows * SIZE

    def insert(self, cells: Cells, lead: Lead, row: bytes, note: Note | None = None) -> Result:
        """Put a row where it belongs: late, known already, known with other content, or with a note.

        Of two events with one id the smaller row stays, whichever came first.
        """
        ident = ident_of(row)
        old = split(lead.log)
        same = next((known for known in old if ident_of(known) == ident), None) if ident in lead.log else None
        if same is not None and self._order(same) <= self._order(row):
            return DUPLICATE
        if row <= lead.floor:
            return TOO_LATE
        new = [known for known in old if known is not same]
        insort(new, row)
        merging = MERGED in (row[7], same[7] if same else 0)
        if merging and lead.base:
            return TOO_LATE  # what the dropped rows contributed cannot be taken back
        self._replace(cells, lead, old, new, refold=merging or (not lead.counts), note=(ident, note))
        return ACCEPTED if same is None else DUPLICATE

    def create(self, cells: Cells, lead: Lead, at: int, ident: bytes, birth: Birth, amount: int) -> Result:
        """Give a lead its creation; of several the earliest stays."""
        if lead.created:
            if (at, ident) > (lead.created, lead.birth):
                return DUPLICATE
            if (at, ident) == (lead.created, lead.birth) and self._facts(birth, amount) >= self._known(lead):
                return DUPLICATE
            if lead.base:
                return TOO_LATE
        first = not lead.created
        self._fold.whole(cells, lead, -1)
        lead.created, lead.birth, lead.amount = at, ident, amount
        lead.source, lead.campaign, lead.segment, lead.region, lead.product, lead.home, lead.currency = birth
        self._fold.whole(cells, lead, 1)
        return ACCEPTED if first else DUPLICATE

    def wake(self, lead: Lead) -> None:
        """Make the fold of a lead anew that was at rest (`Lead.rests`)."""
        self._go_to(lead, lead.log)

    def shorten(self, lead: Lead) -> int:
        """Drop the older half of a log into a checkpoint of the fold; return how many rows can no longer count."""
        cut = len(lead.log) // SIZE // 2 * SIZE
        head, tail = lead.log[:cut], lead.log[cut:]
        if lead.notes:
            for row in rows(head):
                lead.notes.pop(row.ident, None)
        lost = 0
        if lead.counts:
            here = lead.position()
            self._go_to(lead, head)
            lead.base = lead.position()
            lead.resume(here)
        else:
            lost = cut // SIZE
        lead.log, lead.floor = tail, head[-SIZE:]
        return lost

    def _replace(
        self,
        cells: Cells,
        lead: Lead,
        old: list[bytes],
        new: list[bytes],
        *,
        refold: bool,
        note: tuple[bytes, Note | None],
    ) -> None:
        """Change the log, and what it contributes with it."""
        if refold:
            self._fold.whole(cells, lead, -1)
        else:
            self._refold_suffix(cells, lead, old, new)
        lead.log = b"".join(new)
        self._take_note(lead, *note)
        if refold:
            self._fold.whole(cells, lead, 1)

    def _refold_suffix(self, cells: Cells, lead: Lead, old: list[bytes], new: list[bytes]) -> None:
        keep = next((n for n, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))
        if len(new) > len(old) and self._fold.unmoved_by(lead, new[keep]):
            return
        if not self._fold.unmoved_by(lead, b"".join(old[keep:])):
            self._go_to(lead, b"".join(old[:keep]))
            here = lead.position()
            self._fold.run(cells, lead, b"".join(old[keep:]), -1)
            lead.resume(here)
        self._fold.run(cells, lead, b"".join(new[keep:]), 1)

    def _go_to(self, lead: Lead, log: bytes) -> None:
        """Put the fold where it stood after the first part of the log."""
        self._retrace.begin(self._untold, lead, 1)
        self._retrace.run(self._untold, lead, log, 1)

    def _take_note(self, lead: Lead, ident: bytes, note: Note | None) -> None:
        notes = lead.notes or {}
        notes.pop(ident, None)
        if note is not None:
            notes[ident] = note
        lead.notes = notes or None
        targets = [str(notes[row.ident]) for row in rows(lead.log) if row.code == MERGED] if notes else []
        # A shortened log may have lost the merge itself: the lead stays merged.
        lead.merged_into = min(targets, default=lead.merged_into if lead.floor else "")

    def _order(self, row: bytes) -> tuple[object, ...]:
        """Return a key that orders two rows of one event id alike on every shard."""
        (fields,) = rows(row)
        return fields.at, fields.code, *self.words(fields)

    def words(self, row: Row) -> tuple[str | int, ...]:
        """Return the names behind a row's argument."""
        low, high = row.arg & (1 << SECOND) - 1, row.arg >> SECOND
        if row.code == ASSIGNED:
            return self._name("team", low), self._name("actor", high)
        if row.code == LOST:
            return self._name("reason", low), self._name("competitor", high)
        if row.code == DISQUALIFIED:
            return (self._name("reason", low),)
        if row.code in (STAGE, END_STAGE):
            return (self._name("stage", row.arg),)
        if row.code == INTERACTION:
            return row.arg & (1 << TOUCH_BITS) - 1, self._name("actor", row.arg >> TOUCH_BITS)
        return (row.arg,)

    def _name(self, table: str, number: int) -> str:
        return self._labels[table].names[number]

    def _facts(self, birth: Birth, amount: int) -> tuple[object, ...]:
        return *(self._name(table, n) for table, n in zip(BIRTH_TABLES, birth, strict=True)), amount

    def _known(self, lead: Lead) -> tuple[object, ...]:
        return self._facts(birth_of(lead), lead.amount)


def birth_of(lead: Lead) -> Birth:
    """Return the label numbers of a lead's creation."""
    return lead.source, lead.campaign, lead.segment, lead.region, lead.product, lead.home, lead.currency
