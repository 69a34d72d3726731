"""When leads arrived, by source: how many in each slot of time. The silence of a source is judged by it.

The counts are whole numbers derived from the lead records. So they are exact after a crash, whatever came late or
twice, and those of all shards add up to what one shard would have counted. Decay is left to the reader
(`processors.silence`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct


class Heard(Struct):
    """What was heard of a source, in one shard or in several.

    Attributes:
        first: Its first arrival, ms since 1970. An arrival counts at the creation time of the lead.
        last: Its last arrival, ms since 1970.
        counts: Slot -> arrivals in it; slots without any are left out.
    """

    first: int
    last: int
    counts: dict[int, int]

    def add(self, other: Heard) -> None:
        """Take in what another shard heard of the same source."""
        self.first, self.last = min(self.first, other.first), max(self.last, other.last)
        for slot, count in other.counts.items():
            self.counts[slot] = self.counts.get(slot, 0) + count


class Arrivals:
    """The arrivals of one shard.

    Args:
        grain: Length of a slot, ms.
        memory: How far back slots are kept, ms; of a source that is silent, from its last arrival back: a silence
            must not make forget how often it used to send.

    Attributes:
        heard: Source number -> what was heard of it; at most as many as the label has numbers.
    """

    def __init__(self, grain: int, memory: int) -> None:
        self.heard: dict[int, Heard] = {}
        self._grain, self._kept = grain, memory // grain
        self._oldest = 0

    def add(self, source: int, at: int) -> None:
        """Count an arrival at `at`, ms."""
        slot = at // self._grain
        heard = self.heard.get(source)
        if heard is None:
            heard = self.heard[source] = Heard(at, at, {})
        elif at > heard.last:
            heard.last = at
        elif at < heard.first:
            heard.first = at
        if slot >= self._oldest_of(heard):
            heard.counts[slot] = heard.counts.get(slot, 0) + 1

    def remove(self, source: int, at: int) -> None:
        """Take an arrival back: the lead turned out to have come earlier, or from elsewhere.

        When it was the last one, the one before it is known by its slot only: the last arrival is then taken to be at
        the end of that slot, until the shard is derived anew.
        """
        heard, slot = self.heard[source], at // self._grain
        if slot >= self._oldest_of(heard):
            left = heard.counts.pop(slot, 0) - 1
            if left > 0:
                heard.counts[slot] = left
        if at == heard.last and heard.counts:
            heard.last = min(heard.last, (max(heard.counts) + 1) * self._grain - 1)

    def prune(self, now: int) -> None:
        """Forget slots that are too old at `now`, ms; the first and the last arrival stay known."""
        oldest = now // self._grain - self._kept
        if oldest <= self._oldest:
            return
        self._oldest = oldest
        for heard in self.heard.values():
            first = self._oldest_of(heard)
            for slot in [slot for slot in heard.counts if slot < first]:
                del heard.counts[slot]

    def _oldest_of(self, heard: Heard) -> int:
        return min(self._oldest, heard.last // self._grain - self._kept)


def together(shards: Iterable[Mapping[str, Heard]]) -> dict[str, Heard]:
    """Return what all shards heard: source -> sum of the counts, first of the firsts, last of the lasts."""
    whole: dict[str, Heard] = {}
    for shard in shards:
        for source, heard in shard.items():
            if source in whole:
                whole[source].add(heard)
            else:
                whole[source] = Heard(heard.first, heard.last, dict(heard.counts))
    return whole
