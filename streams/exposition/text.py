"""The business signals in the two exposition formats."""

from __future__ import annotations

from collections.abc import Mapping

from processors.families import Family
from processors.questions import FAMILIES
from processors.questions.live import STARTS
from schemas.signals import BUSINESS, Signal
from streams.exposition.board import Board
from streams.exposition.label_sets import Lines
from streams.exposition.labels import pairs

_FAMILIES: Mapping[str, Family] = {family.name: family for family in FAMILIES}


def render(board: Board, now: Mapping[int, int], *, openmetrics: bool) -> list[bytes]:
    """Return all business signals as text in UTF-8, in pieces and without an end mark.

    A gauge histogram has no type in the Prometheus format: as prometheus_client does, its buckets are told as a
    histogram there, and its count and sum as gauges of their own. The sample names are the same in both formats. One
    that nothing was observed in is left out: its quantiles and means would be no numbers anyway.

    Args:
        board: The numbers, refreshed.
        now: Partition -> now in ms, for the ages.
        openmetrics: OpenMetrics 1.0 instead of the Prometheus text format 0.0.4.
    """
    out: list[bytes] = []
    for signal in BUSINESS:
        family = _FAMILIES[signal.family]
        if signal.family.endswith("_age"):
            out.append(_head(signal, signal.name, "gauge", openmetrics=openmetrics))
            ages = board.ages(family, now)
            told = (f"{signal.name}{{{pairs(signal.labels, (name,))}}} {ages[name]}\n" for name in sorted(ages))
            out.append("".join(told).encode())
        elif family in STARTS:
            _ages(out, signal, board.age_lines(family, now), openmetrics=openmetrics)
        elif signal.kind == "gauge_histogram" and not openmetrics:
            _three_families(out, signal, list(board.lines(family)))
        else:
            kind = "gaugehistogram" if signal.kind == "gauge_histogram" else "gauge"
            out.append(_head(signal, signal.name, kind, openmetrics=openmetrics))
            out.extend([lines[0] for lines in board.lines(family, grouped=openmetrics)])
    return out


def _ages(out: list[bytes], signal: Signal, sets: list[Lines], *, openmetrics: bool) -> None:
    if openmetrics:
        out.append(_head(signal, signal.name, "gaugehistogram", openmetrics=True))
        out.extend([b"".join(lines) for lines in sets])
    else:
        _three_families(out, signal, sets)


def _three_families(out: list[bytes], signal: Signal, sets: list[Lines]) -> None:
    out.append(_head(signal, signal.name, "histogram", openmetrics=False))
    out.extend([lines[0] for lines in sets])
    for position, suffix in ((1, "_gcount"), (2, "_gsum")):
        out.append(_head(signal, signal.name + suffix, "gauge", openmetrics=False))
        out.extend([lines[position] for lines in sets])


def _head(signal: Signal, name: str, kind: str, *, openmetrics: bool) -> bytes:
    unit = f"# UNIT {name} {signal.unit}\n" if openmetrics and signal.unit else ""
    return f"# HELP {name} {signal.help}\n# TYPE {name} {kind}\n{unit}".encode()
