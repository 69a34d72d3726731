"""The generated reference of the metrics."""

from __future__ import annotations

from processors.funnel import Funnel
from processors.periods import window_names
from schemas.signals import READY, SIGNALS
from streams.exposition.reference import metrics_markdown
from streams.generated import texts

TEXT = metrics_markdown()


def test_it_is_one_of_the_generated_files() -> None:
    assert texts()["docs/metrics.md"] == TEXT


def test_every_signal_has_an_entry_with_its_name_as_it_is_told_and_its_query() -> None:
    for signal in SIGNALS:
        suffix = {"counter": "_total", "info": "_info"}.get(signal.kind, "")
        entry = TEXT.split(f"### `{signal.name}{suffix}`")[1].split("###")[0]
        assert f"{signal.help}. {signal.description}" in entry
        assert signal.query in " ".join(entry.split())
        assert all(f"`{label}`" in entry for label in signal.labels)


def test_it_tells_all_windows_and_the_guard() -> None:
    funnel = Funnel()
    assert all(f"`{window}`" in TEXT for window in window_names(funnel.rolling, funnel.calendar))
    assert f"… and on() {READY}" in TEXT


def test_it_counts_the_series_of_a_label_set() -> None:
    assert "| `leadpulse_created_leads` | source x team | 1 | 16 |" in TEXT
    assert "| `leadpulse_response_seconds` | source x team x kind | 14 | 224 |" in TEXT
    assert "| `leadpulse_open_leads` | source x stage | 1 | 1 |" in TEXT
    assert "| `leadpulse_uncreated_leads` | one | 1 | 1 |" in TEXT
