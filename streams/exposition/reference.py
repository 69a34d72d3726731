"""`docs/metrics.md`, made from the signal table."""

from __future__ import annotations

from processors.funnel import Funnel
from processors.periods import window_names
from processors.questions import FAMILIES
from schemas.signals import BUSINESS, FORESIGHT, NOTIFIER, OPERATIONAL, READY, Signal

_KINDS = {
    "gauge": "gauge",
    "counter": "counter",
    "histogram": "histogram",
    "gauge_histogram": "gauge histogram",
    "info": "info",
}

_PREFACE = """# Metrics

<!-- Generated from schemas/signals.py by `make generate`; do not edit. -->

A worker tells its numbers on `/metrics`, in the Prometheus text format or in OpenMetrics 1.0, whichever is asked for.
Each worker tells the leads of its own partitions: add up over workers. Beside what is listed here there are the
`process_…` metrics of prometheus_client.

## How to read them

**Windows.** A number with the label `window` is given for each of these:
{windows}.

Rolling windows end now; those over a day begin on a quarter of an hour, those over a week on a midnight of the
business. `today`, `week` (from Monday), `month` and `quarter` began with the day, week, month or quarter of the
business; `yesterday` and `last_…` are the whole ones before. `all` is everything. They go by the time at which
something occurred, so a late event lands where it belongs. Choose one window in a query, never sum over them.
Prometheus' own `rate` and `increase` are not for these numbers: the window is in them already.

**Gauges and counters.** What is said about leads is a gauge, since a later event can correct it: a reopened lead takes
its outcome back. What happened to this application is a counter. The counters with the label `partition` are part of
the state: they show what is committed, count each record once whatever crashed in between, and go on where they were
when a partition moves to another worker. Take the largest of each partition before a rate, as the queries here do; a
sum of the workers' own rates would count a part twice. The other counters are of one process and begin at zero with it.

**Gauge histograms.** A histogram of what is in a window now, whose buckets may fall when things leave it. Samples:
`…_bucket` with `le`, `…_gcount` and `…_gsum`. The thresholds of the configuration are its bucket edges, so the share
within each is exact; `histogram_quantile` works on the buckets as they are, without `rate`. One that nothing is in is
left out.

**Names that are missing.** What an event leaves empty is told as `unknown` (a team as `unassigned`, a reason as
`unspecified`, a lead before its first stage as `new`). Beyond the cap of a label, names are told together as `other`.
Label sets of leads appear with their first event; a count that fell to zero stays and says 0.

**Whole sums.** While workers change over, a partition may for a moment be told by nobody, by two, or by one that still
catches up. Queries that add up workers end with this guard, and give nothing in such a moment instead of too little or
too much:

```promql
… and on() {ready}
```

It counts the partitions that are told by exactly one worker which has caught up, and compares with the number of
partitions. Two applications under one Prometheus need a matcher, say on `job`, in every selector, the guard's too.

`$window` and `$__rate_interval` are filled in by the board.

## How many series

Each label set that occurs has, in each of the {count} windows, one series for a gauge, and for a gauge histogram one
for each bucket, the count and the sum, while anything is in it. With the default thresholds:

| Metric | Label set | Series in each window | In all windows |
|---|---|---|---|
{series}

An example: 10 sources, 5 teams and 3 kinds of response are at most 10 x 5 x 3 = 150 label sets of
`leadpulse_response_seconds`. To have fewer series: name fewer windows (`[windows]`) or thresholds (`[response]`,
`[funnel]`), lower the caps (`[labels]`), or drop what you do not look at in Prometheus (`metric_relabel_configs`).
"""

_NOTIFIER = """
What `leadpulse notify` tells, on a port of its own; see [alarms.md](alarms.md). The counters are of one process.
"""


def metrics_markdown() -> str:
    """Return the reference of all metrics."""
    funnel = Funnel()
    windows = window_names(funnel.rolling, funnel.calendar)
    preface = _PREFACE.format(
        windows=", ".join(f"`{window}`" for window in windows),
        count=len(windows),
        ready=READY,
        series="\n".join(_series(signal, funnel, len(windows)) for signal in BUSINESS),
    )
    parts = [preface, "## About leads", *map(_entry, BUSINESS)]
    parts += [
        "## About what is to come",
        *map(_entry, FORESIGHT),
        "## About the application",
        *map(_entry, OPERATIONAL),
    ]
    parts += ["## About the notifier", _NOTIFIER, *map(_entry, NOTIFIER)]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _series(signal: Signal, funnel: Funnel, windows: int) -> str:
    family = next(family for family in FAMILIES if family.name == signal.family)
    each = len(getattr(funnel, family.edges)) + 3 if family.edges else 1
    labels = " x ".join(label for label in signal.labels if label != "window") or "one"
    return f"| `{signal.name}` | {labels} | {each} | {each * windows if signal.windowed else each} |"


def _entry(signal: Signal) -> str:
    name = f"{signal.name}_total" if signal.kind == "counter" else signal.name
    name = f"{name}_info" if signal.kind == "info" else name
    facts = [f"- **Type**: {_KINDS[signal.kind]}"]
    if signal.unit:
        facts.append(f"- **Unit**: {signal.unit}")
    if signal.labels:
        facts.append(f"- **Labels**: {', '.join(f'`{label}`' for label in signal.labels)}")
    return "\n".join(
        [
            f"### `{name}`",
            "",
            f"{signal.help}. {signal.description}",
            "",
            *facts,
            f"- **Panel**: {signal.panel}",
            "",
            "```promql",
            signal.query.replace(" and on() ", "\n  and on() "),
            "```",
        ]
    )
