"""How fast history is told again."""

from datetime import UTC, datetime, timedelta

import pytest

from schemas.interaction_events import Interaction
from schemas.lead_events import Won
from streams.replay import Mapped, at_speed

START = datetime(2011, 10, 1, tzinfo=UTC)


def won(seconds: float) -> Mapped:
    return Mapped(Won("e", "L", START + timedelta(seconds=seconds)), False, b"L", b"{}")


def due(speed: float, *seconds: float) -> list[float]:
    return [message.due for message in at_speed(map(won, seconds), "leads", "talks", speed)]


def test_an_hour_passes_in_a_second() -> None:
    assert due(3600, 0, 1800, 7200) == pytest.approx([0, 0.5, 2])


def test_an_event_out_of_order_is_due_with_the_one_before_it() -> None:
    assert due(1, 10, 14, 3, 20) == pytest.approx([0, 4, 4, 10])


def test_without_a_speed_everything_is_due_at_once() -> None:
    assert due(0, 0, 86_400, 3) == [0, 0, 0]


def test_each_event_goes_to_its_topic() -> None:
    talk = Mapped(Interaction("e", "L", START, direction="in", channel="call"), True, b"L", b"{}")
    assert [message.topic for message in at_speed([won(0), talk], "leads", "talks", 0)] == ["leads", "talks"]
