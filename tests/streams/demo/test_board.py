"""The board as a person sees it."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from msgspec import structs
from rich.console import Console
from rich.text import Text

from processors.waiting_card import WaitingCard
from streams.demo.board import PREFIXES, Heard, Pace, Scene, board, duration, summary
from streams.demo.samples import Distribution, Samples
from streams.web.waiting_answer import WaitingAnswer

SCENE = Scene(("contacted", "qualified"), 15.0, "5m", "http://127.0.0.1:9464/metrics", "127.0.0.1:9092")
TEXT = """
leadpulse_created_leads{window="5m",source="web",team="n"} 100
leadpulse_created_leads{window="1h",source="web",team="n"} 999
leadpulse_closed_leads{window="5m",source="web",team="n",outcome="won"} 7
leadpulse_closed_leads{window="5m",source="web",team="n",outcome="lost"} 20
leadpulse_stage_reached_leads{window="5m",source="web",stage="contacted"} 80
leadpulse_stage_reached_leads{window="5m",source="web",stage="qualified"} 20
leadpulse_open_leads{source="web",stage="contacted"} 42
leadpulse_unanswered_leads{source="web",team="north",band="on_time"} 2
leadpulse_unanswered_leads{source="web",team="north",band="breached"} 1
leadpulse_expected_breaches{team="north",horizon="15m"} 1.5
leadpulse_expected_breaches{team="north",horizon="30m"} 9
leadpulse_alerts_total{partition="0",kind="breached"} 4
leadpulse_alerts_total{partition="1",kind="breached"} 3
leadpulse_source_silent{source="web"} 1
leadpulse_source_expected_arrivals{source="web"} 12
leadpulse_unanswered_leads{source="ads",team="north",band="warned"} 2
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


NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CARD = WaitingCard(
    lead_id="L-9",
    partition=0,
    team="north",
    source="web",
    stage="new",
    obligation="first_contact",
    band="on_time",
    began_at=NOW - timedelta(seconds=10),
    deadline=NOW + timedelta(seconds=5),
    as_of=NOW,
    routing_seconds=0,
    human_seconds=10,
    closed_seconds=0,
)
PASSED = structs.replace(CARD, lead_id="L-7", band="breached", deadline=NOW - timedelta(seconds=90))
HEARD = Heard(WaitingAnswer(now=NOW, complete=True, waiting=2, cards=(PASSED, CARD)), (Text("12:00:00 breach    L-1"),))


@pytest.fixture
def lines() -> list[str]:
    delays = Distribution(((0.1, 100), (float("inf"), 100)))
    return drawn(Samples(TEXT, PREFIXES), Pace(50.0, delays))


def drawn(samples: Samples, pace: Pace) -> list[str]:
    console = Console(file=io.StringIO(), width=150, height=40, force_terminal=False)
    with console.capture() as captured:
        console.print(board(samples, SCENE, pace, HEARD))
    return captured.get().splitlines()


def line_with(lines: list[str], *words: str) -> str:
    found = [line for line in lines if all(word in line for word in words)]
    assert found, (words, lines)
    return " ".join(found[0].split())


def test_it_says_who_is_waiting_and_how_long(lines: list[str]) -> None:
    assert "north 5 2 h 1 +1.5" in line_with(lines, "north", "2 h")


def test_it_says_which_source_is_silent_and_what_is_missing(lines: list[str]) -> None:
    assert "silent, 12 missing" in line_with(lines, "web", "silent")


def test_it_counts_alarms_and_shows_the_last_ones(lines: list[str]) -> None:
    assert line_with(lines, "breached 7")
    assert line_with(lines, "12:00:00", "breach", "L-1")


def test_it_counts_the_soonest_deadlines_down(lines: list[str]) -> None:
    assert "L-9 north 0:05 on time" in line_with(lines, "L-9")


def test_deadlines_that_come_next_stand_above_those_that_passed(lines: list[str]) -> None:
    assert "L-7 north -1:30 breached" in line_with(lines, "L-7")
    assert [line[:6].strip("│ ") for line in lines if "L-9" in line or "L-7" in line] == ["L-9", "L-7"]


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
