"""What a changed meaning moved: the numbers as they were stored, against the numbers made anew."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from processors.cells import FAMILY
from processors.families import Family
from processors.panes import Pane
from processors.questions import FAMILIES

_HOUR_MS: Final = 3_600_000
_FAMILY_OF = {family.number: family for family in FAMILIES}

Sums = Mapping[str, int]
"""What is counted, in words -> how much of it there is at any time."""


class Moved(NamedTuple):
    """One number that came out differently.

    Attributes:
        what: What is counted, such as `promises obligation=first_contact result=breached`.
        before: How much there was. `after`: how much there is.
    """

    what: str
    before: int
    after: int

    def __str__(self) -> str:
        """Say it in a line of a log."""
        return f"{self.what}: {self.before:,} -> {self.after:,}"


def sums(panes: Iterable[Pane]) -> Sums:
    """Add up all numbers, whatever their time, source or team.

    Histograms give the number of observations, and hours.
    """
    found: defaultdict[str, int] = defaultdict(int)
    hours: defaultdict[str, int] = defaultdict(int)
    for pane in panes:
        for series, value in pane.items():
            family = _FAMILY_OF[series >> FAMILY & 63]
            what = _words(family, series)
            if family.bucket_bits and series & family.sum_bucket == family.sum_bucket:
                hours[what] += value
            else:
                found[what] += value
    return found | {f"{what}, hours": ms // _HOUR_MS for what, ms in hours.items()}


def moved(before: Sums, after: Sums) -> list[Moved]:
    """Return what differs, in the order of its words."""
    pairs = (Moved(what, before.get(what, 0), after.get(what, 0)) for what in sorted(before.keys() | after.keys()))
    return [pair for pair in pairs if pair.before != pair.after]


def _words(family: Family, series: int) -> str:
    """Name a series by the labels whose values are fixed; sources, teams and the like would be a line each."""
    fixed = (
        f" {field.label}={field.names[field.number(series)]}"
        for field in family.fields
        if not isinstance(field.names, str)
    )
    return family.name + "".join(fixed)
