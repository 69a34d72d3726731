"""The numbers of a board out of the text of `/metrics`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

Labels = Mapping[str, str]


class Samples:
    """Samples by name.

    Args:
        text: What `/metrics` answered, in the Prometheus text format.
        prefixes: Beginnings of the names that are wanted: the rest is not parsed, which is most of it.
    """

    def __init__(self, text: str, prefixes: tuple[str, ...]) -> None:
        # Without the comments every sample is a family of its own, which is all that is needed here.
        wanted = "\n".join(line for line in text.splitlines() if line.startswith(prefixes)) + "\n"
        self._samples: dict[str, list[tuple[Labels, float]]] = defaultdict(list)
        for family in text_string_to_metric_families(wanted):
            for sample in family.samples:
                self._samples[sample.name].append((sample.labels, sample.value))

    def of(self, name: str, **where: str) -> Iterable[tuple[Labels, float]]:
        """Yield labels and value of the samples whose labels are as wanted."""
        for labels, value in self._samples[name]:
            if all(labels.get(label) == wanted for label, wanted in where.items()):
                yield labels, value

    def total(self, name: str, **where: str) -> float:
        """Return the sum of the samples."""
        return sum(value for _, value in self.of(name, **where))

    def by(self, label: str, name: str, **where: str) -> dict[str, float]:
        """Return the sum of the samples for each value of a label."""
        return self._grouped(label, name, lambda old, new: old + new, where)

    def most(self, label: str, name: str, **where: str) -> dict[str, float]:
        """Return the largest sample for each value of a label."""
        return self._grouped(label, name, max, where)

    def _grouped(self, label: str, name: str, join: Callable[[float, float], float], where: Labels) -> dict[str, float]:
        out: dict[str, float] = {}
        for labels, value in self.of(name, **where):
            group = labels.get(label, "")
            out[group] = join(out[group], value) if group in out else value
        return out

    def distribution(self, name: str, **where: str) -> Distribution:
        """Return a histogram, added up over all its label sets."""
        buckets: dict[float, float] = defaultdict(float)
        for labels, value in self.of(f"{name}_bucket", **where):
            buckets[float(labels["le"])] += value
        return Distribution(tuple(sorted(buckets.items())))


class Distribution(Struct, frozen=True):
    """A histogram.

    Attributes:
        buckets: Upper bound in seconds and how many are at or below it, ascending, the last bound infinite.
    """

    buckets: tuple[tuple[float, float], ...]

    def since(self, former: Distribution) -> Distribution:
        """Return what was observed after a former look at the same histogram."""
        was = dict(former.buckets)
        return Distribution(tuple((le, n - was.get(le, 0.0)) for le, n in self.buckets))

    @property
    def count(self) -> float:
        """How many were observed."""
        return self.buckets[-1][1] if self.buckets else 0.0

    def within(self, bound: float) -> float | None:
        """Return the share at or below a bucket's bound, in seconds; None when nothing was observed."""
        below = next((n for le, n in self.buckets if le >= bound), 0.0)
        return below / self.count if self.count else None

    def quantile(self, q: float) -> float | None:
        """Return a quantile in seconds, as Prometheus' histogram_quantile does; None when nothing was observed."""
        if not self.count:
            return None
        rank, low, below = q * self.count, 0.0, 0.0
        for le, n in self.buckets:
            if n >= rank:
                return low if le == float("inf") else low + (le - low) * (rank - below) / (n - below or 1.0)
            low, below = le, n
        return low
