r"""A shard's stored form: keys and values of a compacted topic.

    l<lead id>          the lead record
    n<table>\\0<number>  a label's name
    d<slot>             one commit's cells and counts, in a ring of slots
    p<minute>           a whole pane, written at checkpoints
    m                   checkpoint: number of the last commit in the panes, counts, edges, meaning
    f                   how fast leads are answered, written every ten seconds: an estimate that may miss the last

Restoring takes the panes, then the slots that are newer than the checkpoint. At low rates a slot is a tenth of the
panes it changes; at high rates a checkpoint now and then costs nothing.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Final

from msgspec import msgpack

from processors.funnel import SECOND_MS
from processors.revision import Moved, moved, sums
from processors.shard import Shard
from processors.stored import Checkpoint, Delta

LEAD, LABEL, SLOT, PANE, CHECKPOINT, SERVICE = b"l", b"n", b"d", b"p", b"m", b"f"
FORMAT: Final = 5
"""Version of the stored form; a worker refuses any other one: it could not read what was stored."""

SLOTS: Final = 512
CHECKPOINT_EVERY: Final = 256
"""Commits between checkpoints: fewer than there are slots, so that no slot is overwritten before its time."""
_SERVICE_EVERY: Final = 10 * SECOND_MS
_MAX_SLOT_CELLS = 20_000
_REWRITE = 20_000  # leads of a recompute in one commit

Record = tuple[bytes, bytes | None]


class OtherFormatError(Exception):
    """The changelog was written by a version of leadpulse that stores its state in another form."""


_encode = msgpack.Encoder().encode
_decode_delta = msgpack.Decoder(Delta).decode
_decode_checkpoint = msgpack.Decoder(Checkpoint).decode


class Changelog:
    """Writes a shard's changes and restores it from them.

    Args:
        shard: The shard, empty when it is to be restored.
        checkpoint_every: Commits between checkpoints; fewer than `slots`.
        slots: Length of the ring.

    Attributes:
        moved: What the last start moved, because what the numbers mean had changed.
    """

    def __init__(self, shard: Shard, checkpoint_every: int = CHECKPOINT_EVERY, slots: int = SLOTS) -> None:
        self._shard = shard
        self._every, self._slots = checkpoint_every, slots
        self._seq = 0
        self._due = True
        self._now, self._service_at = 0, -1
        self._meaning = shard.funnel.meaning()
        self._stored: Checkpoint | None = None
        self._deltas: dict[bytes, Delta] = {}
        self._labels_stored: dict[tuple[str, int], str] = {}
        self._rewritten: list[str] = []
        self.moved: list[Moved] = []

    # -- out -----------------------------------------------------------------------------------------------------

    def flush(self) -> list[Record]:
        """Return what changed since the last flush; it must be written as one transaction."""
        shard = self._shard
        out = [*self._labels(), *self._service()]
        out.extend([(LEAD + lead_id.encode(), packed) for lead_id, packed in shard.cool()])
        shard.merge()
        self._seq += 1
        if self._rewritten:
            self._rewrite(out)
        elif self._due or self._seq % self._every == 0 or shard.unlogged_cells > _MAX_SLOT_CELLS:
            self._checkpoint(out)
        else:
            delta = Delta(self._seq, shard.counts, shard.watermark, shard.unlogged)
            out.append((SLOT + b"%d" % (self._seq % self._slots), _encode(delta)))
        shard.unlogged = []
        return out

    def advance(self, now: int) -> None:
        """Fold old panes; where they lie now is written with the next flush."""
        self._due |= self._shard.advance(now)
        self._now = now

    def _labels(self) -> list[Record]:
        out: list[Record] = []
        for table, labels in self._shard.labels.items():
            for number in labels.unsaved:
                out.append((LABEL + b"%s\0%d" % (table.encode(), number), labels.names[number].encode()))
            labels.unsaved.clear()
        return out

    def _service(self) -> list[Record]:
        service = self._shard.service
        due = self._now // _SERVICE_EVERY
        if not service.unsaved or due == self._service_at:
            return []
        service.unsaved, self._service_at = False, due
        return [(SERVICE, service.packed())]

    def _checkpoint(self, out: list[Record]) -> None:
        panes = self._shard.panes
        out.extend((PANE + b"%d" % start, panes.packed(start)) for start in sorted(panes.stale))
        panes.stale.clear()
        out.append((CHECKPOINT, self._head(self._meaning)))
        self._due = False

    def _head(self, meaning: bytes) -> bytes:
        shard = self._shard
        return _encode(Checkpoint(FORMAT, self._seq, shard.counts, shard.watermark, shard.panes.edges, meaning))

    def _rewrite(self, out: list[Record]) -> None:
        """Write a part of the recomputed leads; until all are written no meaning stands, and a restart begins anew."""
        part, self._rewritten = self._rewritten[:_REWRITE], self._rewritten[_REWRITE:]
        out.extend((LEAD + lead_id.encode(), self._shard.cold[lead_id]) for lead_id in part)
        out.append((CHECKPOINT, self._head(b"")))

    @property
    def unfinished(self) -> bool:
        """Whether a recompute has more to write than one commit takes."""
        return bool(self._rewritten)

    # -- in ------------------------------------------------------------------------------------------------------

    def load(self, key: bytes, value: bytes | None) -> None:
        """Take one record of the changelog, in its order; later ones of a key replace earlier ones."""
        kind = key[:1]
        if kind == LEAD:
            if value is None:
                self._shard.cold.pop(key[1:].decode(), None)
            else:
                self._shard.cold[key[1:].decode()] = value
        elif kind == PANE:
            self._shard.panes.load(int(key[1:]), value)
        elif value is not None:
            self._load_head(kind, key, value)

    def _load_head(self, kind: bytes, key: bytes, value: bytes) -> None:
        if kind == SLOT:
            self._deltas[key] = _decode_delta(value)
        elif kind == LABEL:
            table, _, number = key[1:].partition(b"\0")
            self._labels_stored[table.decode(), int(number)] = value.decode()
        elif kind == CHECKPOINT:
            _check_format(msgpack.decode(value)[0])
            self._stored = _decode_checkpoint(value)
        elif kind == SERVICE:
            self._shard.service.load(value)

    def loaded(self) -> Generator[None, None, bool]:
        """Take up work after the last record, a slice at a time: it may take minutes.

        Returns:
            Whether the numbers had to be recomputed, because what they mean has changed.
        """
        shard, stored = self._shard, self._stored
        shard.panes.settle()
        shard.set_labels(self._labels_stored)
        if stored is not None:
            self._seq, shard.watermark, shard.panes.edges = stored.seq, stored.watermark, stored.edges
            self._count(stored.counts)
        self._replay_deltas()
        known = stored is not None or bool(shard.cold)
        self._due = not known
        if known and (stored is None or stored.meaning != self._meaning):
            before = sums(pane for _, pane in shard.panes.all())
            for changed in shard.recompute():
                self._rewritten += changed
                yield
            self.moved = moved(before, sums(pane for _, pane in shard.panes.all()))
            self._due = True
            return True
        yield from shard.derive()
        return False

    def _replay_deltas(self) -> None:
        shard = self._shard
        newer = (delta for delta in self._deltas.values() if delta.seq > self._seq)
        for delta in sorted(newer, key=_seq):
            self._seq, shard.watermark = delta.seq, delta.watermark
            self._count(delta.counts)
            for cells in delta.cells:
                shard.panes.add(cells)
        self._deltas.clear()

    def _count(self, counts: dict[str, int]) -> None:
        self._shard.counts.clear()
        self._shard.counts.update(counts)


def _check_format(written: int) -> None:
    if written > FORMAT:
        raise OtherFormatError("the state was written by a newer version of leadpulse; run that one")
    if written < FORMAT:
        raise OtherFormatError(
            f"the state has format {written}, which this version of leadpulse cannot read; give the app a new id "
            "(app.id), so that it reads the topics anew, or run the version that wrote it"
        )


def _seq(delta: Delta) -> int:
    return delta.seq


def restore(shard: Shard, records: Iterable[tuple[bytes, bytes | None]]) -> Changelog:
    """Restore a shard from changelog records; return the changelog to go on with."""
    changelog = Changelog(shard)
    for key, value in records:
        changelog.load(key, value)
    for _ in changelog.loaded():
        pass
    return changelog
