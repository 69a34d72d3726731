"""Names to small numbers and back, with a cap: the label values of a shard."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

OTHER: Final = 1
"""The number of every name beyond the cap."""

MISSING = {
    "source": "unknown",
    "campaign": "unknown",
    "segment": "unknown",
    "region": "unknown",
    "product": "unknown",
    "currency": "unknown",
    "team": "unassigned",
    "reason": "unspecified",
    "competitor": "unknown",
    "stage": "new",
    "actor": "unknown",
    "policy": "none",
}
"""Label table -> what number 0, the empty name, is called. Also the list of all tables, in storage order."""

LABEL_BITS: Final = 10
"""Bits of a number, unless `_MOST` says otherwise."""
_MOST = {"actor": 65_535, "stage": 255}  # their numbers have 16 and 8 bits
_LARGEST: Final = (1 << LABEL_BITS) - 1
_CAPS = {"source": 100, "team": 50, "reason": 50}


class Labels:
    """One label table: numbers in order of first appearance.

    Numbers are given out per shard and are no part of any meaning: two shards agree on names, never on numbers.

    Attributes:
        names: Number -> name.
        numbers: Name -> number, for those that have one of their own.
        unsaved: Numbers given out since they were last taken for the changelog.
    """

    def __init__(self, table: str, cap: int | None, counts: defaultdict[str, int]) -> None:
        self._counts, self._overflow = counts, f"overflow.{table}"
        self.table = table
        most = _MOST.get(table, _LARGEST)
        self.cap = min(most, cap or _CAPS.get(table, most))
        self.names = [MISSING[table], "other"]
        self.numbers = {"": 0, MISSING[table]: 0, "other": OTHER}
        self.unsaved: list[int] = []

    def reserve(self, names: Iterable[str]) -> None:
        """Give names numbers of their own whatever the cap is; they need no room under it.

        After what was stored is loaded, and before any other name comes.
        """
        own = {*names} - {"", MISSING[self.table], "other"}
        most = _MOST.get(self.table, _LARGEST)
        self.cap = min(most, self.cap + len(own))
        for name in sorted(own - {*self.numbers}):
            if len(self.names) <= most:
                self._give(name)

    def number(self, name: str) -> int:
        """Return the number of a name, a new one while the cap allows."""
        number = self.numbers.get(name)
        return number if number is not None else self._new(name)

    def text(self, number: int) -> str:
        """Return the name behind a number as events give it: empty for none."""
        return self.names[number] if number else ""

    def load(self, number: int, name: str) -> None:
        """Restore one entry from the changelog; entries may come in any order."""
        while len(self.names) <= number:
            self.names.append("other")
        self.names[number] = name
        self.numbers[name] = number

    def _new(self, name: str) -> int:
        number = len(self.names)
        if number > self.cap + OTHER or number > _MOST.get(self.table, _LARGEST):
            self._counts[self._overflow] += 1
            return OTHER
        return self._give(name)

    def _give(self, name: str) -> int:
        number = self.numbers[name] = len(self.names)
        self.names.append(name)
        self.unsaved.append(number)
        return number


def tables(caps: Mapping[str, int], counts: defaultdict[str, int]) -> dict[str, Labels]:
    """Return all label tables of a shard, empty."""
    return {table: Labels(table, caps.get(table), counts) for table in MISSING}


def plain(table: str, name: str) -> str:
    """Return a name as it is asked of a lead: empty for the name of those that have none."""
    return "" if name == MISSING[table] else name
