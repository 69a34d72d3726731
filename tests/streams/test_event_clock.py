from streams.event_clock import KEPT, EventClock


def test_nothing_is_known_before_anything_was_applied() -> None:
    assert EventClock().at(1_000) == 0


def test_event_time_is_what_had_been_applied_by_a_wall_time() -> None:
    #   wall   100      200      300
    #   event  5,000    9,000    70,000
    clock = EventClock()
    for wall, watermark in ((100, 5_000), (200, 9_000), (300, 70_000)):
        clock.note(wall, watermark)
    assert [clock.at(wall) for wall in (99, 100, 250, 300, 900)] == [0, 5_000, 9_000, 70_000, 70_000]


def test_event_time_stands_still_while_nothing_new_occurs() -> None:
    clock = EventClock()
    clock.note(100, 5_000)
    clock.note(200, 5_000)
    assert clock.at(1_000_000) == 5_000


def test_an_earlier_wall_time_does_not_turn_it_back() -> None:
    clock = EventClock()
    clock.note(100, 5_000)
    assert (clock.at(100), clock.at(50)) == (5_000, 5_000)


def test_many_notes_make_it_coarser_but_never_fast() -> None:
    clock = EventClock()
    for n in range(1, 3 * KEPT):
        clock.note(n, 10 * n)
    assert clock.at(KEPT) <= 10 * KEPT
    assert clock.at(3 * KEPT) == 10 * (3 * KEPT - 1)
