"""A worker that has seen a bit of everything."""

from __future__ import annotations

from processors.silence import Finding, Verdict
from streams.engine.engine import InputProgress
from streams.engine.watch import Observed
from streams.exposition.view import ViewCollector
from streams.waiting_view import Standing
from tests.processors.events import (
    T0_MS,
    assigned,
    automatic_mail,
    call,
    created,
    disqualified,
    inbound,
    lost,
    opted_out,
    planned,
    reopened,
    scored,
    stage,
    won,
)
from tests.streams.exposition.worker import INTERACTIONS, LEADS, FakeWorker, record, records, take

ODD = 'a"b\\c\nd\r\0\x85\u2028{},=# 😀'
"""A name with everything that a format may stumble over."""


def told_worker() -> FakeWorker:
    """A ready worker of two partitions with numbers in every family."""
    worker = FakeWorker(now=T0_MS + 7_200_000)
    worker.partitions = 2
    one, two = worker.state(0), worker.state(1)
    # fmt: off
    take(
        one,
        created(0, "won"), automatic_mail(1, "won"), call("no_answer", 3, "won"), call("connected", 9, "won"),
        stage("contacted", 10, "won"), stage("proposal", 20, "won"), won(60, "won"),
        created(1, "lost", source="ads", team=""), call("connected", 0, "lost"), lost(30, "price", "lost"),
        created(2, "open", source=ODD, team=ODD), assigned("south", 3, "open"), inbound(4, "open"),
        stage("contacted", 5, "unborn"), planned(500, 6, "open"),
    )
    take(
        two,
        created(0, "M"), scored(0.5, 4, "M"), stage("qualified", 5, "M"), disqualified(7, ODD, "M"),
        created(0, "again"), call("connected", 2, "again"), inbound(5, "again"), call("connected", 8, "again"),
        created(0, "R"), won(5, "R"), reopened(6, "R"), created(50, "waiting", source="web"),
        call("connected", 2, "R", actor="ann"), call("connected", 3, "R", actor="bob"), call("no_answer", 5.5, "R"),
        opted_out(8, lead="M"), automatic_mail(9, "M"), created(-15_000, "old"), stage("contacted", -14_000, "old"),
    )
    # fmt: on
    for batch in records(created(0, "won", event_id="again")).values():
        one.apply([*batch, record(b"{", key=b"x"), record(b'{"type":"won"}', key=b"x")])
    one.reject(record(b"1", key=b"won"), ValueError("no"))
    list(one.flush())
    one.committed()
    for state in (one, two):
        state.shard.forecasts.expected = {(2, 0): 0.5, (2, 1): 1.5}
    found = Finding(T0_MS, 7_200_000, 14.5, 1e-5, True, 9.5)
    one.verdict = Verdict(worker.time, {ODD: found})
    worker.silences._verdict = one, one.verdict
    one.tick(worker.time)
    ended = Observed(10, worker.time)
    worker.progressed = [
        InputProgress(topic, n, 10, 10 - n, ended, T0_MS) for n in (0, 1) for topic in (LEADS, INTERACTIONS)
    ]
    standing = Standing(up=True, pending=3, lag=0.5, whole={"connected": 1}, errors={"away": 1})
    worker.registry.register(ViewCollector(lambda: standing))
    observer = worker.measurements
    observer.chunk_applied(0, 10, 0.002)
    observer.transaction_committed(0, 0.01, 10, 2000, T0_MS)
    observer.partition_recovered(0, 1.5, 7)
    observer.partition_recovered(9, 2.5, 8)  # a partition that has gone to another worker since
    observer.rebalance_begun()
    observer.rebalance_ended(0.3, 2)
    for incident in (observer.fenced, observer.recovering_again):
        incident(0)
    observer.hole(LEADS, 0)
    observer.skipped(0, 5)
    observer.poisoned(LEADS, 0, 3)
    observer.lost_input(LEADS, 0, 4)
    observer.broker_away(2.0)
    return worker
