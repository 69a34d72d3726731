"""From the log to a receiver: what is told, when it counts as told, and what is read again."""

from __future__ import annotations

import asyncio

import pytest
from aiokafka.errors import GroupAuthorizationFailedError
from aiokafka.structs import OffsetAndMetadata

from streams.notify import reading
from streams.notify.messages import Message, Outcome
from streams.notify.pipeline import SILENCE
from streams.notify.posting import Answer
from tests.processors.alerts import Wait
from tests.streams.notify.fakes import TP, Desk, FakeConsumer, FakeReceiver, until

A, B, C = (Wait(lead) for lead in "ABC")


def ids(*alerts: object) -> tuple[str, ...]:
    return tuple(str(getattr(alert, "alert_id")) for alert in alerts)  # noqa: B009  # any alert


async def test_what_is_delivered_is_committed_after_it_and_announced_before() -> None:
    consumer, receiver = FakeConsumer(A.warned(), B.warned()), FakeReceiver()
    async with Desk(consumer, receiver).working():
        await until(lambda: consumer.history[-1:] == [(2, 2)])
    assert receiver.heard == [ids(A.warned(), B.warned())]
    assert consumer.history == [(0, 2), (2, 2)]


async def test_nothing_is_committed_while_the_receiver_is_away() -> None:
    consumer, receiver = FakeConsumer(A.warned()), FakeReceiver(*[Outcome.AWAY] * 3)
    async with Desk(consumer, receiver).working():
        await until(lambda: bool(receiver.heard))
    assert receiver.heard == [ids(A.warned())]
    assert consumer.history == [*[(0, 1), (0, 0)] * 3, (0, 1), (1, 1)]


async def test_what_may_have_arrived_stays_noted_as_tried() -> None:
    consumer, receiver = FakeConsumer(A.warned()), FakeReceiver(Outcome.UNSURE, Outcome.AWAY)
    async with Desk(consumer, receiver).working():
        await until(lambda: len(receiver.heard) == 2)
    assert consumer.history == [(0, 1), (0, 1), (0, 1), (0, 1), (1, 1)]


async def test_an_attempt_that_failed_in_the_middle_goes_on_where_it_was() -> None:
    consumer = FakeConsumer(A.warned(), B.warned(), C.warned())
    receiver = FakeReceiver(Outcome.DELIVERED, Outcome.AWAY)
    async with Desk(consumer, receiver).working():
        await until(lambda: consumer.history[-1:] == [(3, 3)])
    assert receiver.heard == [ids(A.warned(), B.warned()), ids(C.warned())]
    assert (0, 0) not in consumer.history  # the first two may not be forgotten


async def test_what_ends_while_the_receiver_is_away_is_not_told() -> None:
    consumer, receiver = FakeConsumer(A.warned(), B.warned()), FakeReceiver(*[Outcome.AWAY] * 10)
    async with Desk(consumer, receiver).working():
        await until(lambda: len(receiver.answers) < 9)
        consumer.append(A.resolved(), B.breached())
        await until(lambda: bool(receiver.heard))
    assert receiver.heard == [ids(B.breached())]


async def test_a_new_owner_knows_what_is_open_and_tells_only_what_is_new() -> None:
    consumer, receiver = FakeConsumer(A.warned(), B.warned(), A.breached(), B.resolved()), FakeReceiver(reminding=60)
    consumer.committed = OffsetAndMetadata(2, "2")
    async with Desk(consumer, receiver).working():
        await until(lambda: len(receiver.heard) == 2)
    assert receiver.heard == [ids(A.breached(), B.resolved()), ("open", A.breached().alert_id)]


async def test_a_new_owner_tells_the_end_of_what_the_former_one_may_have_told() -> None:
    consumer, receiver = FakeConsumer(A.warned(), B.warned(), A.resolved(), B.resolved()), FakeReceiver()
    consumer.committed = OffsetAndMetadata(0, "1")
    async with Desk(consumer, receiver).working():
        await until(lambda: consumer.history[-1:] == [(4, 4)])
    assert receiver.heard == [ids(A.resolved())]


async def test_nothing_is_told_before_the_partition_has_caught_up() -> None:
    consumer, receiver = FakeConsumer(A.warned(), A.resolved()), FakeReceiver()
    consumer.hidden = 1
    desk = Desk(consumer, receiver)
    async with desk.working():
        await until(lambda: any(part.position == 1 for part in desk.log.parts.values()))
        await asyncio.sleep(0.02)
        assert receiver.heard == []
        consumer.hidden = 0
        await until(lambda: consumer.history[-1:] == [(2, 2)])
    assert receiver.heard == []


async def test_reading_stops_when_too_much_waits_and_goes_on_when_the_receiver_is_back() -> None:
    consumer, receiver = FakeConsumer(), FakeReceiver(*[Outcome.AWAY] * 20)
    desk = Desk(consumer, receiver, queue=2)
    async with desk.working():
        await until(lambda: bool(desk.log.parts))
        for number in range(6):
            consumer.append(Wait(f"L-{number}").warned())
            await asyncio.sleep(0.005)
        assert desk.log.waiting < 6
        await until(lambda: consumer.history[-1:] == [(6, 6)])
    assert sum(map(len, receiver.heard)) == 6


async def test_with_no_room_for_more_it_is_heard_that_the_group_refuses_us() -> None:
    consumer = FakeConsumer(*(Wait(f"L-{number}").warned() for number in range(3)))
    desk = Desk(consumer, FakeReceiver(), queue=2)
    reading = asyncio.create_task(desk.log.run())
    await until(lambda: desk.log.waiting >= 2)
    consumer.refuses = True
    with pytest.raises(GroupAuthorizationFailedError):
        await asyncio.wait_for(reading, 5)


async def test_who_loses_its_partitions_in_the_middle_of_a_round_reminds_of_nothing() -> None:
    consumer, receiver = FakeConsumer(A.warned()), FakeReceiver(reminding=0.0)

    def loses(_: Message) -> bool:
        consumer.ours = False
        desk.pipeline._remind_at = 0.0  # it is time, in this very round
        return False

    receiver.refuses = loses
    desk = Desk(consumer, receiver, proof=0.0)
    async with desk.working():
        await until(lambda: bool(receiver.heard))
        await asyncio.sleep(0.02)
    assert receiver.heard == [ids(A.warned())]


async def test_one_alarm_that_is_refused_for_good_does_not_hold_up_the_others() -> None:
    consumer, receiver = FakeConsumer(A.warned(), B.warned(), C.warned()), FakeReceiver()
    receiver.refuses = lambda message: any(change.alert == A.warned() for change in message.changes)
    desk = Desk(consumer, receiver)
    async with desk.working():
        await until(lambda: consumer.history[-1:] == [(3, 3)])
    assert receiver.heard == [ids(B.warned()), ids(C.warned())]
    assert desk.count("leadpulse_notify_alarms_total", outcome="refused") == 1
    assert desk.count("leadpulse_notify_alarms_total", outcome="delivered") == 2


@pytest.mark.parametrize("value", [b"", b"{", b'{"type": "of tomorrow"}'])
async def test_a_record_that_is_no_alert_is_counted_and_passed_over(value: bytes) -> None:
    consumer, receiver = FakeConsumer(value, A.warned()), FakeReceiver()
    desk = Desk(consumer, receiver)
    async with desk.working():
        await until(lambda: consumer.history[-1:] == [(2, 2)])
    assert receiver.heard == [ids(A.warned())]
    assert desk.count("leadpulse_notify_alarms_total", outcome="unreadable") == 1


async def test_who_is_no_longer_in_the_group_tells_nothing() -> None:
    consumer, receiver = FakeConsumer(A.warned()), FakeReceiver(reminding=0.01)
    desk = Desk(consumer, receiver, proof=0.0)
    async with desk.working():
        await until(lambda: len(receiver.heard) > 2)
        consumer.ours = False
        await asyncio.sleep(0.05)
        heard = len(receiver.heard)
        consumer.append(A.breached())
        await asyncio.sleep(0.05)
        assert len(receiver.heard) == heard


async def test_partitions_are_given_away_after_the_attempt_under_way() -> None:
    consumer, receiver = FakeConsumer(A.warned()), FakeReceiver()
    desk = Desk(consumer, receiver)
    async with desk.working():
        await until(lambda: bool(receiver.heard))
        await desk.log.on_partitions_revoked([])
        assert desk.log.parts == {}
        assert consumer.history[-1] == (1, 1)
        await until(lambda: bool(desk.log.parts))  # they come back
        await asyncio.sleep(0.02)
    assert receiver.heard == [ids(A.warned())]


async def test_how_it_stands_is_told() -> None:
    consumer, receiver = FakeConsumer(A.warned(), B.warned()), FakeReceiver(*[Outcome.AWAY] * 1000)
    desk = Desk(consumer, receiver)
    async with desk.working():
        await until(lambda: desk.pipeline.waiting == 2)
        assert desk.pipeline.oldest is not None
        assert (desk.pipeline.behind, desk.pipeline.open) == (2, 0)
        receiver.answers.clear()
        await until(lambda: consumer.history[-1:] == [(2, 2)])
        assert desk.pipeline.waiting == 0
        assert (desk.pipeline.behind, desk.pipeline.open) == (0, 2)


async def test_who_has_partitions_and_no_answer_of_kafka_is_not_ready_until_there_is_one() -> None:
    """It goes on keeping open what is open: the broker may be away for everybody. But somebody has to look."""
    consumer, receiver = FakeConsumer(A.warned()), FakeReceiver()
    desk = Desk(consumer, receiver)
    async with desk.working():
        await until(lambda: consumer.history[-1:] == [(1, 1)])
        assert desk.pipeline.not_ready_because() is None
        desk.log.answered_at -= 2 * SILENCE
        consumer.fails = True
        consumer.append(B.warned())
        await until(lambda: len(receiver.heard) > 1)
        assert "Kafka does not answer for fake" in (desk.pipeline.not_ready_because() or "")
        consumer.fails = False
        consumer.append(A.breached())
        await until(lambda: desk.pipeline.not_ready_because() is None)


async def test_who_gave_its_partitions_away_within_a_round_tells_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "_HANDOVER", 0.01)
    consumer, receiver = FakeConsumer(*(Wait(f"L{n}").warned() for n in range(8))), FakeReceiver()
    may_answer = asyncio.Event()
    post = receiver.post

    async def post_slowly(message: Message) -> Answer:
        await may_answer.wait()
        return await post(message)

    monkeypatch.setattr(receiver, "post", post_slowly)
    desk = Desk(consumer, receiver)
    async with desk.working():
        await until(lambda: consumer.history[-1:] == [(0, 8)])
        await asyncio.sleep(0.01)
        await desk.log.on_partitions_revoked([TP])  # does not wait for ever
        consumer.ours = False
        may_answer.set()
        await asyncio.sleep(0.05)
    assert len(receiver.heard) == 1, "of four messages the one that was under way"
