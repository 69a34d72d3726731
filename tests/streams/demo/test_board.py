"""The board as a person sees it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from streams.demo.board import PREFIXES, Pace, Scene, board, duration, summary
from streams.demo.samples import Distribution, Samples

SCENE = Scene(("contacted", "qualified"), 15.0, "5m", "http://127.0.0.1:9464/metrics", "127.0.0.1:9092")
TEXT = """
leadpulse_created_leads{window="5m",source="web",team="n"} 100
leadpulse_created_leads{window="1h",source="web",team="n"} 999
leadpulse_closed_leads{window="5m",source="web",team="n",outcome="won"} 7
leadpulse_closed_leads{window="5m",source="web",team="n",outcome="lost"} 20
leadpulse_stage_reached_leads{window="5m",source="web",stage="contacted"} 80
leadpulse_stage_reached_leads{window="5m",source="web",stage="qualified"} 20
leadpulse_open_leads{source="web",stage="contacted"} 42
leadpulse_unanswered_leads{source="web",team="north"} 3
leadpulse_unanswered_leads{source="ads",team="north"} 2
leadpulse_oldest_unanswered_lead_age_seconds{team="north"} 7200
leadpulse_response_seconds_bucket{window="5m",source="web",team="north",kind="contact",le="15.0"} 40
leadpulse_response_seconds_bucket{window="5m",source="web",team="north",kind="contact",le="60.0"} 50
leadpulse_response_seconds_bucket{window="5m",source="web",team="north",kind="contact",le="+Inf"} 50
leadpulse_response_seconds_bucket{window="5m",source="web",team="north",kind="attempt",le="+Inf"} 99
leadpulse_records_read_total{partition="0",topic="leads.v1"} 1234
leadpulse_dead_letters_total{partition="0",reason="invalid"} 2
leadpulse_dead_letters_total{partition="0",reason="future"} 0
leadpulse_ready 1
"""


@pytest.fixture
def lines() -> list[str]:
    delays = Distribution(((0.1, 100), (float("inf"), 100)))
    return drawn(Samples(TEXT, PREFIXES), Pace(50.0, delays))


def drawn(samples: Samples, pace: Pace) -> list[str]:
    console = Console(file=io.StringIO(), width=150, height=40, force_terminal=False)
    with console.capture() as captured:
        console.print(board(samples, SCENE, pace))
    return captured.get().splitlines()


def line_with(lines: list[str], *words: str) -> str:
    found = [line for line in lines if all(word in line for word in words)]
    assert found, (words, lines)
    return " ".join(found[0].split())


def test_it_says_who_is_waiting_and_how_long(lines: list[str]) -> None:
    assert "north 5 2 h" in line_with(lines, "north", "2 h")


def test_it_shows_the_contacts_of_its_window_against_the_target(lines: list[str]) -> None:
    assert "north 50" in line_with(lines, "north", "80%")


def test_it_shows_leads_and_wins_of_each_source(lines: list[str]) -> None:
    assert "web 100 7 20 7%" in line_with(lines, "web")


def test_it_shows_the_funnel_with_its_drop_off(lines: list[str]) -> None:
    assert "20%" in line_with(lines, "new", "100")
    contacted = line_with(lines, "contacted")
    assert "75%" in contacted
    assert "42" in contacted


def test_it_shows_throughput_delay_and_dead_letters(lines: list[str]) -> None:
    assert "1,234 (50/s)" in line_with(lines, "events")
    assert "event to metric p99 99 ms" in line_with(lines, "p99")
    assert "dead letters invalid 2" in line_with(lines, "dead letters")


def test_it_says_where_prometheus_reads(lines: list[str]) -> None:
    assert line_with(lines, SCENE.address)


def test_before_the_first_numbers_it_is_empty_and_whole() -> None:
    assert "rebalancing or recovering" in "\n".join(drawn(Samples("", PREFIXES), Pace()))


def test_the_summary_says_the_same() -> None:
    assert summary(Samples(TEXT, PREFIXES), SCENE).splitlines() == [
        "1,234 events read, 2 of them dead letters",
        "100 leads in the last 5m: 7 won, 20 lost, 5 waiting for an answer now",
        "first contact: p50 9 s, p90 38 s, 80% within 15 s",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"), [(None, "-"), (5, "5 s"), (89, "89 s"), (90, "2 min"), (7200, "2 h"), (864_000, "10 d")]
)
def test_time_spans_are_said_in_the_unit_that_fits(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said
