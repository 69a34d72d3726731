"""The shards of this worker added up, by names, ready to be told.

A scrape costs what changed since the last one. Each label set keeps its values per window and the text they were last
told as; the differences of the shards' windows change values and drop texts, and only dropped texts are made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from processors.cells import FAMILY, Family
from processors.funnel import Funnel
from processors.periods import window_names
from processors.questions import FAMILIES
from processors.questions.live import FIRST_AGE
from processors.shard import Shard
from processors.windows import NOW
from streams.exposition.blocks import Block, Shape

_FAMILY_OF: Mapping[int, Family] = {family.number: family for family in FAMILIES}


class LabelSet:
    """One label set of a family, over all windows.

    Attributes:
        labels: Its label values.
        blocks: Window -> its values and text.
        partitions: The shards it was seen in.
    """

    def __init__(self, labels: tuple[str, ...], blocks: dict[str, Block]) -> None:
        self.labels = labels
        self.blocks = blocks
        self.partitions: set[int] = set()


class Board:
    """The numbers of all shards of a worker.

    Args:
        funnel: Gives the windows and the bucket edges.
    """

    def __init__(self, funnel: Funnel) -> None:
        self._windows = window_names(funnel.rolling, funnel.calendar)
        self._shapes = {f.number: Shape.of(f, funnel) for f in FAMILIES if f.key < FIRST_AGE}
        self._sets: dict[int, dict[tuple[str, ...], LabelSet]] = {number: {} for number in self._shapes}
        for family in FAMILIES:
            if family.key < FIRST_AGE and not family.fields:  # its one label set is known: it is told from the start
                self._new(family, ())
        self._shards: dict[int, Shard] = {}
        self._known: dict[int, dict[int, tuple[LabelSet, int]]] = {}

    # -- shards come and go --------------------------------------------------------------------------------------

    def follow(self, shards: Mapping[int, Shard]) -> None:
        """Tell these shards from now on, by partition number; a shard object that was replaced is taken anew."""
        for partition in [p for p, shard in self._shards.items() if shards.get(p) is not shard]:
            self._drop(partition)
        for partition, shard in shards.items():
            if partition not in self._shards:
                self._shards[partition] = shard
                self._known[partition] = {}
                for window, totals in shard.windows.totals.items():
                    self._book(partition, window, totals.items())

    def _drop(self, partition: int) -> None:
        for window, totals in self._shards[partition].windows.totals.items():
            self._book(partition, window, ((series, -value) for series, value in totals.items()))
        del self._shards[partition], self._known[partition]
        for sets in self._sets.values():
            for labels in [labels for labels, entry in sets.items() if partition in entry.partitions]:
                sets[labels].partitions.discard(partition)
                if labels and not sets[labels].partitions:
                    del sets[labels]

    # -- numbers -------------------------------------------------------------------------------------------------

    def refresh(self, now: Mapping[int, int]) -> None:
        """Bring all numbers up to date.

        Args:
            now: Partition -> now in ms, on its clock.
        """
        for partition, shard in self._shards.items():
            shard.merge()
            for window, differences in shard.windows.advance(now[partition]).items():
                if differences:
                    self._book(partition, window, differences.items())

    def _book(self, partition: int, window: str, differences: Iterable[tuple[int, int]]) -> None:
        known = self._known[partition]
        for series, difference in differences:
            entry = known.get(series)
            if entry is None:
                entry = known[series] = self._find(partition, series)
            labels, index = entry
            block = labels.blocks[window]
            block.values[index] += difference
            block.text = None

    def _find(self, partition: int, series: int) -> tuple[LabelSet, int]:
        family = _FAMILY_OF[series >> FAMILY & 63]
        shard = self._shards[partition]
        values = family.labels(series, lambda table, number: shard.labels[table].names[number])
        entry = self._sets[family.number].get(values) or self._new(family, values)
        entry.partitions.add(partition)
        return entry, self._shapes[family.number].index(series & family.sum_bucket)

    def _new(self, family: Family, values: tuple[str, ...]) -> LabelSet:
        shape = self._shapes[family.number]
        windows = self._windows if shape.windowed else (NOW,)
        entry = LabelSet(values, {window: shape.block(window, values) for window in windows})
        self._sets[family.number][values] = entry
        return entry

    # -- text ----------------------------------------------------------------------------------------------------

    def texts(self, family: Family) -> Iterator[Block]:
        """Yield the blocks of a family, in a stable order: by label values, then by window."""
        sets = self._sets[family.number]
        for values in sorted(sets):
            yield from sets[values].blocks.values()

    def ages(self, family: Family, now: Mapping[int, int]) -> dict[str, float]:
        """Return the age in seconds of the oldest entry of each group, by the group's name."""
        table = str(family.fields[0].names)
        out: dict[str, float] = defaultdict(float)
        for partition, shard in self._shards.items():
            names = shard.labels[table].names
            for group, start in shard.oldest(family.number):
                out[names[group]] = max(out[names[group]], (now[partition] - start) / 1000)
        return out

    def value(self, family: Family, window: str, labels: tuple[str, ...]) -> list[int]:
        """Return the stored values of one label set, for tests and for the terminal board; empty when unknown."""
        entry = self._sets[family.number].get(labels)
        return list(entry.blocks[window].values) if entry and window in entry.blocks else []
