"""The shards of this worker added up, by names, ready to be told.

A scrape costs what changed since the last one. Each label set keeps its values per window and the text they were last
told as; the differences of the shards' windows change values and drop texts, and only dropped texts are made again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from processors.ages import Ages
from processors.cells import FAMILY, Numbers
from processors.families import Family
from processors.funnel import Funnel
from processors.periods import EVERYTHING, window_names
from processors.questions import FAMILIES
from processors.questions.follow_up import FIRST_DIFFERENCE
from processors.questions.live import FIRST_AGE, STARTS
from processors.shard import Shard
from processors.windows import NOW
from streams.exposition.label_sets import LabelSet, Lines, Shape

_FAMILY_OF: Mapping[int, Family] = {family.number: family for family in FAMILIES}


class _Told:
    """A shard that is in the sums.

    It holds what is needed to take the shard out again, but not the shard: one that was given up must not stay in
    memory until somebody scrapes.
    """

    def __init__(self, shard: Shard) -> None:
        self.labels = shard.labels
        self.ages = shard.ages
        self.totals: dict[str, Numbers] = shard.windows.totals
        self.places: dict[int, LabelSet] = {}
        """Series, without its bucket -> its label set."""


class Board:
    """The numbers of all shards of a worker. Nobody else moves the windows of a shard that is on a board.

    Args:
        funnel: Gives the windows and the bucket edges.
    """

    def __init__(self, funnel: Funnel) -> None:
        self._windows = window_names(funnel.rolling, funnel.calendar)
        self._shapes = {f.number: Shape.of(f, funnel) for f in FAMILIES if f.key < FIRST_AGE}
        # By family number: the bucket of the sum, and where it stands among the values; 0 and 0 for a count.
        self._buckets = [(0, 0)] * (max(self._shapes) + 1)
        for family in FAMILIES:
            if family.number in self._shapes:
                self._buckets[family.number] = family.sum_bucket, self._shapes[family.number].size - 1
        self._age_shapes = {f.number: (Shape.of(f, funnel), getattr(funnel, f.edges)) for f in STARTS}
        self._sets: dict[int, dict[tuple[str, ...], LabelSet]] = {number: {} for number in self._shapes}
        for family in FAMILIES:
            if family.key < FIRST_AGE and not family.fields:  # its one label set is known: it is told from the start
                self._new(family, ())
        self._told: dict[int, _Told] = {}

    # -- shards come and go --------------------------------------------------------------------------------------

    def follow(self, shards: Mapping[int, Shard]) -> None:
        """Take out what is no longer there, or was replaced by another object; shards are by partition number."""
        for partition, told in list(self._told.items()):
            shard = shards.get(partition)
            if shard is None or shard.windows.totals is not told.totals:
                self._drop(partition)

    def refresh(self, partition: int, shard: Shard, now: int) -> None:
        """Bring the numbers of one shard up to date, and take it in when it is new.

        Args:
            partition: Its number.
            shard: The one that `follow` was told of.
            now: Now in ms, on its clock.
        """
        if partition not in self._told:
            self._told[partition] = _Told(shard)
            for window, totals in shard.windows.totals.items():
                self._book(partition, window, totals.items())
        shard.merge()
        for window, differences in shard.windows.advance(now).items():
            if differences:
                self._book(partition, window, differences.items())

    def _drop(self, partition: int) -> None:
        for window, totals in self._told[partition].totals.items():
            self._book(partition, window, ((series, -value) for series, value in totals.items()))
        del self._told[partition]
        for sets in self._sets.values():
            for labels in [labels for labels, entry in sets.items() if partition in entry.partitions]:
                sets[labels].partitions.discard(partition)
                if labels and not sets[labels].partitions:
                    del sets[labels]

    # -- numbers -------------------------------------------------------------------------------------------------

    def _book(self, partition: int, window: str, differences: Iterable[tuple[int, int]]) -> None:
        places, buckets = self._told[partition].places, self._buckets
        for series, difference in differences:
            last_bucket, last = buckets[series >> FAMILY & 63]
            bucket = series & last_bucket
            labels = series ^ bucket
            entry = places.get(labels)
            if entry is None:
                entry = places[labels] = self._find(partition, labels)
            values = entry.values.get(window)
            if values is not None:  # differences are told as of now, and by no other window
                values[last if bucket == last_bucket else bucket] += difference
                entry.lines = None

    def _find(self, partition: int, series: int) -> LabelSet:
        family = _FAMILY_OF[series >> FAMILY & 63]
        tables = self._told[partition].labels
        values = family.labels(series, lambda table, number: tables[table].names[number])
        entry = self._sets[family.number].get(values) or self._new(family, values)
        entry.partitions.add(partition)
        return entry

    def _new(self, family: Family, values: tuple[str, ...]) -> LabelSet:
        shape = self._shapes[family.number]
        windows = self._windows if shape.windowed else (EVERYTHING if family.key >= FIRST_DIFFERENCE else NOW,)
        entry = LabelSet(shape, windows, values)
        self._sets[family.number][values] = entry
        return entry

    # -- text ----------------------------------------------------------------------------------------------------

    def lines(self, family: Family, *, grouped: bool = False) -> Iterator[Lines]:
        """Yield the lines of each label set of a family, in a stable order: by label values, then by window."""
        sets = self._sets[family.number]
        for values in sorted(sets):
            yield sets[values].told(grouped=grouped)

    def ages(self, family: Family, now: Mapping[int, int]) -> dict[str, float]:
        """Return the age in seconds of the oldest entry of each group, by the group's name.

        Args:
            family: One of the ages.
            now: Partition -> now in ms, on its clock.
        """
        out: dict[str, float] = defaultdict(float)
        for name, ages, at in self._ages(family, now):
            if (start := ages.oldest()) is not None:
                out[name] = max(out[name], (at - start) / 1000)
        return out

    def age_lines(self, family: Family, now: Mapping[int, int]) -> list[Lines]:
        """Return the lines of the histogram of ages of each group, in a stable order.

        Args:
            family: One of those that tell how old all are.
            now: Partition -> now in ms, on its clock.
        """
        shape, edges = self._age_shapes[family.number]
        out: dict[str, list[int]] = {}
        for name, ages, at in self._ages(STARTS[family], now):
            found = ages.histogram(at, edges)
            out[name] = [a + b for a, b in zip(out[name], found, strict=True)] if name in out else found
        told = (shape.told("", shape.pairs((name,)), out[name]) for name in sorted(out))
        return [tuple(text.encode() for text in lines) for lines in told]

    def _ages(self, family: Family, now: Mapping[int, int]) -> Iterator[tuple[str, Ages, int]]:
        """Yield the ages of each group of each shard, with the group's name and now."""
        table = str(family.fields[0].names)
        for partition, told in self._told.items():
            if partition in now:
                for group, ages in told.ages[family.number].items():
                    yield told.labels[table].names[group], ages, now[partition]

    def value(self, family: Family, window: str, labels: tuple[str, ...]) -> list[int]:
        """Return the stored values of one label set in one window; empty when unknown."""
        entry = self._sets[family.number].get(labels)
        return list(entry.values.get(window, ())) if entry else []
